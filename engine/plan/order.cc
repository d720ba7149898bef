#include "engine/plan/order.h"

#include <algorithm>
#include <array>
#include <map>
#include <queue>
#include <set>
#include <unordered_map>

#include <fmt/core.h>

#include "core/edit.h"
#include "engine/plan/graph.h"
#include "engine/plan/references.h"

namespace plumb {
namespace {

constexpr size_t kNone = static_cast<size_t>(-1);

bool IsNamespace(const ObjectId& id) { return id.group.empty() && id.kind == "Namespace"; }
bool IsCrd(const ObjectId& id) { return id.group == "apiextensions.k8s.io" && id.kind == "CustomResourceDefinition"; }
bool IsWebhook(const ObjectId& id) {
  return id.group == "admissionregistration.k8s.io" && id.kind.ends_with("WebhookConfiguration");
}
bool IsPolicyOfPods(const ObjectId& id) {
  return (id.group.empty() && (id.kind == "LimitRange" || id.kind == "ResourceQuota")) ||
         (id.group == "networking.k8s.io" && id.kind == "NetworkPolicy");
}

// A dependency between two nodes of one plan, before cycles and waves have had their say.
struct Link {
  size_t from, on;
  Gate gate;
  bool explicit_;
  bool carries_wave;  // Namespace and CRD: what they hold pulls them into its own wave
  std::string reason;
};

// Where an object stands: applies before deletes is the business of stages, this is of applies.
struct Place {
  int phase = 1, wave = 0;
  auto operator<=>(const Place&) const = default;
};

int RankOf(SyncPhase phase) {
  switch (phase) {
    case SyncPhase::kPreSync:
    case SyncPhase::kPreDelete: return 0;
    case SyncPhase::kSync: return 1;
    case SyncPhase::kPostSync:
    case SyncPhase::kPostDelete: return 3;
    case SyncPhase::kSyncFail: return 4;
  }
  return 1;
}
constexpr int kDeletes = 2;  // the rank of deletes among the phases

class Order {
 public:
  explicit Order(std::span<const OrderNode> nodes) : nodes_(nodes), place_(nodes.size()), level_(nodes.size(), 0) {}

  Result<Ordering> Run() {
    Index();
    for (size_t i = 0; i < nodes_.size(); ++i) PLUMB_OK(Collect(i), Name(i));
    Deduplicate();
    PullWaves();
    PLUMB_OK(CheckExplicit());
    DropAgainstWaves();
    DropCycles();
    RaiseLevels();
    Emit();
    return std::move(out_);
  }

 private:
  std::string Name(size_t i) const {
    const std::string origin = nodes_[i].origin.file.empty() ? "" : nodes_[i].origin.ToString() + ": ";
    return origin + nodes_[i].id.ToString();
  }

  void Index() {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      const OrderNode& node = nodes_[i];
      by_id_[node.id].push_back(i);
      by_name_[{node.id.kind, node.id.ns, node.id.name}].push_back(i);
      if (IsPolicyOfPods(node.id)) policies_[node.id.ns].push_back(i);
      if (IsCrd(node.id)) {
        const Value spec = node.object.Get("spec");
        crds_.emplace(std::pair(std::string(spec.GetString("group")), std::string(GetAt(spec, {"names", "kind"}).AsString())), i);
      }
      if (!node.id.kind.ends_with("RoleBinding") || node.id.group != "rbac.authorization.k8s.io") continue;
      for (Value subject : node.object.Get("subjects").items()) {
        if (subject.GetString("kind") != "ServiceAccount") continue;
        const std::string_view ns = subject.GetString("namespace");
        rights_[{ns.empty() ? node.id.ns : std::string(ns), std::string(subject.GetString("name"))}].push_back(i);
      }
    }
  }

  SyncPhase PhaseOf(size_t i) const { return nodes_[i].hook ? nodes_[i].hook->first : SyncPhase::kSync; }

  // Of several hooks of one name: the one in the phase of who asks, else the latest before it.
  size_t Nearest(size_t from, const std::vector<size_t>& candidates) const {
    size_t best = candidates.front();
    for (size_t i : candidates) {
      if (PhaseOf(i) == PhaseOf(from)) return i;
      if (RankOf(PhaseOf(i)) <= RankOf(PhaseOf(from))) best = i;
    }
    return best;
  }

  size_t Find(size_t from, const Reference& reference) const {
    if (const auto it = by_id_.find(reference.id); it != by_id_.end()) return Nearest(from, it->second);
    if (!reference.any_group) return kNone;
    for (const std::string& ns : {reference.id.ns, std::string()})
      if (const auto it = by_name_.find({reference.id.kind, ns, reference.id.name}); it != by_name_.end()) return Nearest(from, it->second);
    return kNone;
  }

  void Add(size_t from, size_t on, Gate gate, bool is_explicit, std::string reason, bool carries_wave = false) {
    if (from == on || nodes_[from].remove != nodes_[on].remove) return;
    // A hook for failures runs whatever became of the rest.
    if (PhaseOf(from) == SyncPhase::kSyncFail && PhaseOf(on) != SyncPhase::kSyncFail && !carries_wave) return;
    links_.push_back({from, on, gate, is_explicit, carries_wave, std::move(reason)});
  }
  // The gate that fits the object waited for: a namespace must be active, a CRD served, before anything can use it.
  Gate GateFor(size_t on, Gate otherwise) const {
    if (IsNamespace(nodes_[on].id)) return Gate::kActive;
    if (IsCrd(nodes_[on].id)) return Gate::kEstablished;
    return otherwise;
  }

  Status Collect(size_t i) {
    const OrderNode& node = nodes_[i];
    // What a live object says is not a promise of this plan: of a delete, a broken annotation is no error.
    if (node.hook) {
      place_[i] = {RankOf(node.hook->first), node.hook->second};
    } else {
      auto wave = SyncWaveOf(node.object);
      if (wave.ok()) place_[i].wave = *wave;
      else if (!node.remove) return wave.error();
    }
    auto dependencies = DependenciesOf(node.object);
    if (!dependencies.ok() && !node.remove) return dependencies.error();
    if (dependencies.ok()) AddDependencies(i, *dependencies);

    if (!node.id.ns.empty())
      if (const auto it = by_id_.find(ObjectId{"", "Namespace", "", node.id.ns}); it != by_id_.end())
        Add(i, it->second.front(), Gate::kActive, false, "its namespace", true);
    if (const auto it = crds_.find({node.id.group, node.id.kind}); it != crds_.end())
      Add(i, it->second, Gate::kEstablished, false, "its kind is defined by the CRD", true);

    for (Reference& reference : ReferencesOf(node.object)) {
      const size_t on = Find(i, reference);
      if (on == kNone) continue;
      if (node.hook && !nodes_[on].exists && !nodes_[on].remove && RankOf(PhaseOf(on)) > RankOf(PhaseOf(i)) && !IsNamespace(nodes_[on].id))
        out_.warnings.push_back(fmt::format("{} hook {} {}, which is not there yet and comes only in phase {}; make that a hook of an earlier wave, too",
                                            PhaseName(PhaseOf(i)), Name(i), reference.reason, PhaseName(PhaseOf(on))));
      if (!node.remove && nodes_[on].remove)
        out_.warnings.push_back(fmt::format("{} {}, which this plan deletes", Name(i), reference.reason));
      Add(i, on, GateFor(on, Gate::kExists), false, std::move(reference.reason));
    }
    const Value pod = PodSpecOf(node.object);
    if (pod.is_map()) AddPodSurroundings(i, pod);
    return Ok();
  }

  void AddDependencies(size_t i, const std::vector<Reference>& dependencies) {
    for (const Reference& reference : dependencies) {
      const size_t on = Find(i, reference);
      if (on == kNone || (nodes_[on].remove && !nodes_[i].remove)) {
        if (!nodes_[i].remove)
          out_.warnings.push_back(fmt::format("{}: depends on {}, which {}", Name(i), reference.id.ToString(),
                                              on == kNone ? "is not among the manifests; nothing waits for it" : "this plan deletes"));
        continue;
      }
      Add(i, on, Gate::kHealthy, true, "depends-on");
    }
  }

  // Quotas, limits, network policies and the rights of its account are there before the first pod starts.
  void AddPodSurroundings(size_t i, Value pod) {
    const ObjectId& id = nodes_[i].id;
    if (const auto it = policies_.find(id.ns); it != policies_.end())
      for (size_t on : it->second) Add(i, on, Gate::kExists, false, fmt::format("is limited by {}", nodes_[on].id.ToString()));
    std::string account(pod.GetString("serviceAccountName"));
    if (account.empty()) account = "default";
    if (const auto it = rights_.find({id.ns, account}); it != rights_.end())
      for (size_t on : it->second) Add(i, on, Gate::kExists, false, fmt::format("has its rights from {}", nodes_[on].id.ToString()));
  }

  // One link for each pair: the explicit one, else the first.
  void Deduplicate() {
    std::stable_sort(links_.begin(), links_.end(), [](const Link& a, const Link& b) {
      return std::tuple(a.from, a.on, !a.explicit_) < std::tuple(b.from, b.on, !b.explicit_);
    });
    const auto end = std::unique(links_.begin(), links_.end(), [](Link& a, Link& b) {
      if (a.from != b.from || a.on != b.on) return false;
      a.carries_wave |= b.carries_wave;
      return true;
    });
    links_.erase(end, links_.end());
  }

  // A namespace may be needed by a CRD's conversion service, which other things need: repeat until nothing moves. Waves
  // only fall, each at most to the lowest there is, and chains of carriers are two long (CRD, namespace).
  void PullWaves() {
    for (bool moved = true; moved;) {
      moved = false;
      for (const Link& link : links_) {
        if (!link.carries_wave || place_[link.on] <= place_[link.from]) continue;
        place_[link.on] = place_[link.from];
        moved = true;
      }
    }
  }

  Status CheckExplicit() {
    Adjacency edges(nodes_.size());
    for (const Link& link : links_) {
      if (!link.explicit_ || nodes_[link.from].remove) continue;
      const Place from = place_[link.from], on = place_[link.on];
      if (on.phase > from.phase)
        return Invalid(fmt::format("{} ({}) depends on {}, which is in a later phase ({}); move one of them", Name(link.from),
                                   PhaseName(PhaseOf(link.from)), Name(link.on), PhaseName(PhaseOf(link.on))));
      if (on > from)
        return Invalid(fmt::format("{} (sync wave {}) depends on {}, which is in a later wave ({}); move one of them", Name(link.from),
                                   from.wave, Name(link.on), on.wave));
      edges[link.from].push_back(link.on);
    }
    const std::vector<size_t> cycle = FindCycle(edges);
    if (cycle.empty()) return Ok();
    std::string text;
    for (size_t i : cycle) text += (text.empty() ? "" : " -> ") + nodes_[i].id.ToString();
    return Invalid(fmt::format("dependencies form a cycle: {}; remove one of the depends-on annotations ({})", text, Name(cycle[0])));
  }

  void DropAgainstWaves() {
    std::erase_if(links_, [&](const Link& link) { return place_[link.on] > place_[link.from]; });
  }

  // Links within a strongly connected component are put back one by one, explicit ones first; one that closes a cycle
  // is left out. Everything outside such a component stays as it is.
  void DropCycles() {
    Adjacency all(nodes_.size());
    for (const Link& link : links_) all[link.from].push_back(link.on);
    const std::vector<size_t> component = Components(all);
    const auto inside = [&](const Link& link) { return component[link.from] == component[link.on]; };
    if (std::none_of(links_.begin(), links_.end(), inside)) return;

    std::vector<Link> suspects;
    for (Link& link : links_)
      if (inside(link)) suspects.push_back(link);
    std::erase_if(links_, inside);
    const auto importance = [](const Link& link) { return link.explicit_ ? 0 : link.carries_wave ? 1 : 2; };
    std::stable_sort(suspects.begin(), suspects.end(), [&](const Link& a, const Link& b) { return importance(a) < importance(b); });
    Adjacency kept(nodes_.size());
    for (Link& link : suspects) {
      if (Reaches(kept, link.on, link.from)) continue;  // of deletes, explicit ones too may close a cycle
      kept[link.from].push_back(link.on);
      links_.push_back(std::move(link));
    }
  }

  // What depends on a webhook configuration stands in its level too.
  void RaiseLevels() {
    Adjacency dependants(nodes_.size());
    for (const Link& link : links_)
      if (place_[link.on] == place_[link.from]) dependants[link.on].push_back(link.from);
    std::vector<size_t> todo;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (!IsWebhook(nodes_[i].id)) continue;
      level_[i] = 1;
      todo.push_back(i);
    }
    while (!todo.empty()) {
      const size_t i = todo.back();
      todo.pop_back();
      for (size_t next : dependants[i]) {
        if (level_[next]) continue;
        level_[next] = 1;
        todo.push_back(next);
      }
    }
  }

  void Emit() {
    // Applies go up through (phase, wave, level), deletes come after those of the Sync phase and go down.
    const auto key = [&](size_t i) {
      const Place place = place_[i];
      if (nodes_[i].remove) return std::array<int64_t, 3>{kDeletes, -int64_t{place.wave}, -level_[i]};
      return std::array<int64_t, 3>{place.phase, place.wave, level_[i]};
    };
    std::map<std::array<int64_t, 3>, size_t> stages;
    for (size_t i = 0; i < nodes_.size(); ++i) stages.emplace(key(i), i);
    const std::array<int64_t, 3>* previous = nullptr;
    for (auto& [k, index] : stages) {
      const bool deletes = k[0] == kDeletes;
      Stage stage{deletes, deletes ? SyncPhase::kSync : StagePhase(index), static_cast<int>(deletes ? -k[1] : k[1]), Gate::kExists, false};
      index = out_.stages.size();
      if (previous) {
        const bool new_phase = (*previous)[0] != k[0], new_wave = new_phase || (*previous)[1] != k[1];
        if (deletes) stage.requires_gate = !new_phase ? Gate::kGone : (*previous)[0] == RankOf(SyncPhase::kPreDelete) ? Gate::kHealthy : Gate::kExists;
        else if (new_wave && stage.phase != SyncPhase::kSyncFail) stage.requires_gate = Gate::kHealthy;
        stage.needs_success = (deletes || new_wave) && stage.phase != SyncPhase::kSyncFail;
      }
      out_.stages.push_back(stage);
      previous = &k;
    }
    out_.stage_of.resize(nodes_.size());
    for (size_t i = 0; i < nodes_.size(); ++i) out_.stage_of[i] = stages.at(key(i));

    out_.after.resize(nodes_.size());
    for (Link& link : links_) {
      if (nodes_[link.from].remove) out_.after[link.on].push_back({link.from, Gate::kGone, "deleted after what " + BackwardReason(link)});
      else out_.after[link.from].push_back({link.on, GateFor(link.on, link.gate), std::move(link.reason)});
    }
    for (auto& edges : out_.after)
      std::sort(edges.begin(), edges.end(), [&](const Edge& a, const Edge& b) { return nodes_[a.on].id < nodes_[b.on].id; });
    Sequence();
  }

  // Of a stage that this node, or a Namespace or CRD pulled into it, stands in.
  SyncPhase StagePhase(size_t i) const {
    const SyncPhase own = PhaseOf(i);
    return RankOf(own) == place_[i].phase ? own : SyncPhase::kPreSync;
  }

  static std::string BackwardReason(const Link& link) {
    if (link.reason == "its namespace") return "is in it";
    if (link.carries_wave) return "it defines";
    return "needs it";
  }

  // Kahn's algorithm; among what is ready: stage, then the rank of the kind (deletes: the highest first), then the id.
  void Sequence() {
    const auto key = [&](size_t i) {
      const int rank = KindRank(nodes_[i].id);
      return std::tuple(out_.stage_of[i], nodes_[i].remove ? -rank : rank, &nodes_[i].id, i);
    };
    const auto later = [&](size_t a, size_t b) {
      const auto x = key(a), y = key(b);
      return std::tie(std::get<0>(x), std::get<1>(x), *std::get<2>(x), std::get<3>(x)) >
             std::tie(std::get<0>(y), std::get<1>(y), *std::get<2>(y), std::get<3>(y));
    };
    std::priority_queue<size_t, std::vector<size_t>, decltype(later)> ready(later);
    std::vector<size_t> waits(nodes_.size(), 0);
    Adjacency dependants(nodes_.size());
    for (size_t i = 0; i < nodes_.size(); ++i) {
      waits[i] = out_.after[i].size();
      for (const Edge& edge : out_.after[i]) dependants[edge.on].push_back(i);
      if (waits[i] == 0) ready.push(i);
    }
    while (!ready.empty()) {
      const size_t i = ready.top();
      ready.pop();
      out_.sequence.push_back(i);
      for (size_t next : dependants[i])
        if (--waits[next] == 0) ready.push(next);
    }
  }

  std::span<const OrderNode> nodes_;
  std::unordered_map<ObjectId, std::vector<size_t>> by_id_;
  std::map<std::tuple<std::string, std::string, std::string>, std::vector<size_t>> by_name_;  // kind, namespace, name
  std::map<std::pair<std::string, std::string>, size_t> crds_;                                // group, kind -> its CRD
  std::map<std::string, std::vector<size_t>> policies_;                                       // by namespace
  std::map<std::pair<std::string, std::string>, std::vector<size_t>> rights_;  // (namespace, account) -> bindings
  std::vector<Link> links_;
  std::vector<Place> place_;
  std::vector<int> level_;
  Ordering out_;
};

}  // namespace

Result<Ordering> OrderSteps(std::span<const OrderNode> nodes) { return Order(nodes).Run(); }

}  // namespace plumb
