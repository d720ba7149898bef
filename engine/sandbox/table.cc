#include "engine/sandbox/table.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/edit.h"
#include "core/json.h"
#include "engine/sandbox/table_cells.h"

namespace plumb::sandbox {

using namespace std::chrono;

std::string HumanDuration(Duration d) {
  const int64_t s = duration_cast<seconds>(d).count();
  if (s < 0) return "0s";
  if (s < 120) return fmt::format("{}s", s);
  const int64_t m = s / 60;
  if (m < 10) return s % 60 ? fmt::format("{}m{}s", m, s % 60) : fmt::format("{}m", m);
  if (m < 180) return fmt::format("{}m", m);
  const int64_t h = m / 60;
  if (h < 8) return m % 60 ? fmt::format("{}h{}m", h, m % 60) : fmt::format("{}h", h);
  if (h < 48) return fmt::format("{}h", h);
  if (h < 192) return h % 24 ? fmt::format("{}d{}h", h / 24, h % 24) : fmt::format("{}d", h / 24);
  if (h < 24 * 365 * 2) return fmt::format("{}d", h / 24);
  if (h < 24 * 365 * 8) return h / 24 % 365 ? fmt::format("{}y{}d", h / 24 / 365, h / 24 % 365) : fmt::format("{}y", h / 24 / 365);
  return fmt::format("{}y", h / 24 / 365);
}

std::string PodStatus(Value pod) {
  const Value status = pod.Get("status");
  std::string reason(status.GetString("reason").empty() ? status.GetString("phase") : status.GetString("reason"));
  bool running = false;
  for (Value c : status.Get("containerStatuses").items()) {
    const Value waiting = GetAt(c, {"state", "waiting"}), terminated = GetAt(c, {"state", "terminated"});
    if (!waiting.GetString("reason").empty()) reason = waiting.GetString("reason");
    else if (!terminated.GetString("reason").empty()) reason = terminated.GetString("reason");
    else if (c.Get("ready").AsBool() && c.Get("state").Has("running")) running = true;
  }
  if (reason == "Completed" && running) reason = "Running";
  const bool done = status.GetString("phase") == "Succeeded" || status.GetString("phase") == "Failed";
  if (pod.Get("metadata").Has("deletionTimestamp")) return status.GetString("reason") == "NodeLost" ? "Unknown" : done ? reason : "Terminating";
  return reason;
}

namespace {

Value Column(Arena& a, std::string_view name, std::string_view type, std::string_view format, int64_t priority, std::string_view description) {
  return a.Map({{"name", a.String(name)}, {"type", a.String(type)}, {"format", a.String(format)}, {"description", a.String(description)}, {"priority", Arena::Int(priority)}});
}

// The value at a simple JSONPath of a printer column: ".spec.items[0].name", ".metadata.annotations.a\.b".
Value AtJsonPath(Value at, std::string_view path) {
  std::string key;
  for (size_t i = 0; i <= path.size(); ++i) {
    const char c = i < path.size() ? path[i] : '.';
    if (c == '\\' && i + 1 < path.size()) {
      key += path[++i];
    } else if (c == '.' || c == '[') {
      if (!key.empty()) at = at.Get(key);
      key.clear();
      if (c == '[') {
        const size_t end = std::min(path.find(']', i), path.size());
        const size_t index = static_cast<size_t>(std::atoi(std::string(path.substr(i + 1, end - i - 1)).c_str()));
        at = index < at.size() && at.is_list() ? at[index] : Value();
        i = end;
      }
    } else {
      key += c;
    }
  }
  return at;
}

}  // namespace

std::string TableColumns(const Resource& resource) {
  Arena a;
  const Value name = Column(a, "Name", "string", "name", 0, "Name must be unique within a namespace.");
  std::vector<Value> columns;
  const Value custom = resource.crd_version->Get("additionalPrinterColumns");
  if (!custom.empty()) {
    columns.push_back(name);
    for (Value c : custom.items())
      columns.push_back(Column(a, c.GetString("name"), c.GetString("type"), c.GetString("format"), c.Get("priority").AsInt(), c.GetString("description")));
    return WriteJson(a.List(columns));
  }
  const TableKind& kind = TableKindOf(resource.StoreName());
  if (kind.name_first) columns.push_back(name);
  for (const TableColumn& column : kind.columns) {
    const bool wide = column.head.starts_with('*');
    const std::string_view head = column.head.substr(wide), type = head.substr(head.find(':') + 1);
    const size_t colon = std::min(type.find(':'), type.size());
    columns.push_back(Column(a, head.substr(0, head.find(':')), type.substr(0, colon), type.substr(std::min(type.size(), colon + 1)), wide, ""));
  }
  return WriteJson(a.List(columns));
}

std::vector<Value> TableCells(Arena& arena, const Resource& resource, Value object, WallTime now) {
  const CellContext context = {object, now};
  std::vector<Value> cells;
  const Value custom = resource.crd_version->Get("additionalPrinterColumns");
  const TableKind& kind = TableKindOf(custom.empty() ? resource.StoreName() : "");
  if (kind.name_first) cells.push_back(TableCell(arena, {"Name:string", kind.name}, context));
  if (custom.empty()) {
    for (const TableColumn& column : kind.columns) cells.push_back(TableCell(arena, column, context));
    return cells;
  }
  for (Value c : custom.items()) {
    const Value v = AtJsonPath(object, c.GetString("jsonPath"));
    if (c.GetString("type") == "date" && v.is_string()) cells.push_back(arena.String(Since(v.AsString(), now)));
    else if (v.is_map() || v.is_list()) cells.push_back(arena.String(WriteJson(v)));
    else cells.push_back(v);
  }
  return cells;
}

}  // namespace plumb::sandbox
