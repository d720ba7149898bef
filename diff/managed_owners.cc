#include "diff/managed_owners.h"

#include <charconv>

#include "core/json.h"

namespace plumb {

namespace {

bool SamePair(const std::pair<std::string, PathScalar>& key, const Member& element) {
  return key.first == element.key && key.second.Matches(element.value);
}

// The child of a FieldsV1 node for one step of a path.
const Value* ChildFor(Value fields, const PathStep& step) {
  if (step.kind == PathStep::Kind::kField) {
    for (const Member& m : fields.members())
      if (m.key.starts_with("f:") && m.key.substr(2) == step.name) return &m.value;
    return nullptr;
  }
  Arena memory;
  for (const Member& m : fields.members()) {
    if (step.kind == PathStep::Kind::kKey && m.key.starts_with("k:")) {
      const std::vector<Member> element = ParseKeyElement(m.key, memory);
      bool same = element.size() == step.keys.size();
      for (size_t i = 0; same && i < element.size(); ++i) same = SamePair(step.keys[i], element[i]);
      if (same) return &m.value;
    } else if (step.kind == PathStep::Kind::kValue && m.key.starts_with("v:")) {
      const auto value = ParseJson(m.key.substr(2));
      if (value.ok() && step.value.Matches(value->root())) return &m.value;
    } else if (step.kind == PathStep::Kind::kIndex && m.key.starts_with("i:") && m.key.substr(2) == std::to_string(step.index)) {
      return &m.value;
    }
  }
  return nullptr;
}

}  // namespace

FieldWriter ManagedOwners::Entry::writer() const {
  return {std::string(manager), std::string(time), std::string(operation), std::string(subresource)};
}

ManagedOwners::ManagedOwners(Value object) {
  const Value list = object.Get("metadata").Get("managedFields");
  entries_.reserve(list.size());
  for (Value entry : list.items())
    entries_.push_back({entry.GetString("manager"), entry.GetString("operation"), entry.GetString("time"),
                        entry.GetString("subresource"), entry.Get("fieldsV1")});
}

const ManagedOwners::Entry* ManagedOwners::FindApply(std::string_view manager) const {
  for (const Entry& entry : entries_)
    if (entry.manager == manager && entry.operation == "Apply" && entry.subresource.empty()) return &entry;
  return nullptr;
}

const ManagedOwners::Entry* ManagedOwners::FindOwner(const FieldPath& path, const Entry* except) const {
  const Entry* latest = nullptr;
  for (const Entry& entry : entries_)
    if (&entry != except && OwnsPath(entry.fields, path) && (!latest || entry.time > latest->time)) latest = &entry;
  return latest;
}

size_t OwnedDepth(Value fields, const FieldPath& path) {
  for (size_t i = 0; i < path.size(); ++i) {
    if (i > 0 && fields.empty()) return i;
    const Value* child = ChildFor(fields, path[i]);
    if (!child) return 0;
    fields = *child;
  }
  return path.size();
}

std::vector<Member> ParseKeyElement(std::string_view element, Arena& memory) {
  std::vector<Member> out;
  const std::string_view text = element.substr(2);
  // The plain case by hand, since a Deployment has a dozen: {"name":text or integer,...} without escapes.
  size_t at = 1;
  while (text.size() > 2 && at < text.size() && text[at] == '"' && text.find('\\') == std::string_view::npos) {
    const size_t end = text.find('"', at + 1);
    if (end == std::string_view::npos || end + 2 >= text.size() || text[end + 1] != ':') break;
    const std::string_view name = text.substr(at + 1, end - at - 1);
    at = end + 2;
    if (text[at] == '"') {
      const size_t close = text.find('"', at + 1);
      if (close == std::string_view::npos) break;
      out.push_back({name, Arena::Borrow(text.substr(at + 1, close - at - 1))});
      at = close + 1;
    } else {
      int64_t number = 0;
      const auto [stop, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
      if (error != std::errc()) break;
      out.push_back({name, Arena::Int(number)});
      at = static_cast<size_t>(stop - text.data());
    }
    if (at < text.size() && text[at] == '}' && at + 1 == text.size()) return out;
    if (at >= text.size() || text[at] != ',') break;
    ++at;
  }
  out.clear();
  const auto parsed = ParseJson(text);
  if (!parsed.ok()) return out;
  const Value copy = memory.Adopt(*parsed);
  out.assign(copy.members().begin(), copy.members().end());
  return out;
}

}  // namespace plumb
