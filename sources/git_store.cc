#include "sources/git_store.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <git2.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace plumb {
namespace {

constexpr size_t kIdleHandles = 8;
constexpr size_t kClosedTrees = 50'000;  // remembered; then all are forgotten
constexpr size_t kSubjectBytes = 200;
constexpr size_t kCachedTreeBytes = 4u << 20;
constexpr ssize_t kCacheBytes = ssize_t{16} << 20;  // of all handles of all repositories
constexpr size_t kOpenPacks = 256;                  // of all repositories: each is an open file, and every fetch adds one

template <auto Free>
struct GitFree {
  template <typename T>
  void operator()(T* p) const {
    Free(p);
  }
};
using Repository = std::unique_ptr<git_repository, GitFree<git_repository_free>>;
using Object = std::unique_ptr<git_object, GitFree<git_object_free>>;
using TreeObject = std::unique_ptr<git_tree, GitFree<git_tree_free>>;
using Odb = std::unique_ptr<git_odb, GitFree<git_odb_free>>;
using OdbObject = std::unique_ptr<git_odb_object, GitFree<git_odb_object_free>>;

void InitialiseOnce() {
  static const int initialised = [] {
    const int n = git_libgit2_init();
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
    // A directory of a thousand applications is read once for each of them: it is to be unpacked once. libgit2's own bound of
    // 4 KiB for one tree is a directory of a hundred; blobs it does not keep.
    git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_TREE, kCachedTreeBytes);
    git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, kCacheBytes);
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, kOpenPacks);
    // Like the git program here, libgit2 reads no configuration but the mirror's own.
    for (int level :
         {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_PROGRAMDATA}) {
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    }
    return n;
  }();
  (void)initialised;
}

std::string LastError() {
  const git_error* error = git_error_last();
  return error != nullptr && error->message != nullptr ? error->message : "unknown error";
}

GitId FromOid(const git_oid& oid) {
  GitId id;
  std::memcpy(id.data(), oid.id, id.size());
  return id;
}

git_oid ToOid(const GitId& id) {
  git_oid oid;
  std::memcpy(oid.id, id.data(), id.size());
  return oid;
}

GitEntry::Kind KindOf(git_filemode_t mode) {
  switch (mode) {
    case GIT_FILEMODE_TREE: return GitEntry::Kind::kDirectory;
    case GIT_FILEMODE_LINK: return GitEntry::Kind::kSymlink;
    case GIT_FILEMODE_COMMIT: return GitEntry::Kind::kSubmodule;
    default: return GitEntry::Kind::kFile;
  }
}

GitEntry ToEntry(const git_tree_entry* entry) {
  return {git_tree_entry_name(entry), KindOf(git_tree_entry_filemode(entry)), FromOid(*git_tree_entry_id(entry))};
}

WallTime FromSeconds(git_time_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

size_t Utf8Length(unsigned char lead) {
  return lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
}

// At most `bound` bytes of `text`, with '?' for control characters and for what is not UTF-8.
std::string Printable(std::string_view text, size_t bound) {
  std::string plain;
  for (size_t i = 0; i < text.size();) {
    const unsigned char lead = static_cast<unsigned char>(text[i]);
    size_t length = Utf8Length(lead);
    bool sound = length > 0 && i + length <= text.size() && lead >= 0x20 && lead != 0x7f;
    for (size_t k = 1; sound && k < length; ++k) sound = (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
    if (!sound) length = 1;
    if (plain.size() + length > bound) break;
    plain.append(sound ? text.substr(i, length) : "?");
    i += length;
  }
  return plain;
}

}  // namespace

std::string GitIdHex(const GitId& id) {
  char text[GIT_OID_HEXSZ + 1];
  const git_oid oid = ToOid(id);
  git_oid_tostr(text, sizeof text, &oid);
  return text;
}

struct GitStore::Pool {
  Mutex mu;
  std::vector<Repository> idle GUARDED_BY(mu);
};

// A borrowed repository handle; goes back to the pool at the end of the scope. Null where opening failed.
class GitStore::Handle {
 public:
  explicit Handle(const GitStore& store) : pool_(*store.pool_) {
    {
      MutexLock lock(pool_.mu);
      if (!pool_.idle.empty()) {
        repository_ = std::move(pool_.idle.back());
        pool_.idle.pop_back();
        return;
      }
    }
    git_repository* raw = nullptr;
    if (git_repository_open_bare(&raw, store.directory_.c_str()) == 0) repository_.reset(raw);
  }
  ~Handle() {
    if (!repository_) return;
    MutexLock lock(pool_.mu);
    if (pool_.idle.size() < kIdleHandles) pool_.idle.push_back(std::move(repository_));
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  git_repository* get() const { return repository_.get(); }

 private:
  Pool& pool_;
  Repository repository_;
};

GitStore::GitStore(std::string directory, std::unique_ptr<Pool> pool)
    : directory_(std::move(directory)), pool_(std::move(pool)) {}
GitStore::~GitStore() = default;

Result<std::shared_ptr<const GitStore>> GitStore::Open(const std::string& directory) {
  InitialiseOnce();
  std::shared_ptr<const GitStore> store(new GitStore(directory, std::make_unique<Pool>()));
  if (Handle(*store).get() == nullptr) return Unavailable(fmt::format("git mirror '{}': {}", directory, LastError()));
  return store;
}

Error GitStore::Broken(std::string_view what) const {
  const std::string marker = directory_ + "/damaged";
  const int fd = open(marker.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  return Unavailable(
      fmt::format("git mirror '{}': {} cannot be read: {}; it is made anew next time", directory_, what, LastError()));
}

std::optional<bool> GitStore::IsClosed(const GitId& tree) const {
  MutexLock lock(mu_);
  const auto known = closed_.find(tree);
  return known == closed_.end() ? std::nullopt : std::optional(known->second);
}

void GitStore::NoteClosed(const GitId& tree, bool closed) const {
  MutexLock lock(mu_);
  if (closed_.size() >= kClosedTrees) closed_.clear();
  closed_.emplace(tree, closed);
}

bool GitStore::damaged() const {
  return access((directory_ + "/damaged").c_str(), F_OK) == 0 || access((directory_ + "/HEAD").c_str(), F_OK) != 0;
}

Result<GitCommit> GitStore::Commit(const std::string& revision) const {
  const Handle handle(*this);
  if (handle.get() == nullptr) return Broken("the repository");
  git_object* raw = nullptr;
  const int status = git_revparse_single(&raw, handle.get(), revision.c_str());
  const Object found(raw);
  if (status == GIT_EAMBIGUOUS)
    return Invalid(fmt::format("'{}' is the beginning of several ids; write more of it", revision));
  if (status == GIT_ENOTFOUND) return NotFound(fmt::format("commit '{}' is not in the repository", revision));
  if (status != 0) return Broken(fmt::format("commit '{}'", revision));
  raw = nullptr;
  if (git_object_peel(&raw, found.get(), GIT_OBJECT_COMMIT) != 0) {
    return Invalid(
        fmt::format("'{}' is a {}, not a commit", revision, git_object_type2string(git_object_type(found.get()))));
  }
  const Object peeled(raw);
  const auto* commit = reinterpret_cast<const git_commit*>(peeled.get());
  const char* message = git_commit_message(commit);
  std::string_view subject = message != nullptr ? message : "";
  subject.remove_prefix(std::min(subject.find_first_not_of(" \t\r\n"), subject.size()));
  return GitCommit{.id = GitIdHex(FromOid(*git_commit_id(commit))),
                   .tree = FromOid(*git_commit_tree_id(commit)),
                   .authored = FromSeconds(git_commit_author(commit)->when.time),
                   .committed = FromSeconds(git_commit_committer(commit)->when.time),
                   .subject = Printable(subject.substr(0, subject.find_first_of("\r\n")), kSubjectBytes)};
}

Result<std::vector<GitEntry>> GitStore::Entries(const GitId& tree) const {
  const Handle handle(*this);
  const git_oid oid = ToOid(tree);
  git_tree* raw = nullptr;
  if (handle.get() == nullptr || git_tree_lookup(&raw, handle.get(), &oid) != 0)
    return Broken("tree " + GitIdHex(tree));
  const TreeObject object(raw);
  std::vector<GitEntry> entries;
  const size_t count = git_tree_entrycount(object.get());
  entries.reserve(count);
  for (size_t i = 0; i < count; ++i) entries.push_back(ToEntry(git_tree_entry_byindex(object.get(), i)));
  return entries;
}

Result<std::optional<GitEntry>> GitStore::Entry(const GitId& tree, std::string_view name) const {
  const Handle handle(*this);
  const git_oid oid = ToOid(tree);
  git_tree* raw = nullptr;
  if (handle.get() == nullptr || git_tree_lookup(&raw, handle.get(), &oid) != 0)
    return Broken("tree " + GitIdHex(tree));
  const TreeObject object(raw);
  const git_tree_entry* entry = git_tree_entry_byname(object.get(), std::string(name).c_str());
  if (entry == nullptr) return std::optional<GitEntry>();
  return std::optional(ToEntry(entry));
}

Result<std::string> GitStore::Blob(const GitId& blob, size_t most_bytes) const {
  const Handle handle(*this);
  const git_oid oid = ToOid(blob);
  const auto broken = [&] { return Broken("file " + GitIdHex(blob)); };
  git_odb* raw_odb = nullptr;
  if (handle.get() == nullptr || git_repository_odb(&raw_odb, handle.get()) != 0) return broken();
  const Odb odb(raw_odb);
  size_t size = 0;
  git_object_t type{};
  if (git_odb_read_header(&size, &type, odb.get(), &oid) != 0 || type != GIT_OBJECT_BLOB) return broken();
  if (size > most_bytes) return LimitExceeded(fmt::format("the file has {} bytes, more than {}", size, most_bytes));
  git_odb_object* raw = nullptr;
  if (git_odb_read(&raw, odb.get(), &oid) != 0) return broken();
  const OdbObject object(raw);
  return std::string(static_cast<const char*>(git_odb_object_data(object.get())), git_odb_object_size(object.get()));
}

}  // namespace plumb
