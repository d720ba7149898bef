#include "core/yaml_events.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/utf8.h"

namespace plumb {

namespace {

// What libyaml says, and what a person needs to read. An empty `found` matches any character at the place.
constexpr struct {
  std::string_view problem;
  std::string_view found;  // one of these characters stands there
  std::string_view help;
} kHelp[] = {
    {"found character that cannot start any token", "\t", "found a tab where only spaces may indent; replace it by spaces"},
    {"found character that cannot start any token", "@`", "a plain value cannot start with this character; quote it"},
    {"found character that cannot start any token", "%", "a plain value cannot start with '%'; quote it"},
    {"mapping values are not allowed in this context", "",
     "found ': ' inside a value; quote the value, or check the indentation"},
    {"could not find expected ':'", "", "expected 'key: value', but found no ':' on the line of the key"},
    {"did not find expected key", "", "expected 'key: value'; check the indentation against the lines above, and quotes"},
    {"did not find expected '-' indicator", "", "expected '- ' of the next list item; check the indentation"},
    {"did not find expected ',' or ']'", "", "expected ',' or ']' of the list"},
    {"did not find expected ',' or '}'", "", "expected ',' or '}' of the map"},
    {"found unexpected end of stream", "", "the text ends inside a quoted value; its closing quote is missing"},
    {"found unexpected document indicator", "", "found '---' or '...' inside a quoted value; its closing quote is missing"},
    {"did not find expected <document start>", "", "expected '---' before another document; check the indentation"},
    {"block sequence entries are not allowed in this context", "", "a list item '- ' cannot start here; put it on its own line"},
    {"block mapping entries are not allowed in this context", "", "a map cannot start here; put it on its own line"},
    {"found undefined tag handle", "", "the tag's handle is not declared"},
    {"found a tab character where an indentation space is expected", "", "found a tab where only spaces may indent; replace it by spaces"},
    {"found a tab character that violates indentation", "", "found a tab where only spaces may indent; replace it by spaces"},
};

std::string Help(std::string_view problem, std::string_view at) {
  for (const auto& h : kHelp)
    if (problem == h.problem && (h.found.empty() || (!at.empty() && h.found.find(at[0]) != std::string_view::npos)))
      return std::string(h.help);
  return std::string(problem);
}

// The sum over all events of the flow collections open at each: 8 million values at a depth of 25, about a second.
constexpr size_t kMostFlowWork = 200'000'000;
// libyaml compares each %TAG directive with all before it.
constexpr size_t kMostTagLines = 1000;

bool ManyTagLines(std::string_view text) {
  size_t lines = 0;
  for (size_t at = 0; (at = text.find("%TAG", at)) != std::string_view::npos; at += 4)
    if ((at == 0 || text[at - 1] == '\n' || text[at - 1] == '\r') && ++lines > kMostTagLines) return true;
  return false;
}

yaml_mark_t MarkAt(std::string_view text, size_t offset) {
  yaml_mark_t mark{};
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  mark.line = static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
  const size_t newline = before.rfind('\n');
  mark.column = before.size() - (newline == std::string_view::npos ? 0 : newline + 1);
  return mark;
}

// The text from a mark on. Marks count characters, columns of UTF-8 text are not bytes: walk the line.
std::string_view TextAt(std::string_view text, const yaml_mark_t& mark) {
  for (size_t line = 0; line < mark.line; ++line) {
    const size_t newline = text.find('\n');
    if (newline == std::string_view::npos) return {};
    text.remove_prefix(newline + 1);
  }
  for (size_t column = 0; column < mark.column && !text.empty(); ++column)
    text.remove_prefix(std::max<size_t>(1, Utf8Length(text)));
  return text;
}

}  // namespace

YamlEvents::YamlEvents(std::string_view text) : text_(text) {
  yaml_parser_initialize(&parser_);
  yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

YamlEvents::~YamlEvents() {
  yaml_event_delete(&event_);
  yaml_parser_delete(&parser_);
}

Status YamlEvents::Next() {
  if (!std::exchange(started_, true) && ManyTagLines(text_))
    return LimitExceeded(fmt::format("more than {} lines of YAML begin with %TAG", kMostTagLines));
  yaml_event_delete(&event_);
  if (!yaml_parser_parse(&parser_, &event_)) return Problem();
  return CountFlowWork();
}

// For each token libyaml walks over all flow collections that are open: time is the product of the two.
Status YamlEvents::CountFlowWork() {
  switch (event_.type) {
    case YAML_SEQUENCE_START_EVENT: flow_depth_ += event_.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE; break;
    case YAML_MAPPING_START_EVENT: flow_depth_ += event_.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE; break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      if (flow_depth_ > 0) --flow_depth_;  // within a flow collection there is no other
      break;
    default: break;
  }
  flow_work_ += flow_depth_;
  if (flow_work_ > kMostFlowWork)
    return YamlErrorAt(event_.start_mark, Code::kLimit, "lists and maps in brackets are nested too deeply for so large a text; write it as JSON or in block style");
  return Ok();
}

Error YamlEvents::Problem() const {
  const std::string_view problem = parser_.problem ? parser_.problem : "unknown problem";
  switch (parser_.error) {
    case YAML_MEMORY_ERROR: return LimitExceeded("no memory to parse YAML");
    case YAML_READER_ERROR: {
      const yaml_mark_t mark = MarkAt(text_, parser_.problem_offset);
      if (problem == "control characters are not allowed")
        return YamlErrorAt(mark, Code::kInvalid, fmt::format("found the control character U+{:04X}; write it as an escape in double quotes", parser_.problem_value));
      return YamlErrorAt(mark, Code::kInvalid, fmt::format("not UTF-8 text: {} (byte 0x{:02X})", problem, parser_.problem_value & 0xFF));
    }
    default: break;
  }
  std::string message = Help(problem, TextAt(text_, parser_.problem_mark));
  if (parser_.context && (parser_.context_mark.line != parser_.problem_mark.line))
    message += fmt::format(" ({}, line {})", parser_.context, parser_.context_mark.line + 1);
  return YamlErrorAt(parser_.problem_mark, Code::kInvalid, message);
}

Error YamlErrorAt(const yaml_mark_t& mark, Code code, std::string_view message) {
  return {code, fmt::format("{}:{}: {}", mark.line + 1, mark.column + 1, message)};
}

}  // namespace plumb
