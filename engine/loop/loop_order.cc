// Order between applications: who waits for whom, and who is woken when one is ready.
#include <fmt/core.h>

#include "engine/loop/loop.h"

namespace plumb {

void Loop::SetDependencies(const std::string& key, const std::vector<Dependency>& depends_on) {
  if (const auto follower = followers_.find(key); follower != followers_.end() && follower->second.reconciler)
    for (const Dependency& before : follower->second.reconciler->application().depends_on)
      if (const auto found = dependants_.find(before.ns + "/" + before.name); found != dependants_.end()) {
        found->second.erase(key);
        if (found->second.empty()) dependants_.erase(found);
      }
  for (const Dependency& dependency : depends_on) dependants_[dependency.ns + "/" + dependency.name].insert(key);
}

void Loop::WakeDependants(const std::string& key) {
  std::vector<std::string> keys;
  {
    MutexLock lock(mu_);
    const auto waiting = dependants_.find(key);
    if (waiting == dependants_.end()) return;
    for (const std::string& other : waiting->second) {
      followers_.at(other).reconciler->MarkAllDirty();
      keys.push_back(other);
    }
  }
  for (const std::string& other : keys) queue_.Add(other);
}

// The applications of a cycle that `key` is on, as "a -> b -> a"; "" where there is none.
std::string Loop::CycleThrough(const std::string& key) const {
  struct Visit {
    std::string key, way;
  };
  std::set<std::string> seen;
  std::vector<Visit> todo = {{key, key}};
  while (!todo.empty()) {
    const Visit visit = std::move(todo.back());
    todo.pop_back();
    const auto found = followers_.find(visit.key);
    if (found == followers_.end()) continue;
    for (const Dependency& dependency : found->second.reconciler->application().depends_on) {
      const std::string next = dependency.ns + "/" + dependency.name;
      if (next == key) return visit.way + " -> " + next;
      if (seen.insert(next).second) todo.push_back({next, visit.way + " -> " + next});
    }
  }
  return "";
}

std::string Loop::WaitsFor(const Application& application) const {
  MutexLock lock(mu_);
  if (const std::string cycle = CycleThrough(application.key()); !cycle.empty()) return fmt::format("for itself: dependsOn goes round in a circle, {}", cycle);
  for (const Dependency& dependency : application.depends_on) {
    const auto found = followers_.find(dependency.ns + "/" + dependency.name);
    std::optional<ApplicationStatus> status;
    if (found != followers_.end()) status = found->second.reconciler->status();
    else if (context_.elsewhere) status = context_.elsewhere(dependency.ns + "/" + dependency.name);
    if (!status) return fmt::format("for application '{}', which does not exist", dependency.name);
    if (!status->synced || (dependency.healthy && !status->healthy))
      return fmt::format("for application '{}' to be {}; it is: {}", dependency.name, dependency.healthy ? "healthy" : "synced", status->summary);
  }
  return "";
}

}  // namespace plumb
