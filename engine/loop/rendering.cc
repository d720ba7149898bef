#include "engine/loop/rendering.h"

#include <algorithm>

namespace plumb {

namespace {

bool SameManifests(const std::vector<Manifest>& a, const std::vector<Manifest>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const Manifest& x, const Manifest& y) { return x.root() == y.root(); });
}

bool IsOf(const std::weak_ptr<const SourceState>& known, const std::shared_ptr<const SourceState>& state) {
  return !known.owner_before(state) && !state.owner_before(known);
}

}  // namespace

Result<bool> Rendering::Update(const std::vector<std::shared_ptr<const SourceState>>& states) {
  for (size_t i = 0; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    const bool again = part.error && part.error->code() == Code::kUnavailable;  // a remote base that was away may be back
    if (!again && part.reads && (IsOf(part.state, states[i]) || part.reads->Same(*states[i]->tree))) {
      part.state = states[i];
      Remember(i);
      continue;
    }
    const RecordingTree tree(*states[i]->tree);
    auto rules = IgnoreRules::OfTree(tree);
    auto health = HealthRules::OfTree(tree);
    auto rendered = !rules.ok() ? Result<Rendered>(rules.error()) : !health.ok() ? Result<Rendered>(health.error()) : RenderSource(tree, sources_[i], {}, helpers_);
    part.state = states[i];
    part.reads = std::make_shared<const ReadSet>(tree.Taken());
    Remember(i);
    part.error.reset();
    if (!rendered.ok()) {
      part.error = std::move(rendered).error();
      continue;
    }
    warnings_.insert(warnings_.end(), rendered->warnings.begin(), rendered->warnings.end());
    // Rules compare by where they were read; a directory has no addresses, and any rules in it count as changed.
    const std::string ignored = tree.Address(".plumb/ignore.yaml"), assessed = tree.Address(std::string(HealthRules::kFile));
    const std::string address = ignored.empty() && assessed.empty() ? "" : ignored + " " + assessed;
    const bool none = part.rules.empty() && rules->empty() && part.health.empty() && health->empty();
    const bool same_rules = address == part.rules_address && (!address.empty() || none);
    part.health = std::move(*health);
    part.rules = std::move(*rules);
    part.rules_address = address;
    if (same_rules && SameManifests(part.manifests, rendered->manifests)) continue;
    part.manifests = std::move(rendered->manifests);
    dirty_ = true;
  }
  for (const Part& part : parts_)
    if (part.error) return *part.error;
  if (rendered_ && !dirty_) return false;
  manifests_.clear();
  for (const Part& part : parts_) manifests_.insert(manifests_.end(), part.manifests.begin(), part.manifests.end());
  rendered_ = true;
  dirty_ = false;
  return true;
}

HealthRules Rendering::health() const {
  HealthRules all;
  for (const Part& part : parts_) all.Add(part.health);
  return all;
}

IgnoreRules Rendering::rules() const {
  IgnoreRules all;
  for (const Part& part : parts_) all.Add(part.rules);
  return all;
}

void Rendering::Remember(size_t i) {
  MutexLock lock(mu_);
  known_.resize(parts_.size());
  known_[i] = {parts_[i].reads, parts_[i].state};
}

bool Rendering::ReadsOther(size_t i, const SourceMove& move) {
  Known known;
  {
    MutexLock lock(mu_);
    if (i < known_.size()) known = known_[i];
  }
  if (!known.reads) return true;
  const bool spared = move.changes && IsOf(known.at, move.before) && !known.reads->ConcernedBy(*move.changes);
  if (!spared && !known.reads->Same(*move.after->tree)) return true;
  MutexLock lock(mu_);
  if (known_[i].reads == known.reads) known_[i].at = move.after;
  return false;
}

}  // namespace plumb
