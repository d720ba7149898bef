#include "engine/sandbox/table_cells.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "core/edit.h"
#include "engine/sandbox/table.h"

namespace plumb::sandbox {

Value CellContext::At(std::string_view dotted) const {
  Value at = object;
  while (!dotted.empty()) {
    const std::string_view key = dotted.substr(0, dotted.find('.'));
    at = at.Get(key);
    dotted.remove_prefix(std::min(dotted.size(), key.size() + 1));
  }
  return at;
}

std::string Since(std::string_view time, WallTime now) {
  const auto at = ParseTime(time);
  return at.ok() ? HumanDuration(now - *at) : "<unknown>";
}

Value TableCell(Arena& arena, const TableColumn& column, const CellContext& context) {
  if (const auto* make = std::get_if<std::string (*)(const CellContext&)>(&column.cell)) return arena.String((*make)(context));
  const std::string_view path = std::get<std::string_view>(column.cell);
  const size_t bar = std::min(path.find('|'), path.size());
  const Value found = context.At(path.substr(0, bar));
  if ((found.is_string() && !found.AsString().empty()) || found.is_int() || found.is_bool()) return found;
  if (column.head.find(":integer") != std::string_view::npos) return Arena::Int(0);
  if (column.head.find(":boolean") != std::string_view::npos) return Arena::Bool(false);
  return arena.String(path.substr(std::min(path.size(), bar + 1)));
}

std::string Or(std::string text, std::string_view otherwise) { return text.empty() ? std::string(otherwise) : text; }
std::string Joined(const Texts& parts, std::string_view by) { return fmt::format("{}", fmt::join(parts, by)); }

// The first three, and how many more there are.
std::string FirstThree(Texts parts) {
  const size_t all = parts.size();
  if (all > 3) parts.resize(3);
  return Joined(parts) + (all > 3 ? fmt::format(" + {} more...", all - 3) : "");
}

Texts TextsOf(Value list, std::string_view field) {
  Texts texts;
  for (const Value item : list.items()) texts.emplace_back(field.empty() ? item.AsString() : item.GetString(field));
  return texts;
}

std::string LabelsText(Value map) {
  Texts parts;
  for (const Member& m : map.members()) parts.push_back(fmt::format("{}={}", m.key, m.value.AsString()));
  std::ranges::sort(parts);
  return Or(Joined(parts), "<none>");
}

// A metav1.LabelSelector as kubectl writes it.
std::string SelectorText(Value selector) {
  Texts parts;
  for (const Member& m : selector.Get("matchLabels").members()) parts.push_back(fmt::format("{}={}", m.key, m.value.AsString()));
  for (const Value e : selector.Get("matchExpressions").items()) {
    const std::string_view key = e.GetString("key"), op = e.GetString("operator");
    Texts values = TextsOf(e.Get("values"));
    std::ranges::sort(values);
    if (op == "Exists") parts.emplace_back(key);
    else if (op == "DoesNotExist") parts.push_back(fmt::format("!{}", key));
    else parts.push_back(fmt::format("{} {} ({})", key, op == "In" ? "in" : "notin", Joined(values)));
  }
  std::ranges::sort(parts);
  return Or(Joined(parts), "<none>");
}

std::string AccessModesText(Value modes) {
  Texts texts;
  for (const Value mode : modes.items()) {
    const std::string_view m = mode.AsString();
    texts.emplace_back(m == "ReadWriteOnce" ? "RWO" : m == "ReadOnlyMany" ? "ROX" : m == "ReadWriteMany" ? "RWX" : m == "ReadWriteOncePod" ? "RWOP" : m);
  }
  return Joined(texts);
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return lower;
}

std::string Number(const CellContext& c, std::string_view path) { return std::to_string(c.At(path).AsInt()); }

std::string Age(const CellContext& c) { return Since(c.Text("metadata.creationTimestamp"), c.now); }

const TableKind& TableKindOf(std::string_view store_name) {
  static const std::vector<TableKind> kinds = [] {
    std::vector<TableKind> all = WorkloadTables();
    for (TableKind& kind : ConfigurationTables()) all.push_back(std::move(kind));
    all.push_back({"", {{"Age:string", Age}}});
    return all;
  }();
  const auto found = std::ranges::find(kinds, store_name, &TableKind::store_name);
  return found == kinds.end() ? kinds.back() : *found;
}

}  // namespace plumb::sandbox
