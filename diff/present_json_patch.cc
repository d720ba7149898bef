#include "core/edit.h"
#include "diff/json_patch.h"
#include "diff/patched.h"
#include "diff/present.h"

namespace plumb {

namespace {

// Turns field changes into operations on an object that changes with each of them.
class Operations {
 public:
  Operations(Arena& arena, Value object) : arena_(arena), object_(object) {}

  void Add(const FieldChange& change) {
    if (change.cause == Cause::kReleased) return;  // only our claim goes
    std::string pointer;
    Value at = object_;
    for (size_t i = 0; i < change.path.size(); ++i) {
      const PathStep& step = change.path[i];
      const bool last = i + 1 == change.path.size();
      const Value* child = FieldPath({step}).Find(at);
      if (step.kind == PathStep::Kind::kField) {
        pointer += "/" + EscapeJsonPointer(step.name);
      } else {
        const size_t index = child ? static_cast<size_t>(child - at.items().data()) : at.size();
        pointer += "/" + (child ? std::to_string(index) : "-");
      }
      if (last) {
        if (!child && !change.new_value) return;
        Put(child ? (change.new_value ? "replace" : "remove") : "add", pointer, change.new_value);
      } else if (!child) {
        return;  // nothing to hang it on: PutAt leaves such a path alone, too
      } else {
        at = *child;
      }
    }
    object_ = PutAt(arena_, object_, change.path, change.new_value);
  }

  Value Take() { return arena_.List(operations_); }

 private:
  void Put(std::string_view op, const std::string& pointer, const std::optional<Value>& value) {
    std::vector<Member> members = {{"op", Arena::Borrow(op)}, {"path", arena_.String(pointer)}};
    if (value) members.push_back({"value", arena_.Copy(*value)});
    operations_.push_back(arena_.Map(members));
  }

  Arena& arena_;
  Value object_;
  std::vector<Value> operations_;
};

}  // namespace

Document PresentJsonPatch(std::span<const MaskedDiff> diffs) {
  return BuildDocument([&](Arena& arena) {
    std::vector<Value> objects;
    for (const MaskedDiff& diff : diffs) {
      if (diff->action == DiffAction::kNone) continue;
      for (const Document* document : {&diff->live, &diff->desired, &diff->memory}) arena.Adopt(document->arena());
      Operations operations(arena, diff->live.root());
      Value patch;
      if (diff->action == DiffAction::kCreate)
        patch = arena.List({arena.Map({{"op", Arena::Borrow("add")}, {"path", Arena::Borrow("")}, {"value", diff->desired.root()}})});
      else if (diff->action == DiffAction::kDelete)
        patch = arena.List({arena.Map({{"op", Arena::Borrow("remove")}, {"path", Arena::Borrow("")}})});
      else
        for (const FieldChange& change : diff->changes) operations.Add(change);
      std::vector<Member> members = {{"action", Arena::Borrow(DiffActionName(diff->action))},
                                     {"apiVersion", arena.String(diff->gvk.ApiVersion())},
                                     {"kind", arena.String(diff->gvk.kind)}};
      if (!diff->id.ns.empty()) members.push_back({"namespace", arena.String(diff->id.ns)});
      members.push_back({"name", arena.String(diff->id.name)});
      members.push_back({"patch", diff->action == DiffAction::kPatch ? operations.Take() : patch});
      objects.push_back(arena.Map(members));
    }
    return arena.List(objects);
  });
}

}  // namespace plumb
