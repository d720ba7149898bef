// plumb tree APP: what an application made, and what came of it in turn, with health: Deployment, ReplicaSet, Pods.
#include <fmt/core.h>

#include <map>
#include <set>

#include "core/log.h"
#include "engine/cli/application_objects.h"
#include "engine/cli/command.h"
#include "engine/cli/terminal.h"
#include "engine/health/health_rules.h"

namespace plumb::cli {

namespace {

constexpr size_t kDeepest = 10;
constexpr size_t kChildren = 10'000;  // looked at for their health

struct Node {
  ObjectId id;
  Health health;
  std::vector<std::string> children;  // UIDs
};

class TreeReader {
 public:
  // `rules`: of the application itself; those in its repository are not at hand.
  TreeReader(Cluster& cluster, HealthRules rules) : cluster_(cluster), rules_(std::move(rules)) {}

  // The objects of the inventory, then, of every kind in their namespaces, what they own.
  Status Read(const Inventory& inventory) {
    PLUMB_TRY(map, cluster_.discovery->Map());
    std::set<std::string> namespaces;
    std::vector<WantedObject> wanted;
    for (const auto& [id, entry] : inventory.entries()) {
      wanted.push_back({id, {id.group, entry.version, id.kind}});
      if (!id.ns.empty()) namespaces.insert(id.ns);
    }
    const DirectView live = DirectView::Load(*cluster_.client, *cluster_.discovery, wanted);
    for (const WantedObject& object : wanted) {
      const LiveObject found = live.Get(object);
      std::string uid(found.object->Get("metadata").GetString("uid"));
      if (uid.empty()) uid = "missing:" + object.id.ToString();
      roots_.push_back(uid);
      nodes_[uid] = {object.id, found.state == LiveObject::State::kUnknown ? Health{HealthStatus::kUnknown, found.reason} : Assess(found.object.root(), &rules_), {}};
    }
    for (const kube::Resource& resource : map->resources()) {
      if (!resource.namespaced || !resource.Can("list") || resource.gvk.kind == "Event") continue;
      for (const std::string& ns : namespaces) ReadOwned(resource, ns);
    }
    Link();
    return Ok();
  }

  const std::vector<std::string>& roots() const { return roots_; }
  const std::map<std::string, Node>& nodes() const { return nodes_; }

 private:
  // Metadata alone: no list of Secrets brings their values here.
  void ReadOwned(const kube::Resource& resource, const std::string& ns) {
    const auto list = cluster_.client->List(resource, {.ns = ns, .metadata_only = true});
    if (!list.ok()) {
      log::Debug("a kind cannot be listed, and is not in the tree", {{"kind", resource.plural}, {"error", list.error().message()}});
      return;
    }
    for (const Document& object : list->items) {
      const Value metadata = object->Get("metadata");
      for (Value owner : metadata.Get("ownerReferences").items())
        owned_.emplace_back(std::string(owner.GetString("uid")), kube::ObjectRef{resource, ns, std::string(metadata.GetString("name")), ""}, std::string(metadata.GetString("uid")));
    }
  }

  // One generation after the other, so that only what belongs to the tree is read whole.
  void Link() {
    for (size_t depth = 0; depth < kDeepest && nodes_.size() < kChildren; ++depth) {
      bool grown = false;
      for (const auto& [owner, ref, uid] : owned_) {
        const auto parent = nodes_.find(owner);
        if (parent == nodes_.end() || nodes_.contains(uid)) continue;
        const kube::Answer answer = cluster_.client->Get(ref);
        if (!answer.object.ok()) continue;  // gone since
        parent->second.children.push_back(uid);
        nodes_[uid] = {ref.id(), Assess(answer.object->root(), &rules_), {}};
        grown = true;
      }
      if (!grown) return;
    }
  }

  Cluster& cluster_;
  const HealthRules rules_;
  std::vector<std::string> roots_;
  std::map<std::string, Node> nodes_;
  std::vector<std::tuple<std::string, kube::ObjectRef, std::string>> owned_;  // owner's UID, object, its UID
};

class TreePrinter {
 public:
  explicit TreePrinter(const TreeReader& tree) : tree_(tree), colour_(PaletteFor(stdout)) {}

  void Print(const std::string& uid, const std::string& lead, const std::string& rest) const {
    const Node& node = tree_.nodes().at(uid);
    const std::string_view tone = node.health.healthy() ? colour_.green : node.health.status == HealthStatus::kProgressing ? colour_.yellow : colour_.red;
    fmt::print("{}{}  {}{}{}{}\n", lead, node.id.ToString(), tone, HealthStatusName(node.health.status), colour_.reset,
               node.health.message.empty() ? "" : ": " + node.health.message);
    for (size_t i = 0; i < node.children.size(); ++i) {
      const bool last = i + 1 == node.children.size();
      Print(node.children[i], rest + (last ? "└─ " : "├─ "), rest + (last ? "   " : "│  "));
    }
  }
  Value Json(Arena& arena, const std::string& uid) const {
    const Node& node = tree_.nodes().at(uid);
    std::vector<Value> children;
    for (const std::string& child : node.children) children.push_back(Json(arena, child));
    return arena.Map({{"group", arena.String(node.id.group)}, {"kind", arena.String(node.id.kind)}, {"namespace", arena.String(node.id.ns)}, {"name", arena.String(node.id.name)},
                      {"health", Arena::Borrow(HealthStatusName(node.health.status))}, {"message", arena.String(node.health.message)}, {"children", arena.List(children)}});
  }

 private:
  const TreeReader& tree_;
  const Palette colour_;
};

Result<int> Run(const Flags& flags) {
  PLUMB_TRY(name, OneArgument(flags, "an application"));
  PLUMB_TRY(cluster, Connect(flags));
  PLUMB_TRY(document, FindApplication(cluster, name));
  Application application;
  application.ns = document->Get("metadata").GetString("namespace");
  application.name = document->Get("metadata").GetString("name");
  if (const auto other = document->Get("spec").Get("target").GetString("cluster"); !other.empty())
    log::Warning(fmt::format("its objects are on cluster '{}', and this looks at the one of the Application", other));
  const ObjectId record = Inventory(application.name, application.ns).record();
  const kube::Answer answer = cluster.client->Get({*kube::BuiltIn("ConfigMap"), record.ns, record.name, ""});
  if (!answer.object.ok() && answer.object.error().code() != Code::kNotFound) return answer.object.error().Wrap("inventory");
  PLUMB_TRY(inventory, ReadInventory(application, answer.object.ok() ? answer.object->root() : Value()));
  HealthRules rules;
  if (const Value health = document->Get("spec").Get("health"); health.is_list()) {
    PLUMB_TRY(parsed, HealthRules::Parse(health, "spec.health"));
    rules = std::move(parsed);
  }
  TreeReader tree(cluster, std::move(rules));
  PLUMB_OK(tree.Read(inventory));
  const TreePrinter printer(tree);
  if (flags.Get("output") == "json") {
    Arena arena;
    std::vector<Value> roots;
    for (const std::string& root : tree.roots()) roots.push_back(printer.Json(arena, root));
    PrintJson(arena.Map({{"application", arena.String(NameOf(*document))}, {"summary", document->Get("status").Get("summary")}, {"objects", arena.List(roots)}}));
    return kExitOk;
  }
  fmt::print("{}  {}\n", NameOf(*document), document->Get("status").GetString("summary"));
  for (size_t i = 0; i < tree.roots().size(); ++i) {
    const bool last = i + 1 == tree.roots().size();
    printer.Print(tree.roots()[i], last ? "└─ " : "├─ ", last ? "   " : "│  ");
  }
  return kExitOk;
}

}  // namespace

Command TreeCommand() {
  Command command{"tree", "APP", "what an application made, and what came of that, with health", "  plumb tree shop\n", {}, Run};
  for (const Flag& flag : ClusterFlags()) command.flags.push_back(flag);
  return command;
}

}  // namespace plumb::cli
