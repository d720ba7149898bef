#include "engine/loop/kube_live_store.h"

#include <algorithm>

namespace plumb {

KubeLiveStore::KubeLiveStore(kube::Client& client, kube::Discovery& discovery, kube::SchemaCache& schemas)
    : discovery_(discovery), schemas_(schemas), cache_(client) {
  cache_.AddListener([this](const kube::CacheEvent& event) { OnEvent(event); });
}

void KubeLiveStore::SetOnChange(OnChange on_change) {
  MutexLock lock(mu_);
  on_change_ = std::move(on_change);
  if (!started_) cache_.Start();
  started_ = true;
}

void KubeLiveStore::Follow(const std::vector<Gvk>& kinds) {
  for (const Gvk& gvk : kinds) {
    if (cache_.State(gvk).followed) continue;
    auto resource = discovery_.Find(gvk);
    MutexLock lock(mu_);
    if (resource.ok()) {
      unserved_.erase(gvk);
      cache_.Follow(*resource);
    } else {
      unserved_.insert_or_assign(gvk, resource.error());
    }
  }
}

bool KubeLiveStore::Settled(const std::vector<Gvk>& kinds) {
  return std::all_of(kinds.begin(), kinds.end(), [&](const Gvk& gvk) {
    const kube::KindState state = cache_.State(gvk);
    return !state.followed || state.tried;  // a kind that cannot be followed was asked for
  });
}

LiveObject KubeLiveStore::Get(const WantedObject& wanted) {
  {
    MutexLock lock(mu_);
    if (const auto unserved = unserved_.find(wanted.gvk); unserved != unserved_.end()) {
      // A kind that the cluster does not serve has no objects; one that could not be asked for may have.
      return unserved->second.code() == Code::kNotFound ? LiveObject::Absent() : LiveObject::Unknown(unserved->second.message());
    }
  }
  auto object = cache_.Get(wanted.gvk, wanted.id.ns, wanted.id.name);
  if (object.ok()) return LiveObject::Present(std::move(*object));
  return object.error().code() == Code::kNotFound ? LiveObject::Absent() : LiveObject::Unknown(object.error().message());
}

void KubeLiveStore::OnEvent(const kube::CacheEvent& event) {
  if (event.gvk.kind == "CustomResourceDefinition" && event.gvk.group == "apiextensions.k8s.io") {
    discovery_.Invalidate();
    schemas_.Invalidate();
  }
  OnChange on_change;
  {
    MutexLock lock(mu_);
    on_change = on_change_;
  }
  if (!on_change) return;
  switch (event.type) {
    case kube::CacheEvent::Type::kAdded:
    case kube::CacheEvent::Type::kModified:
    case kube::CacheEvent::Type::kDeleted: return on_change(event.id());
    case kube::CacheEvent::Type::kListed:
    case kube::CacheEvent::Type::kCurrent:
    case kube::CacheEvent::Type::kTrouble: return on_change({});  // who waits for the kind looks again
  }
}

}  // namespace plumb
