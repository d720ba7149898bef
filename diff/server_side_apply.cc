#include "diff/server_side_apply.h"

#include <algorithm>

#include "core/edit.h"
#include "core/json.h"
#include "core/object.h"
#include "diff/embedded_schema.h"
#include "diff/go_form.h"
#include "diff/typed.h"

namespace plumb {

namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr size_t kMaxAnnotationBytes = 256 << 10;
constexpr char kSelf[] = "current-operation";

Value WithoutManagedFields(Arena& arena, Value object) { return WithoutAt(arena, object, {"metadata", "managedFields"}); }

// What no manager ever owns: identity, and what the server itself writes.
struct NeverOwnedFields {
  NeverOwnedFields() {
    std::vector<FieldPath> paths;
    for (const char* path : {"apiVersion", "kind", "metadata", "metadata.name", "metadata.namespace", "metadata.creationTimestamp",
                             "metadata.selfLink", "metadata.uid", "metadata.clusterName", "metadata.generation",
                             "metadata.managedFields", "metadata.resourceVersion"})
      paths.push_back(*FieldPath::Parse(path));
    set = FieldSetOf(arena, paths);
  }

  Arena arena;
  FieldSet set;
};

const FieldSet& NeverOwned() {
  static const auto* const fields = new NeverOwnedFields;
  return fields->set;
}

// Equal but for the times of the entries.
bool SameButTimes(const ManagedFields& a, const ManagedFields& b) {
  return std::equal(a.owners.begin(), a.owners.end(), b.owners.begin(), b.owners.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.api_version == y.second.api_version && x.second.set == y.second.set;
  });
}

// One write: the layers that the server wraps around the algorithm.
class Write {
 public:
  Write(const WriteContext& context, const Gvk& gvk, std::shared_ptr<Arena> arena)
      : context_(context), gvk_(gvk), schema_(context.schema ? context.schema : EmbeddedSchema()), arena_(std::move(arena)) {
    type_ = schema_->FindOrDeduced(gvk_);
    ownership_.api_version = gvk_.ApiVersion();
    ownership_.profile = context.profile;
    ownership_.ignored = FieldSetOf(*arena_, context.reset_fields);
    ownership_.never_owned = NeverOwned();
    ownership_.type_of = [this](const std::string& api_version) -> const Type* {
      if (api_version == ownership_.api_version) return type_;
      return schema_->Find(MakeGvk(api_version, gvk_.kind));
    };
  }

  Result<ApplyOutcome> Apply(const Document& live_document, const Document& config_document, bool force);
  Document Update(const Document& before_document, const Document& after_document);

 private:
  const MergeProfile& profile() const { return context_.profile; }
  bool is_go_type() const { return IsGoType(type_); }

  // As the server holds it, without managedFields. Of an object that does not exist: what an empty one of its kind holds.
  Value Hold(Value object) {
    if (object.is_null())
      object = arena_->Map({{"apiVersion", arena_->String(gvk_.ApiVersion())}, {"kind", arena_->String(gvk_.kind)}});
    object = WithoutManagedFields(*arena_, object);
    return is_go_type() ? GoForm(*arena_, object, type_) : object;
  }

  FieldManager Manager(std::string_view name, bool applied) const {
    return {name.empty() ? "unknown" : std::string(name), applied, applied ? "" : gvk_.ApiVersion(), context_.subresource};
  }

  void Strip(ManagedFields* managed, const std::string& key) {
    const auto owned = managed->owners.find(key);
    if (owned == managed->owners.end()) return;
    owned->second.set = Difference(*arena_, owned->second.set, NeverOwned());
    if (owned->second.set.empty()) managed->owners.erase(owned);
  }

  // Records that `name` wrote `after` over `before`. Nothing where one of them does not fit the schema.
  void Track(Value before, Value after, std::string_view name, ManagedFields* managed) {
    if (!ValidateTyped(before, type_, profile(), Duplicates::kAllow).ok()) return;
    if (!ValidateTyped(after, type_, profile(), Duplicates::kAllow).ok()) return;
    managed->owners = OwnersAfterUpdate(ownership_, before, after, std::move(managed->owners), kSelf);
    Strip(managed, kSelf);
    if (const auto self = managed->owners.find(kSelf); self != managed->owners.end()) {
      const std::string key = managed->Add(Manager(name, /*applied=*/false));
      OwnedFields owned = self->second;
      managed->owners.erase(self);
      if (const auto earlier = managed->owners.find(key); earlier != managed->owners.end())
        owned.set = Union(*arena_, owned.set, earlier->second.set);
      managed->owners[key] = std::move(owned);
      managed->times[key] = context_.now;
    }
    CapManagers(*arena_, managed);
  }

  // The fields of the last-applied annotation whose values are live still: what client-side apply owned, in fact.
  FieldSet OwnedByAnnotation(Value live) {
    const std::string_view text = GetAt(live, {"metadata", "annotations"}).GetString(kLastApplied);
    const Result<Document> parsed = ParseJson(text);
    if (text.empty() || !parsed.ok() || parsed->root().GetString("apiVersion") != gvk_.ApiVersion()) return {};
    const Value last = arena_->Adopt(*parsed);
    if (!ValidateTyped(last, type_, profile(), Duplicates::kRefuse).ok()) return {};
    const Comparison c = CompareTyped(*arena_, last, live, type_, profile());
    FieldSet set = ToFieldSet(*arena_, last, type_, profile());
    for (const FieldSet* differing : {&c.modified, &c.added, &c.removed}) set = Difference(*arena_, set, *differing);
    return set;
  }

  // Keeps the annotation of client-side apply up to date, so that a user can go back to it.
  Value WithLastApplied(Value object, Value config) {
    const Value annotations = GetAt(object, {"metadata", "annotations"});
    if (annotations.GetString(kLastApplied).empty()) return object;
    const Value plain = WithoutAt(*arena_, config, {"metadata", "annotations", kLastApplied});
    const Value text = arena_->String(EscapeHtml(WriteCanonicalJson(plain)) + "\n");
    if (annotations.Get(kLastApplied) == text) return object;
    const Value changed = With(*arena_, annotations, kLastApplied, text);
    size_t bytes = 0;
    for (const Member& m : changed.members()) bytes += m.key.size() + m.value.AsString().size();
    return WithAt(*arena_, object, {"metadata", "annotations"},
                  bytes > kMaxAnnotationBytes ? Without(*arena_, changed, kLastApplied) : changed);
  }

  // Fields that the server resets keep their live values, whatever was written.
  Value WithResetFields(Value object, Value live) {
    for (const FieldPath& path : context_.reset_fields) {
      if (path.size() != 1) continue;  // deeper ones belong to writes of a subresource
      const std::string_view name = path[0].name;
      if (live.is_null() && name != "status") continue;  // what a request for a certificate says, it says once
      const Value* was = live.Find(name);
      object = was ? With(*arena_, object, name, *was) : Without(*arena_, object, name);
    }
    return object;
  }

  Value WithManaged(Value object, const ManagedFields& managed) {
    const Value list = EncodeManagedFields(*arena_, managed);
    return list.is_null() ? WithoutManagedFields(*arena_, object) : WithAt(*arena_, object, {"metadata", "managedFields"}, list);
  }

  const WriteContext& context_;
  const Gvk gvk_;
  const SchemaPtr schema_;
  const std::shared_ptr<Arena> arena_;
  const Type* type_ = nullptr;
  OwnershipContext ownership_{*arena_, {}, {}};
};

std::string NameOf(Value object, const Gvk& gvk) {
  const Value metadata = object.Get("metadata");
  return std::string(metadata.GetString("namespace")) + "/" + std::string(metadata.GetString("name")) + "; " + gvk.ApiVersion() +
         ", Kind=" + gvk.kind;
}

Result<ApplyOutcome> Write::Apply(const Document& live_document, const Document& config_document, bool force) {
  arena_->Adopt(live_document);
  arena_->Adopt(config_document);
  const Value config = config_document.root();
  if (GetAt(config, {"metadata"}).Has("managedFields")) return Invalid("metadata.managedFields must be nil");
  PLUMB_OK(ValidateTyped(config, type_, profile(), Duplicates::kRefuse),
           "failed to create typed patch object (" + NameOf(config, gvk_) + ")");
  const bool exists = !live_document.root().is_null();
  const Value live = Hold(live_document.root());
  PLUMB_OK(ValidateTyped(live, type_, profile(), Duplicates::kAllow),
           "failed to create typed live object (" + NameOf(live, gvk_) + ")");
  PLUMB_TRY(stored, DecodeManagedFields(*arena_, GetAt(live_document.root(), {"metadata", "managedFields"})));
  ManagedFields managed = stored;
  // Objects from before server-side apply: someone must own what is there.
  if (exists && managed.owners.empty()) Track(Hold(Value()), live, "before-first-apply", &managed);

  const std::string key = managed.Add(Manager(context_.manager, /*applied=*/true));
  PLUMB_TRY(result, ApplyConfig(ownership_, live, config, managed.owners, key, force));
  if (!result.conflicts.empty() && context_.manager == "kubectl") {
    const FieldSet allowed = OwnedByAnnotation(live);
    for (OwnershipConflict& conflict : result.conflicts) conflict.fields = Difference(*arena_, conflict.fields, allowed);
    std::erase_if(result.conflicts, [](const OwnershipConflict& conflict) { return conflict.fields.empty(); });
    if (result.conflicts.empty()) {
      PLUMB_TRY(forced, ApplyConfig(ownership_, live, config, managed.owners, key, /*force=*/true));
      result = std::move(forced);
    }
  }
  ApplyOutcome outcome;
  for (const auto& [other, owned] : managed.owners)
    if (owned.api_version != gvk_.ApiVersion())
      outcome.doubts.push_back("manager '" + managed.managers.at(other).name + "' owns fields of " + owned.api_version +
                               ", which may be named otherwise there");
  if (schema_->Find(gvk_) == nullptr) outcome.doubts.push_back("no schema of " + gvk_.ApiVersion() + " " + gvk_.kind + " is known");
  if (!result.conflicts.empty()) {
    for (const OwnershipConflict& conflict : result.conflicts) {
      outcome.conflicts.push_back({managed.managers.at(conflict.manager), {}});
      ForEachMember(conflict.fields, [&](const FieldPath& path) { outcome.conflicts.back().fields.push_back(path); });
    }
    return outcome;
  }
  managed.owners = std::move(result.owners);
  Strip(&managed, key);
  Value object = live;
  outcome.merged = result.object.value_or(live);
  if (result.object || !exists) {
    managed.times[key] = context_.now;
    object = WithResetFields(result.object.value_or(live), exists ? live : Value());
    if (is_go_type()) object = GoForm(*arena_, object, type_, live);
  }
  if (context_.manager == "kubectl") object = WithLastApplied(object, config);
  outcome.created = !exists;
  outcome.object = live_document;
  if (exists && object.SameAs(live) && SameButTimes(managed, stored)) return outcome;
  object = WithManaged(object, managed);
  // What counts as changed as it was written may be the same once the server has read it: `1000m` for `1`, no list for an empty one.
  const bool empty_counts = context_.empty_counts && result.object && HasEmptyContainer(WithoutAt(*arena_, *result.object, {"metadata"}), type_);
  if (exists && !empty_counts && SameButManagedTimes(live_document.root(), object)) return outcome;
  outcome.changed = true;
  outcome.object = Document(arena_, object);
  return outcome;
}

Document Write::Update(const Document& before_document, const Document& after_document) {
  const Value before_root = arena_->Adopt(before_document), after_root = arena_->Adopt(after_document);
  const Value before_list = GetAt(before_root, {"metadata", "managedFields"});
  const Value after_list = GetAt(after_root, {"metadata", "managedFields"});
  const auto decode = [this](Value list) {
    Result<ManagedFields> managed = DecodeManagedFields(*arena_, list);
    return managed.ok() ? *std::move(managed) : ManagedFields();
  };
  ManagedFields managed;
  if (!context_.subresource.empty()) {
    managed = decode(before_list);
  } else if (!IsManagedFieldsReset(after_list)) {
    managed = decode(after_list);
    managed.read.clear();  // a client may have spelled it in its own way
    if (managed.owners.empty()) managed = decode(before_list);  // a client that does not know the field must not clear it
  }
  const bool exists = !before_root.is_null();
  if (exists && managed.owners.empty()) return Document(arena_, WithoutManagedFields(*arena_, after_root));
  const Value before = Hold(before_root), after = Hold(after_root);
  Track(before, after, context_.manager, &managed);
  if (exists && before == after && SameButTimes(managed, decode(before_list)))
    return Document(arena_, WithAt(*arena_, after_root, {"metadata", "managedFields"}, before_list));
  return Document(arena_, WithManaged(after_root, managed));
}

}  // namespace

std::string ConflictMessage(const std::vector<FieldConflict>& conflicts) {
  size_t count = 0;
  for (const FieldConflict& conflict : conflicts) count += conflict.fields.size();
  if (count == 1)
    for (const FieldConflict& conflict : conflicts)
      for (const FieldPath& field : conflict.fields)
        return "Apply failed with 1 conflict: conflict with " + conflict.manager.ToString() + ": " + field.ToKubernetesString();
  std::string message = "Apply failed with " + std::to_string(count) + " conflicts: ";
  bool first = true;
  for (const FieldConflict& conflict : conflicts) {
    message += (first ? "conflicts with " : "\nconflicts with ") + conflict.manager.ToString() + ":";
    for (const FieldPath& field : conflict.fields) message += "\n- " + field.ToKubernetesString();
    first = false;
  }
  return message;
}

std::vector<FieldPath> ResetFields(const Gvk& gvk, std::string_view subresource) {
  if (subresource.empty() && gvk.kind == "CertificateSigningRequest" && gvk.group == "certificates.k8s.io")
    return {FieldPath({PathStep::Field("spec")}), FieldPath({PathStep::Field("status")})};
  if (subresource.empty()) return {FieldPath({PathStep::Field("status")})};
  if (subresource != "status") return {};
  std::vector<FieldPath> fields{FieldPath({PathStep::Field("spec")})};
  if (gvk.group == "apps") fields.push_back(FieldPath({PathStep::Field("metadata"), PathStep::Field("labels")}));
  return fields;
}

Result<ApplyOutcome> ServerSideApply(const ApplyRequest& request) {
  const Gvk gvk = GvkOf(request.config.root());
  if (gvk.kind.empty() || gvk.version.empty()) return Invalid("the applied configuration has no apiVersion or no kind");
  return Write(request.context, gvk, std::make_shared<Arena>()).Apply(request.live, request.config, request.force);
}

bool SameButManagedTimes(Value before, Value after) {
  Arena arena;
  const Value old = GetAt(before, {"metadata", "managedFields"}), now = GetAt(after, {"metadata", "managedFields"});
  if (old.size() != now.size()) return false;
  for (size_t i = 0; i < old.size(); ++i)
    if (!(Without(arena, old[i], "time") == Without(arena, now[i], "time"))) return false;
  return WithoutManagedFields(arena, before) == WithoutManagedFields(arena, after);
}

Document WithManagedFields(const Document& before, const Document& after, const WriteContext& context) {
  return Write(context, GvkOf(after.root()), std::make_shared<Arena>()).Update(before, after);
}

}  // namespace plumb
