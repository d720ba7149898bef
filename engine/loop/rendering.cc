#include "engine/loop/rendering.h"

#include <algorithm>

namespace plumb {

namespace {

bool SameManifests(const std::vector<Manifest>& a, const std::vector<Manifest>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const Manifest& x, const Manifest& y) { return x.root() == y.root(); });
}

}  // namespace

Result<bool> Rendering::Update(const std::vector<std::shared_ptr<const SourceState>>& states) {
  for (size_t i = 0; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    const bool again = part.error && part.error->code() == Code::kUnavailable;  // a remote base that was away may be back
    if (!again && part.state && (part.state == states[i] || part.reads->Same(*states[i]->tree))) {
      part.state = states[i];
      continue;
    }
    const RecordingTree tree(*states[i]->tree);
    auto rules = IgnoreRules::OfTree(tree);
    auto rendered = rules.ok() ? RenderSource(tree, sources_[i], {}, helpers_) : Result<Rendered>(rules.error());
    part.state = states[i];
    part.reads = std::make_shared<const ReadSet>(tree.Taken());
    {
      MutexLock lock(mu_);
      reads_.resize(parts_.size());
      reads_[i] = part.reads;
    }
    part.error.reset();
    if (!rendered.ok()) {
      part.error = std::move(rendered).error();
      continue;
    }
    warnings_.insert(warnings_.end(), rendered->warnings.begin(), rendered->warnings.end());
    // Rules compare by where they were read; a directory has no addresses, and any rules in it count as changed.
    const std::string address = tree.Address(".plumb/ignore.yaml");
    const bool same_rules = address == part.rules_address && (!address.empty() || (part.rules.empty() && rules->empty()));
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

IgnoreRules Rendering::rules() const {
  IgnoreRules all;
  for (const Part& part : parts_) all.Add(part.rules);
  return all;
}

bool Rendering::Reads(size_t i, const Tree& tree) const {
  std::shared_ptr<const ReadSet> reads;
  {
    MutexLock lock(mu_);
    if (i < reads_.size()) reads = reads_[i];
  }
  return !reads || !reads->Same(tree);
}

}  // namespace plumb
