#include "engine/review/hook_runs.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/plan/hooks.h"

namespace plumb {
namespace {

std::string NameOf(Value object) {
  const ObjectId id = IdOf(object);
  if (!id.name.empty()) return id.ToString();
  return fmt::format("{}{}*", id.ToString(), object.Get("metadata").GetString("generateName"));
}

}  // namespace

HookRuns HookRunsOf(const DesiredSet* base, const DesiredSet* head) {
  HookRuns runs;
  if (!head || (base && base->hooks.content == head->hooks.content)) return runs;
  std::map<std::string, const Manifest*> before;
  if (base)
    for (const Manifest& manifest : base->hooks.manifests) before.emplace(NameOf(manifest.root()), &manifest);
  std::vector<std::tuple<SyncPhase, int, std::string>> sorted;
  for (const Manifest& manifest : head->hooks.manifests) {
    const std::string name = NameOf(manifest.root());
    const auto old = before.find(name);
    const bool same = old != before.end() && old->second->root() == manifest.root();
    const std::string_view state = old == before.end() ? "new" : same ? "as before" : "changed";
    if (old != before.end() && !same) runs.changed.push_back({*old->second, manifest});
    const auto spec = HookSpecOf(manifest.root());
    if (!spec.ok()) {
      runs.wrong.emplace_back(manifest, spec.error().message());
      continue;
    }
    for (const HookSpec::Run& run : spec->runs) {
      if (run.phase == SyncPhase::kPreDelete || run.phase == SyncPhase::kPostDelete) continue;
      const std::string_view when = run.when == HookSpec::When::kInstall ? ", on the first sync" : run.when == HookSpec::When::kUpgrade ? ", on later syncs" : "";
      const std::string_view only = run.phase == SyncPhase::kSyncFail ? ", if something fails" : "";
      sorted.emplace_back(run.phase, spec->wave, fmt::format("{}: {} ({}{}{})", PhaseName(run.phase), name, state, when, only));
    }
  }
  std::sort(sorted.begin(), sorted.end());
  for (auto& [phase, wave, line] : sorted) runs.lines.push_back(std::move(line));
  return runs;
}

}  // namespace plumb
