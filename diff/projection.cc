#include "diff/projection.h"

#include <algorithm>

#include "core/json.h"
#include "diff/canonical.h"
#include "diff/defaults.h"
#include "diff/desired.h"
#include "diff/keyed_items.h"
#include "diff/managed_owners.h"
#include "diff/quantity.h"

namespace plumb {

namespace {

// Where the walk is: a list of steps on the stack, made into a FieldPath only when something differs there.
struct At {
  const At* up = nullptr;
  PathStep::Kind kind = PathStep::Kind::kField;
  std::string_view name = {};                        // kField
  size_t index = 0;                                  // kIndex
  Value item = {};                                   // kKey, kValue: the item of the list
  std::span<const std::string_view> key_names = {};  // kKey
  const Type* list = nullptr;                        // kKey: the list's type (may be null), for defaults of keys
};

PathStep StepOf(const At& at) {
  switch (at.kind) {
    case PathStep::Kind::kField: return PathStep::Field(at.name);
    case PathStep::Kind::kIndex: return PathStep::Index(at.index);
    case PathStep::Kind::kValue: return PathStep::Item(PathScalar(at.item));
    case PathStep::Kind::kKey: break;
  }
  const std::vector<Value> values = KeyedItems(Value(), at.key_names, at.list).KeysOf(at.item);
  std::vector<std::pair<std::string, PathScalar>> keys;
  for (size_t i = 0; i < at.key_names.size(); ++i) keys.emplace_back(std::string(at.key_names[i]), PathScalar(values[i]));
  return PathStep::Key(std::move(keys));
}

FieldPath PathOf(const At* at) {
  std::vector<PathStep> steps;
  for (; at && at->up; at = at->up) steps.push_back(StepOf(*at));
  std::reverse(steps.begin(), steps.end());
  return FieldPath(std::move(steps));
}

bool IsZero(Value v) {
  return v.is_null() || (v.is_string() && v.AsString().empty()) || (v.is_number() && v.AsDouble() == 0) || (v.is_bool() && !v.AsBool());
}

// Fields of built-in types that hold addresses, which have several spellings.
bool HoldsAddress(std::string_view key) {
  constexpr std::string_view kNames[] = {"addresses", "cidr",   "clusterIP", "clusterIPs", "except", "externalIPs",
                                         "hostIP",    "ip",     "loadBalancerIP", "loadBalancerSourceRanges", "podCIDR", "podCIDRs"};
  return std::find(std::begin(kNames), std::end(kNames), key) != std::end(kNames);
}

// The member with this key. Two versions of a map mostly have one order, with the server's additions in between: the
// places after the last hit are tried first, a few of them so that other orders stay cheap.
const Value* FindFrom(Value map, std::span<const Member> members, size_t& next, std::string_view key) {
  for (size_t i = next; i < std::min(next + 4, members.size()); ++i)
    if (members[i].key == key) {
      next = i + 1;
      return &members[i].value;
    }
  return map.Find(key);
}

class Walk {
 public:
  explicit Walk(Projection& out) : out_(out) {}

  void Object(Value desired, Value live, const Type* type) {
    const At root;
    for (const Member& m : desired.members()) {
      if (m.key == "apiVersion" || m.key == "kind" || m.key == "status") continue;
      const At at{.up = &root, .name = m.key};
      const Type* member = MemberType(type, m.key, &at);
      if (type && !member) continue;
      if (m.key == "metadata") Metadata(m.value, live.Get(m.key), member, &at);
      else MemberOf(type, m, live.Find(m.key), member, &at);
    }
  }

 private:
  void Metadata(Value desired, Value live, const Type* type, const At* up) {
    for (const Member& m : desired.members()) {
      if (m.key == "name" || m.key == "namespace" || m.key == "generateName" || IsServerMetadata(m.key)) continue;
      const At at{.up = up, .name = m.key};
      const Type* member = MemberType(type, m.key, &at);
      if (type && !member) continue;
      MemberOf(type, m, live.Find(m.key), member, &at);
    }
  }

  // The type of a member; nullptr where the schema has no such field, which is noted (never under an unknown type).
  const Type* MemberType(const Type* type, std::string_view key, const At* at) {
    if (!type) return nullptr;
    const Type* member = type->Member(key);
    if (!member && !atomic_) out_.unknown.push_back(PathOf(at).ToString());
    return member;
  }

  void Report(const At* at, std::optional<Value> live, std::optional<Value> desired) {
    Difference d{PathOf(at), live, desired, {}};
    d.owned = atomic_ ? PathOf(atomic_) : d.path;
    out_.differences.push_back(std::move(d));
  }

  // One member of a map. `parent` is the map's type.
  void MemberOf(const Type* parent, const Member& m, const Value* live, const Type* type, const At* at) {
    if (live && m.value.SameAs(*live)) return;
    if (!live) {
      if (!AbsentIs(m.value, parent, type, m.key)) Report(at, std::nullopt, m.value);
      return;
    }
    if (IsZero(m.value) && !(m.value == *live)) {
      if (m.value.is_null()) return NullAgainst(*live, parent, type, m, at);
      if (ZeroMayBecome(parent, m.key, *live)) return;
    }
    Compare(m.value, *live, type, at);
  }

  // Whether `desired` and no value at all are the same to the server.
  bool AbsentIs(Value desired, const Type* parent, const Type* type, std::string_view key) const {
    if (desired.is_null()) return true;
    // An empty associative list declares nothing; neither does a map of nothing but such things.
    if (desired.is_list() && desired.empty()) return IsBuiltIn(parent) || (type && type->is_list && type->list_type != ListType::kAtomic);
    if (!IsBuiltIn(parent)) return false;
    if (desired.is_map() && desired.empty()) return (type && !type->IsObject()) || EmptyStructIsAbsent(key);
    if (desired.is_map() && EmptyStructIsAbsent(key))
      return std::all_of(desired.members().begin(), desired.members().end(),
                         [&](const Member& m) { return AbsentIs(m.value, type, type ? type->Member(m.key) : nullptr, m.key); });
    return IsZero(desired);
  }

  // `null` declares nothing, or the default: custom resources keep it where the schema allows, and built-in types fill
  // in what only the server knows.
  void NullAgainst(Value live, const Type* parent, const Type* type, const Member& m, const At* at) {
    if (live.is_scalar() ? IsZero(live) : live.empty()) return;
    const Field* field = parent ? parent->FindField(m.key) : nullptr;
    if (IsBuiltIn(parent) && IsServerDefault(parent, m.key, live, {})) return;
    if (IsBuiltIn(parent)) out_.unsure.push_back(PathOf(at).ToString() + ": null in the manifest asks for the server's default");
    else if ((type && type->nullable) || !field || !field->has_default || !(live == field->default_value)) Report(at, live, m.value);
  }

  void Compare(Value desired, Value live, const Type* type, const At* at) {
    if (desired.SameAs(live)) return;
    if (desired.is_map() && live.is_map()) {
      if (atomic_ || (type && type->map_type == MapType::kAtomic)) return Atomic(desired, live, type, at);
      return Map(desired, live, type, at);
    }
    if (desired.is_list() && live.is_list()) {
      if (atomic_ || !type || type->list_type == ListType::kAtomic) return Atomic(desired, live, type, at);
      return type->list_type == ListType::kMap ? KeyedList(desired, live, type, at) : Set(desired, live, at);
    }
    if (desired.is_list() && desired.empty() && live.is_null()) return;
    if (!SameScalar(desired, live, type, at)) Report(at, live, desired);
  }

  bool SameScalar(Value desired, Value live, const Type* type, const At* at) const {
    const Format format = type ? type->format : Format::kNone;
    if (EquivalentScalar(desired, live, format)) return true;
    if (format == Format::kQuantity) {
      // Resource lists of built-in types are rounded up to milli.
      const auto written = Quantity::Parse(desired.is_string() ? desired.AsString() : ""), kept = Quantity::Parse(live.AsString());
      return written.ok() && kept.ok() && written->RoundUp(-3) == *kept;
    }
    if (!desired.is_string() || !live.is_string()) return desired.is_null() && IsZero(live);
    const std::string_view field = at->kind == PathStep::Kind::kField ? at->name : at->up->name;
    if (!HoldsAddress(field)) return false;
    const auto a = CanonicalIp(desired.AsString()), b = CanonicalIp(live.AsString());
    return a && b && *a == *b;
  }

  void Map(Value desired, Value live, const Type* type, const At* up) {
    const auto there = live.members();
    size_t next = 0;
    for (const Member& m : desired.members()) {
      const Value* found = FindFrom(live, there, next, m.key);
      if (found && m.value.SameAs(*found)) continue;
      const At at{.up = up, .name = m.key};
      const Type* member = MemberType(type, m.key, &at);
      if (type && !member) continue;
      MemberOf(type, m, found, member, &at);
    }
  }

  void KeyedList(Value desired, Value live, const Type* type, const At* up) {
    if (const auto repeated = KeyedItems(desired, type->keys, type).FirstRepeated()) {
      const At at{.up = up, .kind = PathStep::Kind::kKey, .item = desired[*repeated], .key_names = type->keys, .list = type};
      out_.unsure.push_back(PathOf(&at).ToString() + " is there twice in the manifest: the server refuses to apply it");
    }
    KeyedItems there(live, type->keys, type);
    for (const Value& item : desired.items()) {
      const At at{.up = up, .kind = PathStep::Kind::kKey, .item = item, .key_names = type->keys, .list = type};
      const auto found = item.is_map() ? there.FindLike(item) : std::nullopt;
      if (!found) Report(&at, std::nullopt, item);
      else Compare(item, live[*found], type->item, &at);
    }
  }

  void Set(Value desired, Value live, const At* up) {
    SetItems there(live);
    for (const Value& item : desired.items()) {
      const At at{.up = up, .kind = PathStep::Kind::kValue, .item = item};
      if (!there.Has(item)) Report(&at, std::nullopt, item);
    }
  }

  // An atomic field is compared as a whole, down to the deepest place that differs; what the server adds is not counted.
  void Atomic(Value desired, Value live, const Type* type, const At* at) {
    const At* const outer = atomic_;
    if (!atomic_) atomic_ = at;
    if (desired.is_map()) {
      Map(desired, live, type, at);
      for (const Member& m : live.members()) {
        if (desired.Has(m.key) || IsServerDefault(type, m.key, m.value, desired)) continue;
        const At extra{.up = at, .name = m.key};
        Report(&extra, m.value, std::nullopt);
      }
    } else if (desired.size() != live.size()) {
      Report(at, live, desired);
    } else if (type && type->item && AnyOrder(type->item->name) && SameInAnyOrder(desired, live, type->item)) {
      // The server sorts them, or forgets their order in another version of the API.
    } else {
      for (size_t i = 0; i < desired.size(); ++i) {
        const At item{.up = at, .kind = PathStep::Kind::kIndex, .index = i};
        Compare(desired[i], live[i], type ? type->item : nullptr, &item);
      }
    }
    atomic_ = outer;
  }

  static bool AnyOrder(std::string_view item) {
    for (std::string_view name : {"io.k8s.api.autoscaling.v2.MetricSpec", "io.k8s.api.core.v1.EndpointSubset", "io.k8s.api.core.v1.EndpointAddress",
                                  "io.k8s.api.core.v1.EndpointPort"})
      if (item == name) return true;
    return false;
  }

  // Each item of `desired` is one of `live`, and each of those only once.
  static bool SameInAnyOrder(Value desired, Value live, const Type* type) {
    std::vector<bool> taken(live.size());
    const At inside;
    return std::all_of(desired.items().begin(), desired.items().end(), [&](Value item) {
      for (size_t i = 0; i < live.size(); ++i) {
        if (taken[i]) continue;
        Projection differing;
        Walk walk(differing);
        walk.atomic_ = &inside;
        walk.Compare(item, live[i], type, &inside);
        if (!differing.differences.empty()) continue;
        taken[i] = true;
        return true;
      }
      return false;
    });
  }

  Projection& out_;
  const At* atomic_ = nullptr;  // the atomic field that the walk is inside of
};

// Our last apply's fields against the manifest of now.
class Removals {
 public:
  explicit Removals(std::vector<Difference>& out) : out_(out) {}

  void Object(Value fields, Value desired, Value live, const Type* type) {
    const At root;
    for (const Member& m : fields.members())
      if (m.key.starts_with("f:") && m.key != "f:status") Node(m, desired, live, type, &root);
  }

 private:
  static bool IsLeaf(Value fields) { return fields.empty() || (fields.size() == 1 && fields.members()[0].key == "."); }

  void Children(Value fields, Value desired, Value live, const Type* type, const At* up) {
    std::optional<KeyedItems> wanted, there;  // made when the first key of a list is met
    std::optional<SetItems> wanted_set, there_set;
    for (const Member& m : fields.members()) {
      if (m.key.starts_with("f:")) Node(m, desired, live, type, up);
      else if (m.key.starts_with("k:")) Item(m, desired, live, type, up, wanted, there);
      else if (m.key.starts_with("v:")) SetItem(m, desired, live, up, wanted_set, there_set);
    }
  }

  void Node(const Member& m, Value desired, Value live, const Type* type, const At* up) {
    const std::string_view name = m.key.substr(2);
    const Value* wanted = desired.Find(name);
    if (wanted && m.value.empty()) return;
    const Value* there = live.Find(name);
    if (!there || IsServerMetadata(name)) return;
    const At at{.up = up, .name = name};
    if (!wanted && IsLeaf(m.value)) Report(&at, *there);
    else Children(m.value, wanted ? *wanted : Value(), *there, type ? type->Member(name) : nullptr, &at);
  }

  void Item(const Member& m, Value desired, Value live, const Type* type, const At* up, std::optional<KeyedItems>& wanted,
            std::optional<KeyedItems>& there) {
    const std::vector<Member> element = ParseKeyElement(m.key, memory_);
    if (element.empty()) return;
    std::vector<std::string_view> names;
    std::vector<Value> keys;
    for (const Member& key : element) {
      names.push_back(key.key);
      keys.push_back(key.value);
    }
    if (!wanted) wanted.emplace(desired, names, type);
    if (!there) there.emplace(live, names, type);
    const auto mine = wanted->Find(keys), theirs = there->Find(keys);
    if (!theirs) return;
    const At at{.up = up, .kind = PathStep::Kind::kKey, .item = live[*theirs], .key_names = names, .list = type};
    if (!mine) Report(&at, live[*theirs]);
    else Children(m.value, desired[*mine], live[*theirs], type ? type->item : nullptr, &at);
  }

  void SetItem(const Member& m, Value desired, Value live, const At* up, std::optional<SetItems>& wanted, std::optional<SetItems>& there) {
    const auto parsed = ParseJson(m.key.substr(2));
    if (!parsed.ok()) return;
    if (!wanted) wanted.emplace(desired);
    if (!there) there.emplace(live);
    const Value item = parsed->root();
    if (wanted->Has(item) || !there->Has(item)) return;
    const At at{.up = up, .kind = PathStep::Kind::kValue, .item = item};
    const auto kept = std::find(live.items().begin(), live.items().end(), item);
    Report(&at, *kept);
  }

  void Report(const At* at, Value live) {
    FieldPath path = PathOf(at);
    out_.push_back({path, live, std::nullopt, path});
  }

  std::vector<Difference>& out_;
  Arena memory_;  // of keys with escapes
};

}  // namespace

Projection Project(Value desired, Value live, const Type* type) {
  Projection out;
  Walk(out).Object(desired, live, type);
  return out;
}

std::vector<Difference> FindRemoved(Value owned, Value desired, Value live, const Type* type) {
  std::vector<Difference> out;
  Removals(out).Object(owned, desired, live, type);
  return out;
}

}  // namespace plumb
