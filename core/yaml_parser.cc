// YAML text into trees: libyaml's events, go-yaml's meaning of scalars, keys, merges and aliases.
//
// Children are gathered on stacks shared by the whole document, so that it costs few allocations beyond the arena's.
// An alias shares the nodes of its anchor: a document of many aliases is small in memory, and is bounded by the
// number of nodes that it stands for.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "core/hash.h"
#include "core/json.h"
#include "core/map_keys.h"
#include "core/number.h"
#include "core/utf8.h"
#include "core/yaml.h"
#include "core/yaml_events.h"
#include "core/yaml_fold.h"
#include "core/yaml_scalar.h"

namespace plumb {

namespace {

using Type = YamlScalar::Type;

constexpr std::string_view kBinaryTag = "tag:yaml.org,2002:binary";
constexpr std::string_view kStringTag = "tag:yaml.org,2002:str";
constexpr std::string_view kMergeTag = "tag:yaml.org,2002:merge";

constexpr size_t kMostWarnings = 100;  // of a document

// go-yaml's bound on aliases: the share of a document's nodes that may come from them falls from 99 % at 400,000
// nodes to 10 % at 4,000,000. Source: go-yaml decode.go, allowedAliasRatio.
double AllowedAliasShare(size_t nodes) {
  constexpr double kLow = 400'000, kHigh = 4'000'000;
  const double n = static_cast<double>(nodes);
  if (n <= kLow) return 0.99;
  if (n >= kHigh) return 0.10;
  return 0.99 - 0.89 * (n - kLow) / (kHigh - kLow);
}

// A float of YAML as the API server sees it after the way through JSON: 1e3 is written 1000 there, an integer.
Value NumberValue(Arena& arena, double d) {
  if (d >= -0x1p63 && d < 0x1p63 && d == std::trunc(d)) return Arena::Int(static_cast<int64_t>(d));
  return arena.Float(d);
}

class DocumentBuilder {
 public:
  DocumentBuilder(YamlEvents& events, const YamlOptions& options) : events_(events), options_(options) {}

  // Builds the document whose DOCUMENT-START is the current event, to its DOCUMENT-END.
  Result<YamlDocument> Build();

 private:
  struct Scalar {
    YamlScalar meaning;
    std::string_view text;  // in the arena
    bool quoted = false;    // not plain; or left out in a flow collection
  };
  struct Anchor {
    Value value{};      // of a list or map
    Scalar scalar{};    // where it is one: what it becomes depends on where it is used, as a key or as a value
    bool is_scalar = false;
    size_t nodes = 0;   // the tree's size
    size_t bytes = 0;   // of its texts
    size_t height = 0;  // and depth
    bool open = false;  // its end was not seen yet
  };
  struct KeyPlace {
    yaml_mark_t mark;
    bool merged;
  };

  Result<Value> ParseNode();
  Result<Value> ParseContent();
  Result<Value> ParseList();
  Result<Value> ParseMap();
  Result<std::string_view> ParseKey();
  Status ParseMerge();
  Status AddMerged(size_t first_value);
  Result<Value> FinishMap(size_t first);
  Result<Scalar> ParseScalar();
  Result<Value> ScalarValue(const Scalar& scalar, const yaml_mark_t& mark);
  Value WrittenScalar(const Scalar& scalar);
  Result<std::string_view> ScalarKey(const Scalar& scalar, const yaml_mark_t& mark);
  Result<const Anchor*> ResolveAlias();
  Status Count(size_t nodes, size_t from_aliases);

  bool kyaml() const { return options_.dialect == YamlDialect::kKyaml; }
  Error Bad(std::string_view message) const { return Bad(events_.event().start_mark, message); }
  static Error Bad(const yaml_mark_t& mark, std::string_view message) { return YamlErrorAt(mark, Code::kInvalid, message); }
  bool IsMerge() const {
    if (events_.type() != YAML_SCALAR_EVENT || events_.scalar() != "<<") return false;
    const auto& scalar = events_.event().data.scalar;
    return scalar.plain_implicit || YamlText(scalar.tag) == kMergeTag;
  }

  YamlEvents& events_;
  const YamlOptions& options_;
  std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();
  std::vector<Value> values_;
  std::vector<Member> members_;
  std::vector<KeyPlace> places_;  // of members_
  std::unordered_map<std::string, Anchor> anchors_;
  std::vector<std::string> warnings_;
  size_t depth_ = 0, deepest_ = 0;
  size_t flow_ = 0;  // how many of the open collections are in [] or {}
  size_t nodes_ = 0, alias_nodes_ = 0;
  size_t bytes_ = 0;  // of texts, aliases written out
};

Result<YamlDocument> DocumentBuilder::Build() {
  if (const auto* version = events_.event().data.document_start.version_directive; version && (version->major != 1 || version->minor != 1))
    return Bad(fmt::format("the document asks for YAML {}.{}, but Kubernetes reads YAML 1.1; remove the %YAML line", version->major, version->minor));
  PLUMB_OK(Count(1, 0));
  PLUMB_OK(events_.Next());
  YamlDocument document;
  document.line = static_cast<int>(events_.event().start_mark.line) + 1;
  PLUMB_TRY(root, ParseNode());
  PLUMB_OK(events_.Next());
  arena_->Seal();
  document.value = Document(std::move(arena_), root);
  document.warnings = std::move(warnings_);
  return document;
}

Status DocumentBuilder::Count(size_t nodes, size_t from_aliases) {
  nodes_ += nodes;
  alias_nodes_ += from_aliases;
  if (nodes_ > options_.nodes)
    return YamlErrorAt(events_.event().start_mark, Code::kLimit,
                       fmt::format("the document has more than {} values{}", options_.nodes, alias_nodes_ ? ", most of them by aliases" : ""));
  if (alias_nodes_ > 100 && nodes_ > 1000 && static_cast<double>(alias_nodes_) / static_cast<double>(nodes_) > AllowedAliasShare(nodes_))
    return YamlErrorAt(events_.event().start_mark, Code::kLimit, "the document consists of aliases almost wholly; write its values out");
  return Ok();
}

// The node of the current event. Leaves its last event as the current one.
Result<Value> DocumentBuilder::ParseNode() {
  PLUMB_OK(Count(1, 0));
  if (events_.type() == YAML_ALIAS_EVENT) {
    const yaml_mark_t mark = events_.event().start_mark;
    PLUMB_TRY(anchor, ResolveAlias());
    if (anchor->is_scalar) return ScalarValue(anchor->scalar, mark);
    return anchor->value;
  }
  const auto& event = events_.event();
  const yaml_char_t* name = event.type == YAML_SCALAR_EVENT           ? event.data.scalar.anchor
                            : event.type == YAML_SEQUENCE_START_EVENT ? event.data.sequence_start.anchor
                                                                      : event.data.mapping_start.anchor;
  if (!name) return ParseContent();

  const std::string key(YamlText(name));
  if (event.type == YAML_SCALAR_EVENT) {
    const yaml_mark_t mark = event.start_mark;
    PLUMB_TRY(scalar, ParseScalar());
    anchors_[key] = {.scalar = scalar, .is_scalar = true, .nodes = 1, .bytes = scalar.text.size()};
    return ScalarValue(scalar, mark);
  }
  anchors_[key] = {.open = true};  // a later anchor of the same name replaces the earlier
  const size_t nodes = nodes_, bytes = bytes_, deepest = std::exchange(deepest_, depth_);
  PLUMB_TRY(value, ParseContent());
  anchors_[key] = {.value = value, .nodes = nodes_ - nodes + 1, .bytes = bytes_ - bytes, .height = deepest_ - depth_};
  deepest_ = std::max(deepest, deepest_);
  return value;
}

Result<Value> DocumentBuilder::ParseContent() {
  switch (events_.type()) {
    case YAML_SCALAR_EVENT: {
      const yaml_mark_t mark = events_.event().start_mark;
      PLUMB_TRY(scalar, ParseScalar());
      return ScalarValue(scalar, mark);
    }
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT: break;
    default: return Internal("unexpected YAML event");
  }
  if (depth_ == options_.depth)
    return YamlErrorAt(events_.event().start_mark, Code::kLimit, fmt::format("nested more than {} deep", options_.depth));
  deepest_ = std::max(deepest_, ++depth_);
  const bool is_list = events_.type() == YAML_SEQUENCE_START_EVENT;
  const bool is_flow = is_list ? events_.event().data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE
                               : events_.event().data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
  flow_ += is_flow;
  auto value = is_list ? ParseList() : ParseMap();
  flow_ -= is_flow;
  --depth_;
  return value;
}

Result<Value> DocumentBuilder::ParseList() {
  const size_t first = values_.size();
  for (;;) {
    PLUMB_OK(events_.Next());
    if (events_.type() == YAML_SEQUENCE_END_EVENT) break;
    PLUMB_TRY(item, ParseNode());
    values_.push_back(item);
  }
  const Value list = arena_->List(std::span(values_).subspan(first));
  values_.resize(first);
  return list;
}

Result<Value> DocumentBuilder::ParseMap() {
  const size_t first = members_.size();
  for (;;) {
    PLUMB_OK(events_.Next());
    if (events_.type() == YAML_MAPPING_END_EVENT) break;
    if (IsMerge()) {
      PLUMB_OK(events_.Next());
      PLUMB_OK(ParseMerge());
      continue;
    }
    const yaml_mark_t mark = events_.event().start_mark;
    PLUMB_TRY(key, ParseKey());
    PLUMB_OK(events_.Next());
    PLUMB_TRY(value, ParseNode());
    members_.push_back({key, value});
    places_.push_back({mark, false});
  }
  auto map = FinishMap(first);
  members_.resize(first);
  places_.resize(first);
  return map;
}

// The map of members_ from `first` on, each key once. go-yaml v2 sets keys in the order they come, merged ones too;
// v3 refuses a repeated key, and a merged key never replaces another.
Result<Value> DocumentBuilder::FinishMap(size_t first) {
  const std::span<Member> members = std::span(members_).subspan(first);
  if (!HasRepeatedKeys(members)) return arena_->Map(members);
  const bool keep_repeated = kyaml() && options_.as_written;
  std::unordered_map<std::string_view, size_t> index;
  size_t kept = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    const Member member = members[i];
    const KeyPlace place = places_[first + i];
    const auto [found, fresh] = index.try_emplace(member.key, kept);
    if (fresh) {
      members[kept] = member;
      places_[first + kept++] = place;
      continue;
    }
    Member& earlier = members[found->second];
    KeyPlace& earlier_place = places_[first + found->second];
    if (!place.merged && !earlier_place.merged && keep_repeated) {
      warnings_.push_back(fmt::format("{}:{}: key '{}' given twice; the first is on line {}", place.mark.line + 1, place.mark.column + 1,
                                      member.key, earlier_place.mark.line + 1));
      members[kept] = member;
      places_[first + kept++] = place;
      continue;
    }
    if (!place.merged && !earlier_place.merged) {
      if (kyaml() || options_.refuse_duplicate_keys)
        return Bad(place.mark, fmt::format("key '{}' given twice; the first is on line {}", member.key, earlier_place.mark.line + 1));
      if (warnings_.size() < kMostWarnings)
        warnings_.push_back(fmt::format("line {}: key '{}' given twice; the last one counts", place.mark.line + 1, member.key));
    }
    if (kyaml() && place.merged) continue;
    earlier.value = member.value;
    earlier_place = place;
  }
  return arena_->Map(members.first(kept));
}

// The value of a merge key '<<': a map, an alias of one, or a list of those.
Status DocumentBuilder::ParseMerge() {
  const Error want = Bad("expected a map, an alias of a map or a list of those after '<<'");
  if (events_.type() != YAML_SEQUENCE_START_EVENT) {
    if (events_.type() == YAML_SCALAR_EVENT) return want;
    const size_t first = values_.size();
    PLUMB_TRY(map, ParseNode());
    if (!map.is_map()) return want;
    values_.push_back(map);
    return AddMerged(first);
  }
  if (depth_ == options_.depth)
    return YamlErrorAt(events_.event().start_mark, Code::kLimit, fmt::format("nested more than {} deep", options_.depth));
  const size_t first = values_.size();
  for (;;) {
    PLUMB_OK(events_.Next());
    if (events_.type() == YAML_SEQUENCE_END_EVENT) break;
    const Error want_map = Bad("expected a map or an alias of one in the list after '<<'");
    if (events_.type() != YAML_MAPPING_START_EVENT && events_.type() != YAML_ALIAS_EVENT) return want_map;
    PLUMB_TRY(map, ParseNode());
    if (!map.is_map()) return want_map;
    values_.push_back(map);
  }
  // Earlier maps win: v2 sets the last first, v3 keeps the first.
  if (!kyaml()) std::reverse(values_.begin() + static_cast<ptrdiff_t>(first), values_.end());
  return AddMerged(first);
}

Status DocumentBuilder::AddMerged(size_t first_value) {
  for (size_t i = first_value; i < values_.size(); ++i) {
    for (const Member& m : values_[i].members()) {
      members_.push_back(m);
      places_.push_back({events_.event().start_mark, true});
    }
  }
  values_.resize(first_value);
  return Ok();
}

Result<std::string_view> DocumentBuilder::ParseKey() {
  const yaml_mark_t mark = events_.event().start_mark;
  switch (events_.type()) {
    case YAML_SCALAR_EVENT: {
      PLUMB_OK(Count(1, 0));
      const std::string anchor(YamlText(events_.event().data.scalar.anchor));
      const std::string_view tag = YamlText(events_.event().data.scalar.tag);
      if (kyaml() && depth_ > 1 && !tag.empty() && tag != "!" && tag != kStringTag)
        return Bad("a key with a tag is not a string; remove the tag");
      PLUMB_TRY(scalar, ParseScalar());
      if (!anchor.empty()) anchors_[anchor] = {.scalar = scalar, .is_scalar = true, .nodes = 1, .bytes = scalar.text.size()};
      return ScalarKey(scalar, mark);
    }
    case YAML_ALIAS_EVENT: {
      PLUMB_OK(Count(1, 0));
      PLUMB_TRY(anchor, ResolveAlias());
      if (anchor->is_scalar) return ScalarKey(anchor->scalar, mark);
      break;
    }
    default: break;
  }
  return Bad(mark, "a key must be a plain value, not a map or a list; where this is a template ('{{ ... }}'), render it first or quote it");
}

// The current scalar event. Its text is copied only where the tree or an anchor needs it.
Result<DocumentBuilder::Scalar> DocumentBuilder::ParseScalar() {
  const auto& event = events_.event().data.scalar;
  std::string_view text = events_.scalar();
  bytes_ += text.size();
  std::string_view tag = YamlText(event.tag);
  if (tag == "!" && kyaml()) tag = {};  // to v3 the style decides; to v2 it is an unknown tag: a string
  Scalar scalar;
  if (!tag.empty()) {
    auto tagged = ResolveTaggedYamlScalar(tag, text, options_.dialect);
    if (!tagged.ok()) return Bad(tagged.error().message());
    scalar.meaning = *tagged;
    if (tag == kBinaryTag) {
      auto bytes = DecodeBase64(text);
      if (!bytes.ok()) return Bad(fmt::format("!!binary: {}", bytes.error().message()));
      scalar.text = arena_->Text(ReplaceInvalidUtf8(*bytes));
      return scalar;
    }
  } else if (event.style == YAML_PLAIN_SCALAR_STYLE) {
    scalar.meaning = ResolveYamlScalar(text, options_.dialect);
  }
  // The spelling of nulls, booleans and integers is not needed again, unless as a key of v3.
  const bool spelling = scalar.meaning.type >= Type::kUint || kyaml() || event.anchor;
  const bool left_out = event.style == YAML_PLAIN_SCALAR_STYLE && text.empty() && tag.empty();
  scalar.quoted = left_out ? flow_ > 0 : event.style != YAML_PLAIN_SCALAR_STYLE;
  if (options_.rewrite_folded && event.style == YAML_FOLDED_SCALAR_STYLE) scalar.text = arena_->Text(RewriteFolded(text));
  else if (spelling) scalar.text = arena_->Text(text);
  return scalar;
}

Result<Value> DocumentBuilder::ScalarValue(const Scalar& scalar, const yaml_mark_t& mark) {
  const YamlScalar& s = scalar.meaning;
  if (kyaml() && options_.as_written) return WrittenScalar(scalar);
  switch (s.type) {
    case Type::kNull: return kyaml() && scalar.text.empty() ? Arena::BareNull() : Value();
    case Type::kBool: return Arena::Bool(s.boolean);
    case Type::kInt: return Arena::Int(s.integer);
    case Type::kUint: return arena_->Float(static_cast<double>(s.unsigned_integer), fmt::format("{}", s.unsigned_integer));
    case Type::kFloat:
      if (!std::isfinite(s.number)) return Bad(mark, fmt::format("the number '{}' has no form in JSON; quote it if a string is meant", scalar.text));
      return NumberValue(*arena_, s.number);
    case Type::kTimestamp: return kyaml() ? arena_->String(CanonicalTimestamp(scalar.text)) : Arena::Borrow(scalar.text);
    case Type::kString: return Arena::Borrow(scalar.text);
  }
  return Internal("unknown YAML scalar");
}

// The value with its spelling where that is not what the value would be written as.
Value DocumentBuilder::WrittenScalar(const Scalar& scalar) {
  const YamlScalar& s = scalar.meaning;
  const auto spelled = [&](Value value, std::string_view usual) {
    return usual == scalar.text ? value : arena_->Spelled(value, scalar.text);
  };
  switch (s.type) {
    case Type::kNull:
      if (scalar.text.empty()) return scalar.quoted ? Arena::Quoted(Arena::BareNull()) : Arena::BareNull();
      return spelled(Value(), "null");
    case Type::kBool: return spelled(Arena::Bool(s.boolean), s.boolean ? "true" : "false");
    case Type::kInt: return spelled(Arena::Int(s.integer), fmt::format("{}", s.integer));
    case Type::kUint: return arena_->Float(static_cast<double>(s.unsigned_integer), fmt::format("{}", s.unsigned_integer));
    case Type::kFloat: return arena_->Spelled(arena_->Float(s.number, ""), scalar.text);
    case Type::kTimestamp: return Arena::SpelledString(Arena::Borrow(scalar.text));
    case Type::kString: break;
  }
  return scalar.quoted ? Arena::Quoted(Arena::Borrow(scalar.text)) : Arena::Borrow(scalar.text);
}

// A key as the string that it becomes in JSON. v2 makes strings of integers, floats and booleans ("y" is "true");
// v3 refuses them, but for the outermost map, where the spelling counts.
Result<std::string_view> DocumentBuilder::ScalarKey(const Scalar& scalar, const yaml_mark_t& mark) {
  const YamlScalar& s = scalar.meaning;
  if (s.type == Type::kNull) return Bad(mark, "a key cannot be null; quote it if a string is meant");
  if (s.type == Type::kString) return arena_->Key(scalar.text);
  if (kyaml()) {
    if (depth_ > 1) return Bad(mark, fmt::format("the key '{}' is not a string; quote it", scalar.text));
    return arena_->Key(scalar.text);
  }
  switch (s.type) {
    case Type::kBool: return arena_->Key(s.boolean ? "true" : "false");
    case Type::kInt: return arena_->Key(fmt::format("{}", s.integer));
    case Type::kFloat: return arena_->Key(FormatShortest(static_cast<float>(s.number)));
    case Type::kTimestamp: return arena_->Key(scalar.text);
    default: return Bad(mark, fmt::format("the key '{}' is too large for an integer; quote it", scalar.text));
  }
}

Result<const DocumentBuilder::Anchor*> DocumentBuilder::ResolveAlias() {
  const std::string name(YamlText(events_.event().data.alias.anchor));
  const auto found = anchors_.find(name);
  if (found == anchors_.end()) return Bad(fmt::format("unknown anchor '{}'; an alias needs an earlier '&{}'", name, name));
  const Anchor& anchor = found->second;
  if (anchor.open) return Bad(fmt::format("the value of anchor '{}' contains itself", name));
  if (depth_ + anchor.height > options_.depth)
    return YamlErrorAt(events_.event().start_mark, Code::kLimit, fmt::format("nested more than {} deep", options_.depth));
  deepest_ = std::max(deepest_, depth_ + anchor.height);
  PLUMB_OK(Count(anchor.nodes, anchor.nodes));
  bytes_ += anchor.bytes;
  if (bytes_ > options_.bytes)  // a text of megabytes, repeated: go-yaml counts its nodes alone
    return YamlErrorAt(events_.event().start_mark, Code::kLimit, fmt::format("the document has more than {} bytes of text where its aliases are written out", options_.bytes));
  return &anchor;
}

// Kubernetes reads a text that starts with '{' as JSON first. Nothing where it is not one JSON value, or has what only
// the YAML parser can tell of: repeated keys.
std::optional<YamlDocument> TryJson(std::string_view text, const YamlOptions& options) {
  if (options.dialect == YamlDialect::kKyaml) return std::nullopt;
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || text[start] != '{') return std::nullopt;
  auto parsed = ParseJson(text, {.bytes = options.bytes, .depth = options.depth, .refuse_repeated_keys = true});
  if (!parsed.ok()) return std::nullopt;
  YamlDocument document;
  document.value = std::move(*parsed);
  document.line = static_cast<int>(std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(start), '\n')) + 1;
  return document;
}

}  // namespace

Result<std::vector<YamlDocument>> ParseYaml(std::string_view text, const YamlOptions& options) {
  if (text.size() > options.bytes)
    return LimitExceeded(fmt::format("YAML of {} bytes; at most {} are read", text.size(), options.bytes));
  std::vector<YamlDocument> documents;
  if (auto json = TryJson(text, options)) {
    documents.push_back(std::move(*json));
    return documents;
  }
  YamlEvents events(text);
  for (;;) {
    PLUMB_OK(events.Next());
    if (events.type() == YAML_STREAM_END_EVENT) return documents;
    if (events.type() != YAML_DOCUMENT_START_EVENT) continue;
    if (documents.size() == options.documents)
      return YamlErrorAt(events.event().start_mark, Code::kLimit, fmt::format("more than {} documents", options.documents));
    PLUMB_TRY(document, DocumentBuilder(events, options).Build());
    if (!document.value->is_null()) documents.push_back(std::move(document));
  }
}

Result<Document> ParseYamlOne(std::string_view text, const YamlOptions& options) {
  PLUMB_TRY(documents, ParseYaml(text, options));
  if (documents.empty()) return Document();
  if (documents.size() > 1)
    return Invalid(fmt::format("{}:1: expected one document, found {}", documents[1].line, documents.size()));
  return std::move(documents.front().value);
}

}  // namespace plumb
