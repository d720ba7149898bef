#include "engine/loop/own_writes.h"

#include <algorithm>
#include <charconv>

#include "core/edit.h"

namespace plumb {

namespace {

constexpr Duration kCacheLag = std::chrono::seconds(5);  // what a watch may be behind our own writes

// Resource versions are decimal numbers that grow (KEP-5504, Kubernetes 1.35); on a server where they are not, 0.
uint64_t VersionNumber(std::string_view version) {
  uint64_t number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  return number;
}

}  // namespace

void OwnWrites::Note(const ObjectId& id, std::string_view resource_version, TimePoint now) {
  if (const uint64_t version = VersionNumber(resource_version); version > 0) written_[id] = {version, now + kCacheLag};
}

bool OwnWrites::Behind(const ObjectId& id, const LiveObject& live, TimePoint now) {
  const auto written = written_.find(id);
  if (written == written_.end()) return false;
  const bool seen = live.state == LiveObject::State::kPresent &&
                    VersionNumber(GetAt(live.object.root(), {"metadata", "resourceVersion"}).AsString()) >= written->second.version;
  if (!seen && now < written->second.until) return true;
  written_.erase(written);
  return false;
}

TimePoint OwnWrites::next() const {
  TimePoint next = TimePoint::max();
  for (const auto& [id, written] : written_) next = std::min(next, written.until);
  return next;
}

}  // namespace plumb
