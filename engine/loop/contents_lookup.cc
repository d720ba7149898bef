#include "engine/loop/contents_lookup.h"

#include <fmt/core.h>

#include <condition_variable>
#include <mutex>
#include <set>

#include "core/blocking.h"
#include "core/edit.h"

namespace plumb {
namespace {

constexpr size_t kLists = 16;  // on their way at the same time

ContainedObject Contained(const kube::Resource& resource, Value object) {
  const Value metadata = object.Get("metadata");
  ContainedObject out;
  out.id = {resource.gvk.group, resource.gvk.kind, std::string(metadata.GetString("namespace")), std::string(metadata.GetString("name"))};
  out.uid = metadata.GetString("uid");
  out.part_of = metadata.Get("labels").GetString(kPartOfLabel);
  for (Value owner : metadata.Get("ownerReferences").items()) out.owners.emplace_back(owner.GetString("uid"));
  return out;
}

// Each kind once, whatever versions serve it: the preferred one comes first.
std::vector<kube::Resource> KindsIn(const kube::ResourceMap& map) {
  std::vector<kube::Resource> kinds;
  std::set<std::pair<std::string, std::string>> seen;
  for (const kube::Resource& resource : map.resources())
    if (resource.namespaced && resource.Can("list") && resource.Can("delete") && seen.emplace(resource.gvk.group, resource.plural).second) kinds.push_back(resource);
  return kinds;
}

Contents List(kube::Client& client, const std::vector<kube::Resource>& kinds, const std::string& ns) {
  Contents contents;
  contents.known = {true, ""};
  std::mutex mu;  // guards `contents` and `on_wire`: answers come on the transport's thread
  std::condition_variable answered;
  size_t on_wire = 0;
  const Blocking blocking;
  for (const kube::Resource& resource : kinds) {
    {
      std::unique_lock lock(mu);
      answered.wait(lock, [&] { return on_wire < kLists; });
      ++on_wire;
    }
    kube::ListOptions options;
    options.ns = ns;
    options.metadata_only = true;
    client.List(resource, options, [&, of = &resource](Result<kube::ObjectList> list) {
      std::lock_guard lock(mu);
      // A kind that went away meanwhile has no objects.
      if (list.ok())
        for (const Document& object : list->items) contents.objects.push_back(Contained(*of, object.root()));
      else if (list.error().code() != Code::kNotFound)
        contents.known = {false, fmt::format("list {}: {}", of->plural, list.error().message())};
      --on_wire;
      answered.notify_all();
    });
  }
  std::unique_lock lock(mu);
  answered.wait(lock, [&] { return on_wire == 0; });
  std::sort(contents.objects.begin(), contents.objects.end(), [](const ContainedObject& a, const ContainedObject& b) { return a.id < b.id; });
  return contents;
}

Contents Unknown(std::string why) { return {{false, std::move(why)}, {}}; }

}  // namespace

ContentsLookup ContentsOf(kube::Client& client, kube::Discovery& discovery) {
  return [&client, &discovery](const ObjectId& id, Value live) -> Contents {
    if (id.kind == "CustomResourceDefinition") {
      const Value spec = live.Get("spec");
      const auto kind = discovery.FindKind(spec.GetString("group"), GetAt(spec, {"names", "kind"}).AsString());
      if (kind.ok()) return List(client, {*kind}, "");
      if (kind.error().code() != Code::kNotFound) return Unknown(kind.error().message());
      return {{true, ""}, {}};
    }
    const auto map = discovery.Refresh();  // a kind that came a moment ago counts too
    if (!map.ok()) return Unknown(map.error().message());
    if (!(*map)->complete()) {
      const auto& [group, why] = *(*map)->unknown().begin();
      return Unknown(fmt::format("{}: {}", group, why));
    }
    return List(client, KindsIn(**map), id.name);
  };
}

}  // namespace plumb
