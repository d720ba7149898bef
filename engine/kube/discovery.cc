#include "engine/kube/discovery.h"

#include <fmt/core.h>

#include "core/blocking.h"
#include "core/json.h"
#include "engine/kube/fetch_all.h"

namespace plumb::kube {
namespace {

constexpr const char* kAccept =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

struct GroupVersion {
  std::string group, version;
  std::string Path() const { return group.empty() ? "/api/" + version : fmt::format("/apis/{}/{}", group, version); }
};

bool IsAggregated(const http::Response& response) {
  return http::Find(response.headers, "Content-Type").find("as=APIGroupDiscoveryList") != std::string_view::npos;
}

// The group-versions of an APIVersions (/api) or APIGroupList (/apis), a group's preferred one first.
std::vector<GroupVersion> GroupVersions(Value document) {
  std::vector<GroupVersion> out;
  for (const Value version : document.Get("versions").items()) out.push_back({"", std::string(version.AsString())});
  for (const Value group : document.Get("groups").items()) {
    const std::string name(group.GetString("name"));
    const std::string preferred(group.Get("preferredVersion").GetString("version"));
    if (!preferred.empty()) out.push_back({name, preferred});
    for (const Value version : group.Get("versions").items())
      if (version.GetString("version") != preferred) out.push_back({name, std::string(version.GetString("version"))});
  }
  return out;
}

Status AddGroupVersions(Client& client, const std::vector<GroupVersion>& versions, ResourceMap& map) {
  std::vector<std::string> paths;
  for (const GroupVersion& gv : versions) paths.push_back(gv.Path());
  const auto responses = FetchAll(client, paths, "application/json");
  for (size_t i = 0; i < versions.size(); ++i) {
    const GroupVersion& gv = versions[i];
    Status added = Ok();
    if (!responses[i].ok()) {
      added = responses[i].error();
    } else if (const auto document = ParseJson(responses[i]->body); !document.ok()) {
      added = document.error();
    } else {
      added = map.AddLegacy(gv.group, gv.version, document->root());
    }
    if (!added.ok()) map.AddUnknown(Gvk{gv.group, gv.version, ""}.ApiVersion(), added.error().message());
  }
  return Ok();
}

}  // namespace

Discovery::Discovery(Client& client, DiscoveryOptions options, Clock& clock) : client_(client), options_(options), clock_(clock) {}

Result<std::shared_ptr<const ResourceMap>> Discovery::Ask() {
  auto map = std::make_shared<ResourceMap>();
  const auto roots = FetchAll(client_, {"/api", "/apis"}, kAccept);
  for (const Result<http::Response>& root : roots) {
    if (!root.ok()) return Error(root.error()).Wrap("discovery");
    PLUMB_TRY(document, ParseJson(root->body), "discovery");
    if (IsAggregated(*root)) {
      PLUMB_OK(map->AddAggregated(document.root()), "discovery");
    } else if (document->Has("versions") || document->Has("groups")) {
      PLUMB_OK(AddGroupVersions(client_, GroupVersions(document.root()), *map), "discovery");
    } else {
      return Unavailable("discovery: the server does not answer like a Kubernetes API");
    }
  }
  return std::shared_ptr<const ResourceMap>(std::move(map));
}

Result<std::shared_ptr<const ResourceMap>> Discovery::Refresh() {
  const Blocking blocking;
  MutexLock one_at_a_time(asking_);
  return AskNow();
}

// Many ask at once, as a process starts: who waited for another's question takes its answer.
Result<std::shared_ptr<const ResourceMap>> Discovery::Newer(const ResourceMap* than) {
  const Blocking blocking;
  MutexLock one_at_a_time(asking_);
  {
    MutexLock lock(mu_);
    if (map_ && !stale_ && map_.get() != than) return map_;
  }
  return AskNow();
}

Result<std::shared_ptr<const ResourceMap>> Discovery::AskNow() {
  {
    MutexLock lock(mu_);
    stale_ = false;  // before asking: an Invalidate on the way makes the answer stale again
  }
  auto asked = Ask();
  MutexLock lock(mu_);
  asked_ = clock_.Now();
  if (asked.ok()) {
    map_ = *asked;
    trouble_.clear();
  } else {
    stale_ = true;
    trouble_ = asked.error().message();
  }
  return asked;
}

Result<std::shared_ptr<const ResourceMap>> Discovery::Map() {
  std::shared_ptr<const ResourceMap> last;
  {
    MutexLock lock(mu_);
    if (map_ && !stale_) return map_;
    last = map_;
  }
  auto asked = Newer(nullptr);
  if (!asked.ok() && last) return last;
  return asked;
}

void Discovery::Invalidate() {
  MutexLock lock(mu_);
  stale_ = true;
}

template <typename F>
Result<Resource> Discovery::Look(F&& look) {
  PLUMB_TRY(map, Map());
  Result<const Resource*> found = look(*map);
  if (!found.ok()) {
    {
      MutexLock lock(mu_);
      if (clock_.Now() - asked_ < options_.miss_interval) {
        if (trouble_.empty()) return std::move(found).error();
        return Unavailable(trouble_);  // an old "no" is no answer
      }
    }
    auto fresh = Newer(map.get());
    if (!fresh.ok()) return Unavailable(fresh.error().message());
    map = *fresh;
    found = look(*map);
  }
  if (!found.ok()) return std::move(found).error();
  return **found;
}

Result<Resource> Discovery::Find(const Gvk& gvk) {
  return Look([&](const ResourceMap& map) { return map.Find(gvk); });
}
Result<Resource> Discovery::FindKind(std::string_view group, std::string_view kind) {
  return Look([&](const ResourceMap& map) { return map.FindKind(group, kind); });
}
Result<Resource> Discovery::FindByName(std::string_view name) {
  return Look([&](const ResourceMap& map) { return map.FindByName(name); });
}

}  // namespace plumb::kube
