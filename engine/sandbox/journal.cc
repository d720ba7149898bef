#include "engine/sandbox/journal.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include "engine/sandbox/store.h"

namespace plumb::sandbox {

namespace {

struct CloseDb { void operator()(sqlite3* db) const { sqlite3_close_v2(db); } };
struct Finalize { void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); } };
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

// An exclusive lock refuses a second sandbox on one file, which would number its writes a second time.
constexpr const char* kSchema =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS objects(resource TEXT, ns TEXT, name TEXT, revision INTEGER NOT NULL, json BLOB NOT NULL,"
    " PRIMARY KEY(resource, ns, name)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS head(id INTEGER PRIMARY KEY CHECK(id = 0), revision INTEGER NOT NULL);"
    "COMMIT;";

}  // namespace

struct Journal::Impl {
  std::string path;
  std::unique_ptr<sqlite3, CloseDb> db;
  Statement begin, commit, rollback, put, remove, head;

  Error Failed() const {
    const int code = sqlite3_errcode(db.get());
    const std::string message = fmt::format("sandbox data file '{}': {}", path, sqlite3_errmsg(db.get()));
    return code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? Invalid(message) : Unavailable(message);
  }
  Status Run(const Statement& s) {
    const int code = sqlite3_step(s.get());
    sqlite3_reset(s.get());
    if (code != SQLITE_DONE) return Failed();
    return Ok();
  }
  static void Bind(const Statement& s, int at, std::string_view text) {
    sqlite3_bind_text(s.get(), at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  static void BindKey(const Statement& s, const StoreKey& key) {
    Bind(s, 1, key.resource);
    Bind(s, 2, key.ns);
    Bind(s, 3, key.name);
  }
  // One change and the new head, together or not at all.
  Status Write(const Statement& change, uint64_t revision) {
    PLUMB_OK(Run(begin));
    sqlite3_bind_int64(head.get(), 1, static_cast<sqlite3_int64>(revision));
    Status done = Run(change);
    if (done.ok()) done = Run(head);
    if (done.ok()) done = Run(commit);
    if (!done.ok() && !sqlite3_get_autocommit(db.get())) (void)Run(rollback).ok();
    return done;
  }
};

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::Open(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  sqlite3* db = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  impl->db.reset(db);
  if (opened != SQLITE_OK) return impl->Failed();
  if (sqlite3_exec(db, kSchema, nullptr, nullptr, nullptr) != SQLITE_OK) {
    Error failed = impl->Failed();
    if (sqlite3_errcode(db) == SQLITE_BUSY) return Unavailable(fmt::format("sandbox data file '{}' is used by another process", path));
    return failed;
  }
  const struct { Statement* statement; const char* sql; } kStatements[] = {
      {&impl->begin, "BEGIN IMMEDIATE"},
      {&impl->commit, "COMMIT"},
      {&impl->rollback, "ROLLBACK"},
      {&impl->put, "INSERT OR REPLACE INTO objects(resource, ns, name, revision, json) VALUES(?1, ?2, ?3, ?4, ?5)"},
      {&impl->remove, "DELETE FROM objects WHERE resource = ?1 AND ns = ?2 AND name = ?3"},
      {&impl->head, "INSERT OR REPLACE INTO head(id, revision) VALUES(0, ?1)"},
  };
  for (const auto& s : kStatements) {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v3(db, s.sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr) != SQLITE_OK) return impl->Failed();
    s.statement->reset(made);
  }
  return std::unique_ptr<Journal>(new Journal(std::move(impl)));
}

Result<uint64_t> Journal::Load(const std::function<Status(StoreKey, uint64_t, std::string_view)>& object) {
  auto prepare = [&](const char* sql) {
    sqlite3_stmt* made = nullptr;
    sqlite3_prepare_v2(impl_->db.get(), sql, -1, &made, nullptr);
    return Statement(made);
  };
  const Statement rows = prepare("SELECT resource, ns, name, revision, json FROM objects");
  const Statement head = prepare("SELECT revision FROM head");
  if (!rows || !head) return impl_->Failed();
  auto text = [&](int column) {
    const auto* at = static_cast<const char*>(sqlite3_column_blob(rows.get(), column));
    return std::string_view(at ? at : "", static_cast<size_t>(sqlite3_column_bytes(rows.get(), column)));
  };
  for (;;) {
    const int code = sqlite3_step(rows.get());
    if (code == SQLITE_DONE) break;
    if (code != SQLITE_ROW) return impl_->Failed();
    StoreKey key{std::string(text(0)), std::string(text(1)), std::string(text(2))};
    PLUMB_OK(object(std::move(key), static_cast<uint64_t>(sqlite3_column_int64(rows.get(), 3)), text(4)));
  }
  return sqlite3_step(head.get()) == SQLITE_ROW ? static_cast<uint64_t>(sqlite3_column_int64(head.get(), 0)) : 0;
}

Status Journal::Put(const StoreKey& key, uint64_t revision, std::string_view json) {
  Impl::BindKey(impl_->put, key);
  sqlite3_bind_int64(impl_->put.get(), 4, static_cast<sqlite3_int64>(revision));
  sqlite3_bind_blob64(impl_->put.get(), 5, json.data(), json.size(), SQLITE_STATIC);
  return impl_->Write(impl_->put, revision);
}

Status Journal::Remove(const StoreKey& key, uint64_t revision) {
  Impl::BindKey(impl_->remove, key);
  return impl_->Write(impl_->remove, revision);
}

}  // namespace plumb::sandbox
