// What stands in a printed table of a built-in kind: for each kind its columns, for each column where its text comes from.
// Only the table (table.h) includes this. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/arena.h"
#include "core/clock.h"

namespace plumb::sandbox {

// What the text of a cell is made from.
struct CellContext {
  Value object;
  WallTime now;

  Value At(std::string_view dotted) const;  // "spec.nodeName"
  std::string_view Text(std::string_view dotted) const { return At(dotted).AsString(); }
};

// A path into the object, with what to show where nothing is there behind a bar ("spec.nodeName|<none>"; "" without), or a
// function. Integers and booleans found at a path stay what they are.
using CellSource = std::variant<std::string_view, std::string (*)(const CellContext&)>;

struct TableColumn {
  // "Name:type" or "Name:type:format"; a '*' in front where only `-o wide` shows it.
  std::string_view head;
  CellSource cell;
};

using Columns = std::vector<TableColumn>;

struct TableKind {
  std::string_view store_name;  // as Resource::StoreName(); "" is every other kind
  Columns columns;              // after that of the name
  CellSource name = "metadata.name";
  bool name_first = true;  // false: `columns` has a place of its own for the name
};

// The table of a built-in kind. Source: pkg/printers/internalversion of Kubernetes 1.36.
const TableKind& TableKindOf(std::string_view store_name);

// The cell as a Value: a string, or the integer or boolean at its path.
Value TableCell(Arena& arena, const TableColumn& column, const CellContext& context);

// "5s", "3m20s", "4d" since an RFC 3339 time; "<unknown>" where it is none.
std::string Since(std::string_view time, WallTime now);

// Of the pieces that cells are made from.
using Texts = std::vector<std::string>;
Texts TextsOf(Value list, std::string_view field = "");  // of its items, or of that field of each
std::string Or(std::string text, std::string_view otherwise);  // `otherwise` where it is empty
std::string Joined(const Texts& parts, std::string_view by = ",");
std::string FirstThree(Texts parts);         // "a,b,c + 2 more..."
std::string LabelsText(Value map);           // "a=b,c=d", sorted; "<none>"
std::string SelectorText(Value selector);    // of a metav1.LabelSelector
std::string AccessModesText(Value modes);    // "RWO,ROX"
std::string Lower(std::string_view text);
std::string Number(const CellContext& c, std::string_view path);
std::string Age(const CellContext& c);

// The tables by where their kinds belong: what runs and is reached, and everything else.
std::vector<TableKind> WorkloadTables();
std::vector<TableKind> ConfigurationTables();

}  // namespace plumb::sandbox
