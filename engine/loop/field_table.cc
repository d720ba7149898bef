#include "engine/loop/field_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace plumb {

namespace {

constexpr size_t kMeaningColumn = 40;

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

[[noreturn]] void Malformed(std::string_view line) {
  fmt::print(stderr, "field table: malformed line '{}'\n", line);
  std::abort();
}

// Cuts a suffix off; true where it was there.
bool Take(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

void ReadType(std::string_view text, std::string_view line, FieldRow& field) {
  for (bool more = true; more;) {
    more = false;
    if (Take(text, "@file")) more = true, field.in_clusters = false;
    if (Take(text, "@cluster")) more = true, field.in_files = false;
    if (Take(text, "!")) more = true, field.required = field.shown = true;
    if (Take(text, "+")) more = true, field.shown = true;
  }
  constexpr std::pair<std::string_view, FieldRow::Type> kTypes[] = {
      {"string", FieldRow::Type::kString}, {"bool", FieldRow::Type::kBool},   {"duration", FieldRow::Type::kDuration}, {"time", FieldRow::Type::kTime}, {"strings", FieldRow::Type::kStrings},
      {"texts", FieldRow::Type::kTexts},   {"any", FieldRow::Type::kAny},     {"map", FieldRow::Type::kMap},           {"list", FieldRow::Type::kList}};
  for (const auto& [name, type] : kTypes)
    if (text == name) return void(field.type = type);
  const size_t open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(')')) Malformed(line);
  const std::string inner(text.substr(open + 1, text.size() - open - 2));
  if (text.starts_with("int(")) {
    field.type = FieldRow::Type::kInt;
    const size_t dots = inner.find("..");
    if (dots == std::string::npos) Malformed(line);
    field.least = std::strtoll(inner.c_str(), nullptr, 10);
    field.most = std::strtoll(inner.c_str() + dots + 2, nullptr, 10);
  } else if (text.starts_with("choice(")) {
    field.type = FieldRow::Type::kChoice;
    for (size_t from = 0; from <= inner.size();) {
      const size_t comma = std::min(inner.find(',', from), inner.size());
      field.choices.push_back(inner.substr(from, comma - from));
      from = comma + 1;
    }
  } else {
    Malformed(line);
  }
}

FieldRow ReadLine(std::string_view line) {
  const size_t bar = line.find(" | ");
  const size_t colon = line.find(": ");
  if (bar == std::string_view::npos || colon == std::string_view::npos || colon > bar) Malformed(line);
  FieldRow field;
  field.name = Trim(line.substr(0, colon));
  field.meaning = Trim(line.substr(bar + 3));
  std::string_view type = Trim(line.substr(colon + 2, bar - colon - 2));
  for (const std::string_view sign : {" = ", " ~ "}) {
    const size_t at = type.find(sign);
    if (at == std::string_view::npos) continue;
    field.has_default = sign == " = ";
    field.value = Trim(type.substr(at + 3));
    type = Trim(type.substr(0, at));
    break;
  }
  ReadType(type, line, field);
  return field;
}

class ReferenceWriter {
 public:
  // `comment`: the column where what is not there by default begins to be commented out; kNone: it is there. `item`: the
  // first line begins an item of a list.
  static constexpr size_t kNone = std::string::npos;
  void Write(const FieldRow& parent, size_t indent, size_t comment, bool item) {
    for (const FieldRow& field : parent.fields) {
      const bool list = field.type == FieldRow::Type::kList;
      const bool active = comment == kNone && (field.has_default || field.shown || (field.type == FieldRow::Type::kMap && HasDefaults(field)));
      const size_t begin = item ? indent - 2 : indent;
      const size_t own = active ? kNone : std::min(comment, begin);
      Line(begin, own, fmt::format("{}{}:{}", std::exchange(item, false) ? "- " : "", field.name, field.value.empty() ? "" : " " + field.value), field.meaning);
      if (field.fields.empty()) continue;
      // The items of a list that is empty by default are an example.
      const size_t below = list && active && field.has_default ? indent : own;
      Write(field, indent + 2, below, list);
    }
  }
  std::string Take() { return std::move(out_); }

 private:
  static bool HasDefaults(const FieldRow& map) {
    return std::any_of(map.fields.begin(), map.fields.end(), [](const FieldRow& f) { return f.has_default || (f.type == FieldRow::Type::kMap && HasDefaults(f)); });
  }
  void Line(size_t indent, size_t comment, const std::string& text, const std::string& meaning) {
    std::string line = comment == kNone ? std::string(indent, ' ') : std::string(comment, ' ') + "# " + std::string(indent - comment, ' ');
    line += text;
    if (line.size() < kMeaningColumn) line.resize(kMeaningColumn, ' ');
    out_ += fmt::format("{} # {}\n", line, meaning);
  }

  std::string out_;
};

}  // namespace

const FieldRow* FieldRow::Find(std::string_view field) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const FieldRow& f) { return f.name == field; });
  return found == fields.end() ? nullptr : &*found;
}

FieldRow ParseFieldTable(std::string_view text) {
  FieldRow root;
  std::vector<std::pair<size_t, FieldRow*>> open = {{0, &root}};  // indentation of the fields of each
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (Trim(line).empty()) continue;
    const size_t indent = line.find_first_not_of(' ');
    if (indent > open.back().first) {
      if (open.back().second->fields.empty()) Malformed(line);
      open.emplace_back(indent, &open.back().second->fields.back());
    }
    while (indent < open.back().first) open.pop_back();
    if (indent != open.back().first) Malformed(line);
    open.back().second->fields.push_back(ReadLine(line));
  }
  return root;
}

std::string WriteFieldReference(const FieldRow& fields, size_t indent) {
  ReferenceWriter writer;
  writer.Write(fields, indent, ReferenceWriter::kNone, false);
  return writer.Take();
}

}  // namespace plumb
