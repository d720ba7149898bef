#include "plugins/kustomize/trace.h"

namespace plumb::kustomize {

void Trace::Note(Resource& resource, const TraceStep& step) {
  if (resource.serial == 0) resource.serial = ++last_serial_;
  auto& snapshots = objects_[resource.serial];
  if (snapshots.empty() || !snapshots.back().root.SameAs(resource.root)) snapshots.push_back({step, resource.root});
}

void Trace::Note(ResMap& map, const TraceStep& step) {
  for (Resource& resource : map) Note(resource, step);
}

const std::vector<Trace::Snapshot>* Trace::Find(uint32_t serial) const {
  const auto found = objects_.find(serial);
  return found == objects_.end() ? nullptr : &found->second;
}

}  // namespace plumb::kustomize
