#include "engine/plan/sync_record.h"

#include <fmt/core.h>

#include "core/hash.h"
#include "core/json.h"

namespace plumb {
namespace {

constexpr std::string_view kPhases[] = {"PreSync", "Sync", "PostSync", "SyncFail", "PreDelete", "PostDelete"};
constexpr std::string_view kStates[] = {"pending", "succeeded", "failed", "left"};
constexpr size_t kMessageBytes = 300;
constexpr size_t kRecordBytes = 1u << 20;

template <typename Enum, size_t N>
bool ReadName(std::string_view text, const std::string_view (&names)[N], Enum& to) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] != text) continue;
    to = static_cast<Enum>(i);
    return true;
  }
  return false;
}

Result<HookEntry> ParseHook(Value map) {
  HookEntry hook;
  hook.id = {std::string(map.GetString("group")), std::string(map.GetString("kind")), std::string(map.GetString("namespace")),
             std::string(map.GetString("name"))};
  hook.version = map.GetString("version");
  hook.uid = map.GetString("uid");
  hook.message = map.GetString("message");
  hook.remove = map.Get("remove").AsBool();
  if (hook.id.kind.empty() || hook.id.name.empty() || hook.version.empty()) return Invalid("'kind', 'name' or 'version' is empty");
  if (!ReadName(map.GetString("phase"), kPhases, hook.phase)) return Invalid(fmt::format("'phase': '{}' is none", map.GetString("phase")));
  if (!ReadName(map.GetString("state"), kStates, hook.state)) return Invalid(fmt::format("'state': '{}' is none", map.GetString("state")));
  return hook;
}

}  // namespace

std::string_view PhaseName(SyncPhase phase) { return kPhases[static_cast<size_t>(phase)]; }

std::string SyncRecord::Token() const { return Sha256Hex(content + "\n" + request).substr(0, 10); }

const HookEntry* SyncRecord::Find(const ObjectId& id, SyncPhase phase) const {
  for (const HookEntry& hook : hooks)
    if (hook.phase == phase && hook.id == id) return &hook;
  return nullptr;
}

std::string SyncRecord::ToJson() const {
  Arena a;
  std::vector<Value> list;
  for (const HookEntry& hook : hooks) {
    std::vector<Member> m = {{"group", a.String(hook.id.group)}, {"version", a.String(hook.version)}, {"kind", a.String(hook.id.kind)},
                             {"namespace", a.String(hook.id.ns)}, {"name", a.String(hook.id.name)},
                             {"phase", Arena::Borrow(PhaseName(hook.phase))}, {"state", Arena::Borrow(kStates[static_cast<size_t>(hook.state)])}};
    if (!hook.uid.empty()) m.push_back({"uid", a.String(hook.uid)});
    if (!hook.message.empty()) m.push_back({"message", a.String(std::string_view(hook.message).substr(0, kMessageBytes))});
    if (hook.remove) m.push_back({"remove", Arena::Bool(true)});
    list.push_back(a.Map(m));
  }
  return WriteJson(a.Map({{"content", a.String(content)}, {"request", a.String(request)}, {"install", Arena::Bool(install)},
                          {"finished", Arena::Bool(finished)}, {"deletionHooks", Arena::Bool(deletion_hooks)}, {"hooks", a.List(list)}}));
}

Result<SyncRecord> SyncRecord::Parse(std::string_view json) {
  PLUMB_TRY(document, ParseJson(json, {.bytes = kRecordBytes, .depth = 8}));
  if (!document->is_map()) return Invalid(fmt::format("expected a map, found {}", KindWithArticle(document->kind())));
  SyncRecord record;
  record.content = document->GetString("content");
  record.request = document->GetString("request");
  record.install = document->Get("install").AsBool();
  record.finished = document->Get("finished").AsBool();
  record.deletion_hooks = document->Get("deletionHooks").AsBool();
  if (record.content.empty()) return Invalid("'content' is not a string");
  const Value hooks = document->Get("hooks");
  for (size_t i = 0; i < hooks.size(); ++i) {
    PLUMB_TRY(hook, ParseHook(hooks[i]), fmt::format("hooks[{}]", i));
    record.hooks.push_back(std::move(hook));
  }
  return record;
}

}  // namespace plumb
