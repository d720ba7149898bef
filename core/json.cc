// JSON text into trees by simdjson; what it refuses goes to the exact parser, which says where and why, or knows better.
#include "core/json.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "core/json_parser.h"
#include "core/map_keys.h"

namespace plumb {

namespace {

namespace dom = simdjson::dom;

// Texts up to this size share one parser a thread; its buffers are several times as large, and stay.
constexpr size_t kSharedParserBytes = 32u << 10;

// The number tokens of a valid JSON text, found again for their spelling: simdjson keeps only their values.
class NumberTokens {
 public:
  explicit NumberTokens(std::string_view text) : text_(text) {}

  // The index-th number of the text, from 0. Indexes must grow.
  std::string_view At(size_t index) {
    for (std::string_view token;; ++seen_) {
      token = Next();
      if (seen_ == index) {
        ++seen_;
        return token;
      }
    }
  }

 private:
  std::string_view Next() {
    for (;; ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        for (++at_; text_[at_] != '"'; ++at_) at_ += text_[at_] == '\\';
      } else if (c == '-' || (c >= '0' && c <= '9')) {
        const size_t end = std::min(text_.size(), text_.find_first_not_of("+-.0123456789eE", at_));
        const std::string_view token = text_.substr(at_, end - at_);
        at_ = end;
        return token;
      }
    }
  }

  std::string_view text_;
  size_t at_ = 0, seen_ = 0;
};

// Copies simdjson's document into an arena. Children are gathered on shared stacks, so that a whole document costs few
// allocations beyond the arena's. Recursion is as deep as simdjson allowed.
class TreeBuilder {
 public:
  TreeBuilder(Arena& arena, std::string_view text) : arena_(arena), tokens_(text) {}

  bool repeated_keys() const { return repeated_keys_; }
  size_t depth() const { return deepest_; }

  Value Build(dom::element e) {
    switch (e.type()) {
      case dom::element_type::NULL_VALUE: return Value();
      case dom::element_type::BOOL: return Arena::Bool(e.get_bool().value_unsafe());
      case dom::element_type::INT64: ++numbers_; return Arena::Int(e.get_int64().value_unsafe());
      case dom::element_type::UINT64: return arena_.Float(static_cast<double>(e.get_uint64().value_unsafe()), tokens_.At(numbers_++));
      case dom::element_type::DOUBLE: return arena_.Float(e.get_double().value_unsafe(), tokens_.At(numbers_++));
      case dom::element_type::STRING: return arena_.String(e.get_string().value_unsafe());
      case dom::element_type::ARRAY:
      case dom::element_type::OBJECT: break;
    }
    deepest_ = std::max(deepest_, ++depth_);
    const Value value = e.is_array() ? BuildList(e) : BuildMap(e);
    --depth_;
    return value;
  }

 private:
  Value BuildList(const dom::array& array) {
    const size_t first = values_.size();
    for (dom::element item : array) values_.push_back(Build(item));
    const Value list = arena_.List(std::span(values_).subspan(first));
    values_.resize(first);
    return list;
  }

  Value BuildMap(const dom::object& object) {
    const size_t first = members_.size();
    for (auto [key, item] : object) {
      const std::string_view name = arena_.Key(key);
      members_.push_back({name, Build(item)});
    }
    std::span<Member> members = std::span(members_).subspan(first);
    if (HasRepeatedKeys(members)) {
      repeated_keys_ = true;
      members = KeepLastOfRepeatedKeys(members);
    }
    const Value map = arena_.Map(members);
    members_.resize(first);
    return map;
  }

  Arena& arena_;
  NumberTokens tokens_;
  size_t numbers_ = 0;
  size_t depth_ = 0, deepest_ = 0;
  bool repeated_keys_ = false;
  std::vector<Value> values_;
  std::vector<Member> members_;
};

}  // namespace

Result<Document> ParseJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes)
    return LimitExceeded(fmt::format("JSON of {} bytes; at most {} are read", text.size(), limits.bytes));
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.empty()) return ParseJsonExactly(text, limits);

  static thread_local dom::parser shared;
  std::optional<dom::parser> own;
  dom::parser& parser = text.size() <= kSharedParserBytes ? shared : own.emplace();
  dom::element root;
  // Buffers are made anew only to grow; the depth that simdjson allows is no less than what the limit needs.
  const size_t depth = std::max(parser.max_depth(), limits.depth + 1);
  if (parser.capacity() < text.size() || parser.max_depth() < depth) {
    const size_t capacity = std::max({text.size(), std::min(parser.capacity() * 2, kSharedParserBytes), size_t{16384}});
    if (parser.allocate(capacity, depth) != simdjson::SUCCESS) return LimitExceeded("no memory to parse JSON");
  }
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return ParseJsonExactly(text, limits);

  auto arena = std::make_shared<Arena>();
  TreeBuilder builder(*arena, text);
  const Value value = builder.Build(root);
  // simdjson may allow more depth, and does not count an empty list as a level; and the exact parser says which key and where.
  if (builder.depth() > limits.depth || (builder.repeated_keys() && limits.refuse_repeated_keys)) return ParseJsonExactly(text, limits);
  arena->Seal();
  return Document(std::move(arena), value);
}

}  // namespace plumb
