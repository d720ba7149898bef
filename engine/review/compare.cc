// The three comparisons of a review, object by object.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/edit.h"
#include "diff/desired.h"
#include "diff/embedded_schema.h"
#include "diff/managed_fields.h"
#include "diff/object_diff.h"
#include "diff/patched.h"
#include "diff/server_side_apply.h"
#include "diff/typed.h"
#include "engine/plan/guards.h"
#include "engine/plan/holds.h"
#include "engine/plan/references.h"
#include "engine/review/hook_runs.h"
#include "engine/review/review.h"

namespace plumb {

namespace {

bool IsCrd(const ObjectId& id) { return id.kind == "CustomResourceDefinition" && id.group == "apiextensions.k8s.io"; }

// What all applications of the change have in common.
struct Common {
  const ReviewInput& input;
  SchemaLookup schema;
  std::set<std::string> namespaces;               // declared anywhere at the head
  std::map<ObjectId, std::string> owners;         // at the head: object to application
};

SchemaLookup WithCrdsOf(const ReviewInput& input) {
  std::vector<Document> crds;
  for (const ReviewApplication& application : input.applications)
    for (const auto* side : {&application.base, &application.head})  // the head's definitions come last and win
      if (*side)
        for (const Manifest& manifest : (*side)->desired.manifests)
          if (IsCrd(IdOf(manifest.root()))) crds.push_back(manifest.object);
  std::reverse(crds.begin(), crds.end());
  if (crds.empty()) return input.schema;
  auto own = SchemaWithCrds(nullptr, crds);
  if (!own.ok()) return input.schema;  // a broken definition is refused by the server, and said so elsewhere
  return [schema = *own, next = input.schema](const Gvk& gvk) {
    const Type* type = EmbeddedSchema()->Find(gvk) ? nullptr : schema->Find(gvk);
    return type ? std::pair<SchemaPtr, const Type*>(schema, type) : next(gvk);
  };
}

class Comparer {
 public:
  Comparer(const Common& common, const ReviewApplication& application, Review& review, ImageChanges& images)
      : common_(common), app_(application), review_(review), images_(images), masker_(*common.input.masker) {
    view_.schema = common.schema;
    view_.ignore = &app_.rules;
    out_.name = app_.application.name;
    out_.notes = app_.notes;
  }

  ApplicationReview Run() {
    if (app_.base && !app_.base->failure.empty()) out_.failures.push_back("base: " + app_.base->failure);
    if (app_.head && !app_.head->failure.empty()) out_.failures.push_back("head: " + app_.head->failure);
    const bool base = app_.base && app_.base->failure.empty(), head = app_.head && app_.head->failure.empty();
    if (base) Index(app_.base->desired, base_);
    if (head) Index(app_.head->desired, head_);
    if (app_.head && !head) review_.failed = true;
    if (base) view_.autoscaled = &app_.base->desired.autoscaled;
    if (base && common_.input.live)
      for (const Manifest& manifest : app_.base->desired.manifests) Drift(manifest);
    if (head) view_.autoscaled = &app_.head->desired.autoscaled;
    // Where an end is not known nothing can be said to come or to go: unknown is not empty.
    if (head && (base || !app_.base)) {
      for (const Manifest& manifest : app_.head->desired.manifests) Changed(manifest);
      AskServer();
      for (Change& change : changes_) Conclude(change);
      for (const UnknownKind& unknown : app_.head->desired.unknown) Unknown(unknown);
    }
    if (base && (head || !app_.head))
      for (const Manifest& manifest : app_.base->desired.manifests)
        if (!head_.contains(IdOf(manifest.root()))) Removed(manifest);
    if (head && (base || !app_.base)) Hooks();
    Policy();
    if (head) out_.unused_rules = UnusedRules(app_.rules, compared_);
    return std::move(out_);
  }

 private:
  // An object of the head that is not as the base has it.
  struct Change {
    const Manifest *head, *base;  // base: null where it is new
    Document before;              // once the base is applied
    ObjectDiff diff;              // of `before`
    std::optional<ObjectDiff> applied;  // of the cluster as it is: what the server is asked about, and then its verdict
  };

  void Index(const DesiredSet& desired, std::map<ObjectId, const Manifest*>& index) {
    for (const Manifest& manifest : desired.manifests) {
      const auto [at, fresh] = index.emplace(IdOf(manifest.root()), &manifest);
      if (!fresh && &index == &head_) Refuse(manifest, fmt::format("is declared twice: in {} and in {}", at->second->origin.ToString(), manifest.origin.ToString()));
    }
  }

  LiveObject Live(const Manifest& manifest) const {
    return common_.input.live ? common_.input.live({IdOf(manifest.root()), GvkOf(manifest.root())}) : LiveObject::Absent();
  }

  ObjectDiff Diff(const Manifest& manifest, const Document& live, const Document& before = {}) const {
    PlanView view = view_;
    if (!before->is_null()) view.declared_before = [&](const ObjectId&) { return before; };
    return DiffDesired(manifest, live->is_null() ? LiveObject::Absent() : LiveObject::Present(live), view);
  }

  // The object as it is once the base is applied: live with the base's differences, owned as after an apply of it.
  Document AtBase(const Manifest& base, const LiveObject& live) const {
    const Document normal = NormaliseDesired(base.object);
    const auto [schema, type] = common_.schema(GvkOf(base.root()));
    return BuildDocument([&, t = type](Arena& arena) {
      Value state = arena.Adopt(normal);
      Value managed;
      if (live.state == LiveObject::State::kPresent) {
        const ObjectDiff pending = Diff(base, live.object);
        arena.Adopt(pending.live);
        arena.Adopt(pending.desired);
        arena.Adopt(pending.memory.arena());
        state = Patched(arena, arena.Adopt(live.object), pending.changes);
        managed = live.object->Get("metadata").Get("managedFields");
      }
      std::vector<Value> entries;
      for (Value entry : managed.items())
        if (entry.GetString("manager") != "plumb" || entry.GetString("operation") != "Apply") entries.push_back(entry);
      const Type* of = t ? t : Schema::Deduced();
      entries.push_back(arena.Map({{"manager", Arena::Borrow("plumb")},
                                   {"operation", Arena::Borrow("Apply")},
                                   {"apiVersion", arena.String(base.root().GetString("apiVersion"))},
                                   {"fieldsType", Arena::Borrow("FieldsV1")},
                                   {"fieldsV1", FieldSetToValue(arena, ToFieldSet(arena, normal.root(), of, MergeProfile::ForServer(36)))}}));
      return WithAt(arena, state, {"metadata", "managedFields"}, arena.List(entries));
    });
  }

  void Changed(const Manifest& head) {
    const ObjectId id = IdOf(head.root());
    const auto found = base_.find(id);
    const LiveObject live = Live(head);
    if (live.state == LiveObject::State::kUnknown) out_.unknown.push_back(fmt::format("{}: {}", id.ToString(), live.reason));
    const Document before = found != base_.end() ? AtBase(*found->second, live) : live.state == LiveObject::State::kPresent ? live.object : Document();
    ObjectDiff diff = Diff(head, before, found != base_.end() ? NormaliseDesired(found->second->object) : Document());
    out_.ignored += diff.ignored.size();
    compared_.push_back(diff);
    if (diff.action == DiffAction::kNone) {
      ++out_.unchanged;
      return;
    }
    if (found == base_.end() && live.state == LiveObject::State::kPresent)
      out_.notes.push_back(fmt::format("{} is in the cluster already, and is taken over as it is", id.ToString()));
    Change change{&head, found == base_.end() ? nullptr : found->second, before, std::move(diff), {}};
    if (common_.input.check && live.state != LiveObject::State::kUnknown && IsServed(head)) change.applied = Diff(head, live.object);
    changes_.push_back(std::move(change));
  }

  // Counts, checks and shows one change, once the server has said what it had to.
  void Conclude(Change& change) {
    const ObjectDiff& diff = change.diff;
    const Document after = diff.action == DiffAction::kCreate ? diff.desired : BuildDocument([&](Arena& arena) {
      for (const Document* d : {&diff.live, &diff.desired, &diff.memory}) arena.Adopt(d->arena());
      return Patched(arena, diff.live.root(), diff.changes);
    });
    Check(*change.head, diff, change.base);
    if (change.applied && !change.applied->unanswered.empty()) Refuse(*change.head, Printable(change.applied->unanswered));
    Count(diff, change.before, after, IsReplaceable(diff.id, change.head->root(), {}));
    out_.changes.push_back(masker_.Mask(diff));
  }

  void Count(const ObjectDiff& diff, const Document& before, const Document& after, bool replaceable) {
    if (diff.action == DiffAction::kCreate) ++review_.create;
    else if (diff.must_replace() && replaceable) ++review_.replace;
    else ++review_.patch;
    const Document old = masker_.MaskObject(before), now = masker_.MaskObject(after);
    images_.Add(diff.id, old.root(), now.root());
    for (Danger& danger : DangersOf(diff.id, old.root(), now.root())) review_.dangers.push_back(std::move(danger));
    if (diff.must_replace()) {
      std::string fields;
      for (const FieldChange& change : diff.changes)
        if (change.immutable) fields += (fields.empty() ? "" : ", ") + change.path.ToString();
      review_.dangers.push_back({DangerKind::kReplace, diff.id, fmt::format("{}: {}", fields, replaceable ? "deleted and made anew" : "cannot change in place")});
    }
    const Value template_before = GetAt(old.root(), {"spec", "template"}), template_after = GetAt(now.root(), {"spec", "template"});
    const bool runs = diff.id.kind == "Deployment" || diff.id.kind == "StatefulSet" || diff.id.kind == "DaemonSet";
    if (runs && diff.action == DiffAction::kPatch && template_before != template_after) {
      ++review_.restarted;
      const Value replicas = GetAt(now.root(), {"spec", "replicas"});
      review_.pods += static_cast<size_t>(std::max<int64_t>(0, replicas.is_int() ? replicas.AsInt() : 1));
    }
  }

  // What the server would say to the head's manifest.
  void Check(const Manifest& head, const ObjectDiff& diff, const Manifest* base) {
    const ObjectId id = IdOf(head.root());
    if (diff.must_replace() && !IsReplaceable(id, head.root(), {})) {
      for (const FieldChange& change : diff.changes)
        if (change.immutable)
          Refuse(head, fmt::format("{} cannot be changed in place; annotate it with 'plumb.dev/replace: allowed' to let it be deleted and made anew", change.path.ToString()));
    }
    for (const FieldChange& change : diff.changes)
      if (change.cause == Cause::kConflict)
        Refuse(head, fmt::format("{} is owned by '{}': Plumb takes it over, other tools would get a conflict", change.path.ToString(), change.writer.manager));
    const auto [schema, type] = common_.schema(diff.gvk);
    if (type) {
      const auto problem = [&, t = type](const Document& object) {
        const Status status = ValidateTyped(object.root(), t, MergeProfile::ForServer(36), Duplicates::kRefuse);
        return status.ok() ? std::string() : status.error().message();
      };
      const std::string found = problem(diff.desired);
      if (!found.empty()) Refuse(head, Printable(found), base && problem(NormaliseDesired(base->object)) == found);
    }
    if (const auto other = common_.owners.find(id); other != common_.owners.end() && other->second != out_.name)
      Refuse(head, fmt::format("is declared by application '{}', too", other->second));
    if (!common_.input.live) return;
    if (!id.ns.empty() && !common_.namespaces.contains(id.ns)) {
      const LiveObject ns = common_.input.live({{"", "Namespace", "", id.ns}, {"", "v1", "Namespace"}});
      if (ns.state == LiveObject::State::kAbsent) Refuse(head, fmt::format("namespace '{}' is neither in the cluster nor in this change", id.ns));
      else if (ns.state == LiveObject::State::kPresent && ns.object->Get("metadata").Has("deletionTimestamp")) Refuse(head, fmt::format("namespace '{}' is being deleted", id.ns));
    }
    if (diff.live->is_null()) return;
    const std::string_view other = OtherOwner(diff.live.root(), app_.inventory.ApplySetId());
    if (!other.empty()) Refuse(head, fmt::format("belongs to another application in the cluster ({})", other));
  }

  // Whether the cluster can be asked about the manifest: neither its kind nor its namespace comes with this change.
  bool IsServed(const Manifest& manifest) const {
    const ObjectId id = IdOf(manifest.root());
    if (!common_.input.live || common_.input.schema(GvkOf(manifest.root())).second == nullptr) return false;
    return id.ns.empty() || common_.input.live({{"", "Namespace", "", id.ns}, {"", "v1", "Namespace"}}).state != LiveObject::State::kAbsent;
  }

  // What only the server can say of the head: webhooks, quotas, validation; and of what the comparison is not sure.
  void AskServer() {
    std::vector<ObjectDiff*> asked;
    std::vector<Change*> unsure;  // the cluster is as the base says: what the server makes of the head is what this change does
    for (Change& change : changes_) {
      if (!change.applied) continue;
      asked.push_back(&*change.applied);
      if (!change.diff.exact() && SameChanges(change.diff, *change.applied)) unsure.push_back(&change);
    }
    if (asked.empty()) return;
    const std::vector<std::string> errors = common_.input.check(asked);
    const auto refused = static_cast<size_t>(std::count_if(asked.begin(), asked.end(), [](const ObjectDiff* diff) { return !diff->unanswered.empty(); }));
    if (errors.size() > refused) out_.unknown.push_back(errors.back());  // the bound on dry runs
    for (Change* change : unsure) {
      if (!change->applied->exact()) continue;
      ObjectDiff sure = *change->applied;
      for (FieldChange& field : sure.changes)  // why is for git to say: the base against the head
        for (const FieldChange& before : change->diff.changes)
          if (before.path == field.path) field.cause = before.cause, field.writer = before.writer;
      change->diff = std::move(sure);
    }
    std::erase_if(changes_, [&](const Change& change) {
      if (change.diff.action != DiffAction::kNone) return false;
      ++out_.unchanged;  // another spelling of what is there, says the server
      return true;
    });
  }

  static bool SameChanges(const ObjectDiff& a, const ObjectDiff& b) {
    return std::equal(a.changes.begin(), a.changes.end(), b.changes.begin(), b.changes.end(), [](const FieldChange& x, const FieldChange& y) {
      return x.path == y.path && x.old_value == y.old_value && x.new_value == y.new_value;
    });
  }

  void Hooks() {
    HookRuns runs = HookRunsOf(app_.base ? &app_.base->desired : nullptr, &app_.head->desired);
    review_.hooks += runs.lines.size();
    out_.hooks = std::move(runs.lines);
    for (const auto& [manifest, why] : runs.wrong) Refuse(manifest, why);
    for (const HookRuns::Changed& changed : runs.changed) {
      const ObjectDiff diff = Diff(changed.head, changed.base.object, NormaliseDesired(changed.base.object));
      const Document old = masker_.MaskObject(changed.base.object), now = masker_.MaskObject(changed.head.object);
      images_.Add(diff.id, old.root(), now.root());
      for (Danger& danger : DangersOf(diff.id, old.root(), now.root())) review_.dangers.push_back(std::move(danger));
      out_.changes.push_back(masker_.Mask(diff));
    }
  }

  void Refuse(const Manifest& manifest, std::string reason, bool at_base = false) {
    out_.refused.push_back({IdOf(manifest.root()), manifest.origin.ToString(), std::move(reason), at_base});
  }

  void Unknown(const UnknownKind& unknown) {
    const Manifest& manifest = app_.head->desired.manifests[unknown.manifest];
    if (!common_.input.live) {
      const Gvk gvk = GvkOf(manifest.root());
      const std::string text = fmt::format("{} of '{}' is no built-in kind: whether the cluster knows it was not asked", gvk.kind, gvk.ApiVersion());
      if (std::find(out_.unknown.begin(), out_.unknown.end(), text) == out_.unknown.end()) out_.unknown.push_back(text);
      return;
    }
    bool before = false;
    if (app_.base)
      for (const UnknownKind& u : app_.base->desired.unknown) before |= IdOf(app_.base->desired.manifests[u.manifest].root()) == IdOf(manifest.root());
    Refuse(manifest, unknown.reason, before);
  }

  void Drift(const Manifest& base) {
    const LiveObject live = Live(base);
    if (live.state == LiveObject::State::kUnknown) {
      if (!head_.contains(IdOf(base.root()))) out_.unknown.push_back(fmt::format("{}: {}", IdOf(base.root()).ToString(), live.reason));
      return;
    }
    ObjectDiff diff = Diff(base, live.object);
    out_.ignored += head_.empty() ? diff.ignored.size() : 0;
    if (diff.action == DiffAction::kNone) return;
    if (diff.action == DiffAction::kCreate) {
      const InventoryEntry* entry = app_.inventory.Find(diff.id);
      if (entry && !entry->uid.empty()) out_.drift.push_back(masker_.Mask(diff));  // it was there: somebody deleted it
      else out_.pending.push_back(masker_.Mask(diff));
      return;
    }
    // What we own and git says otherwise was simply not applied yet; the rest others did.
    ObjectDiff pending = diff;
    const auto ours = [](const FieldChange& change) { return change.cause == Cause::kChangedInGit || change.cause == Cause::kRemovedFromGit || change.cause == Cause::kReleased; };
    std::erase_if(diff.changes, ours);
    std::erase_if(pending.changes, [&](const FieldChange& change) { return !ours(change); });
    if (!diff.changes.empty()) out_.drift.push_back(masker_.Mask(diff));
    if (!pending.changes.empty()) out_.pending.push_back(masker_.Mask(pending));
  }

  void Removed(const Manifest& base) {
    const ObjectId id = IdOf(base.root());
    const LiveObject live = Live(base);
    if (common_.input.live && live.state == LiveObject::State::kAbsent) return;  // it is not there: nothing goes
    if (const auto other = common_.owners.find(id); other != common_.owners.end()) {
      out_.notes.push_back(fmt::format("{} moves to application '{}'", id.ToString(), other->second));
      return;
    }
    const Document state = AtBase(base, live);
    std::string kept;
    if (!app_.head) kept = "its application goes: nothing deletes it";
    else if (!app_.application.sync.prune) kept = "pruning is off";
    else kept = WhyItStays(base, state);
    if (!kept.empty()) {
      ++review_.orphan;
      out_.notes.push_back(fmt::format("{} leaves git and stays in the cluster: {}", id.ToString(), kept));
      return;
    }
    if (IsProtected(id, state.root(), {})) out_.notes.push_back(fmt::format("{} is protected: its deletion waits for an approval", id.ToString()));
    ++review_.remove;
    ++deletes_;
    ObjectDiff diff = DeletionOf(state);
    diff.origin = base.origin;
    const Document masked = masker_.MaskObject(state);
    images_.Add(id, masked.root(), {});
    for (Danger& danger : DangersOf(id, masked.root(), {})) review_.dangers.push_back(std::move(danger));
    out_.changes.push_back(masker_.Mask(diff));
  }

  std::string WhyItStays(const Manifest& base, const Document& state) const {
    PlanInput input;
    for (const auto& [id, manifest] : head_) input.desired.push_back({*manifest, LiveObject::Absent(), nullptr, true, ""});
    const std::string uid(state->Get("metadata").GetString("uid"));
    const InventoryEntry entry{IdOf(base.root()), GvkOf(base.root()).version, uid};
    return WhyKept(entry, state.root(), input, app_.inventory.ApplySetId()).value_or("");
  }

  void Policy() {
    const ApplicationSync& sync = app_.application.sync;
    if (!app_.head) out_.notes.push_back("the application itself goes: nothing keeps its objects true from then on");
    else if (app_.application.suspend && !out_.changes.empty()) out_.notes.push_back("is suspended: nothing of this is applied until it is resumed");
    else if (!sync.automatic && !out_.changes.empty()) out_.notes.push_back("sync.auto is off: nothing of this is applied until somebody asks for it");
    if (app_.head && !sync.self_heal && !out_.drift.empty()) out_.notes.push_back("sync.selfHeal is off: the drift below stays");
    PlanOptions options;
    options.budget_deletes = app_.application.budget.deletes;
    options.budget_percent = app_.application.budget.percent;
    if (OverBudget(deletes_, std::max(app_.inventory.entries().size(), base_.size()), options))
      out_.notes.push_back(fmt::format("{} deletes are more than its budget ({}): they are held until approved", deletes_, BudgetText(options)));
  }

  const Common& common_;
  const ReviewApplication& app_;
  Review& review_;
  ImageChanges& images_;
  const Masker& masker_;
  PlanView view_;
  std::map<ObjectId, const Manifest*> base_, head_;
  std::vector<Change> changes_;  // of the head's objects
  std::vector<ObjectDiff> compared_;
  size_t deletes_ = 0;
  ApplicationReview out_;
};

}  // namespace

Review MakeReview(const ReviewInput& input) {
  Review review;
  review.base = input.base;
  review.head = input.head;
  review.against = input.against;
  Common common{input, WithCrdsOf(input), {"default", "kube-system", "kube-public", "kube-node-lease"}, {}};
  for (const ReviewApplication& application : input.applications)
    if (application.head)
      for (const Manifest& manifest : application.head->desired.manifests) {
        const ObjectId id = IdOf(manifest.root());
        if (id.group.empty() && id.kind == "Namespace") common.namespaces.insert(id.name);
        common.owners.emplace(id, application.application.name);
      }
  ImageChanges images;
  std::set<std::string> namespaces;
  for (const ReviewApplication& application : input.applications) {
    review.applications.push_back(Comparer(common, application, review, images).Run());
    for (const MaskedDiff& diff : review.applications.back().changes)
      if (!diff->id.ns.empty()) namespaces.insert(diff->id.ns);
  }
  review.namespaces = namespaces.size();
  review.images = images.Take();
  std::stable_sort(review.dangers.begin(), review.dangers.end(), [](const Danger& a, const Danger& b) { return a.kind < b.kind; });
  return review;
}

std::vector<MaskedDiff> ChangesOf(const Review& review) {
  std::vector<MaskedDiff> out;
  for (const ApplicationReview& application : review.applications) out.insert(out.end(), application.changes.begin(), application.changes.end());
  return out;
}

}  // namespace plumb
