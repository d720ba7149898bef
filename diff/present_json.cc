#include "diff/present.h"

namespace plumb {

namespace {

class Builder {
 public:
  explicit Builder(Arena& arena) : arena_(arena) {}

  Value Object(const ObjectDiff& diff) {
    Members out;
    Add(out, "action", Text(DiffActionName(diff.action)));
    Add(out, "group", Text(diff.gvk.group));
    Add(out, "version", Text(diff.gvk.version));
    Add(out, "kind", Text(diff.gvk.kind));
    if (!diff.id.ns.empty()) Add(out, "namespace", Text(diff.id.ns));
    Add(out, "name", Text(diff.id.name));
    if (!diff.origin.file.empty()) Add(out, "origin", Text(diff.origin.ToString()));
    Add(out, "exact", Arena::Bool(diff.exact()));
    Add(out, "mustReplace", Arena::Bool(diff.must_replace()));
    if (!diff.uncertain.empty()) Add(out, "uncertain", Texts(diff.uncertain));
    if (!diff.warnings.empty()) Add(out, "warnings", Texts(diff.warnings));
    Add(out, "changes", Changes(diff, diff.changes));
    if (!diff.ignored.empty()) Add(out, "ignored", Changes(diff, diff.ignored));
    return arena_.Map(out);
  }

  Value Summary(const DiffSummary& s) {
    const auto count = [](size_t n) { return Arena::Int(static_cast<int64_t>(n)); };
    return arena_.Map({{"create", count(s.create)}, {"patch", count(s.patch)}, {"delete", count(s.remove)}, {"none", count(s.none)},
                       {"fields", count(s.fields)}, {"ignored", count(s.ignored)}, {"uncertain", count(s.uncertain)}});
  }

 private:
  using Members = std::vector<Member>;

  void Add(Members& out, std::string_view key, Value value) { out.push_back({key, value}); }
  Value Text(std::string_view text) { return arena_.String(text); }
  Value Texts(const std::vector<std::string>& texts) {
    std::vector<Value> items;
    for (const std::string& text : texts) items.push_back(Text(text));
    return arena_.List(items);
  }

  Value Changes(const ObjectDiff& diff, const std::vector<FieldChange>& changes) {
    std::vector<Value> items;
    for (const FieldChange& change : changes) items.push_back(Change(diff, change));
    return arena_.List(items);
  }

  Value Change(const ObjectDiff& diff, const FieldChange& change) {
    Members out;
    Add(out, "path", Text(change.path.ToString()));
    if (change.old_value) Add(out, "old", arena_.Copy(*change.old_value));
    if (change.new_value) Add(out, "new", arena_.Copy(*change.new_value));
    Add(out, "cause", Text(CauseName(change.cause)));
    Add(out, "explanation", Text(change.Explain()));
    if (!change.writer.manager.empty()) Add(out, "writer", Writer(change.writer));
    if (change.immutable) Add(out, "immutable", Arena::Bool(true));
    const std::string why = diff.WhyUncertain(change);
    Add(out, "certainty", Arena::Borrow(why.empty() ? "exact" : "needs-server"));
    if (!why.empty()) Add(out, "why", Text(why));
    if (!change.note.empty()) Add(out, "ignoredBy", Text(change.note));
    return arena_.Map(out);
  }

  Value Writer(const FieldWriter& writer) {
    Members out;
    Add(out, "manager", Text(writer.manager));
    Add(out, "operation", Text(writer.operation));
    if (!writer.time.empty()) Add(out, "time", Text(writer.time));
    if (!writer.subresource.empty()) Add(out, "subresource", Text(writer.subresource));
    return arena_.Map(out);
  }

  Arena& arena_;
};

}  // namespace

Document PresentJson(std::span<const MaskedDiff> diffs) {
  return BuildDocument([&](Arena& arena) {
    Builder builder(arena);
    std::vector<Value> objects;
    for (const MaskedDiff& diff : diffs) objects.push_back(builder.Object(diff.diff()));
    return arena.Map({{"apiVersion", Arena::Borrow("plumb.dev/v1")},
                      {"kind", Arena::Borrow("Diff")},
                      {"summary", builder.Summary(Summarise(diffs))},
                      {"objects", arena.List(objects)}});
  });
}

}  // namespace plumb
