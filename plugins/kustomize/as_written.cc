#include "plugins/kustomize/as_written.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/number.h"
#include "core/yaml.h"
#include "core/yaml_scalar.h"
#include "plugins/kustomize/node.h"

namespace plumb::kustomize {
namespace {

// Applies `change` to every scalar; subtrees in which nothing changes are shared.
template <typename F>
Result<Value> EachScalar(Arena& arena, Value v, const F& change) {
  if (v.is_scalar()) return change(v);
  bool changed = false;
  if (v.is_list()) {
    std::vector<Value> items;
    for (size_t i = 0; i < v.size(); ++i) {
      PLUMB_TRY(item, EachScalar(arena, v[i], change));
      if (!changed && !item.SameAs(v[i])) {
        changed = true;
        items.assign(v.items().begin(), v.items().begin() + static_cast<ptrdiff_t>(i));
      }
      if (changed) items.push_back(item);
    }
    return changed ? arena.List(items) : v;
  }
  const auto old = v.members();
  std::vector<Member> members;
  for (size_t i = 0; i < old.size(); ++i) {
    PLUMB_TRY(value, EachScalar(arena, old[i].value, change));
    if (!changed && !value.SameAs(old[i].value)) {
      changed = true;
      members.assign(old.begin(), old.begin() + static_cast<ptrdiff_t>(i));
    }
    if (changed) members.push_back({old[i].key, value});
  }
  return changed ? arena.Map(members) : v;
}

Status TakeBytes(TreeSize& left, size_t bytes) {
  if (bytes > left.bytes) return LimitExceeded("the objects have more text than a render may make: aliases, replacements or variables repeat it");
  left.bytes -= bytes;
  return Ok();
}

// Before anything else walks the whole tree: its size, its depth, and keys given twice.
Status CheckShape(Value v, TreeSize& left, size_t deepest) {
  if (v.is_scalar()) return TakeBytes(left, v.AsString().size());
  if (deepest == 0) return LimitExceeded("an object is nested too deep");
  const size_t size = v.size() + 1;
  if (size > left.nodes) return LimitExceeded("the objects have more values than a render may make: patches or replacements copy them into themselves");
  left.nodes -= size;
  for (Value item : v.items()) PLUMB_OK(CheckShape(item, left, deepest - 1));
  for (const Member& m : v.members()) {
    if (v.Find(m.key) != &m.value) return Invalid("key '" + std::string(m.key) + "' given twice");
    PLUMB_OK(TakeBytes(left, m.key.size()));
    PLUMB_OK(CheckShape(m.value, left, deepest - 1));
  }
  return Ok();
}

// A text without a type of its own: a date, or one that a transformer has put in without quotes.
Result<Value> SettlePlain(Arena& arena, std::string_view text) {
  if (text.empty()) return Value();
  if (ResolveYamlScalar(text, YamlDialect::kKyaml).type == YamlScalar::Type::kString) return Arena::Borrow(text);
  const auto parsed = ParseYamlOne(text, {.dialect = YamlDialect::kKyaml});
  return parsed.ok() && parsed->root().is_scalar() ? arena.Copy(parsed->root()) : Arena::Borrow(text);
}

// A float once Go has written it as JSON and read that: the shortest digits, which may be those of an integer.
Value ThroughJson(Arena& arena, double d) {
  const std::string text = FormatDouble(d);
  const char* end = text.data() + text.size();
  int64_t integer = 0;
  if (const auto [at, error] = std::from_chars(text.data(), end, integer); error == std::errc() && at == end) return Arena::Int(integer);
  uint64_t large = 0;
  if (const auto [at, error] = std::from_chars(text.data(), end, large); error == std::errc() && at == end) return arena.Float(d, text);
  return arena.Float(d);
}

Result<Value> SettleScalar(Arena& arena, Value v, const std::map<std::string, std::string>& mistyped) {
  if (v.is_string()) {
    if (v.has_spelling()) return SettlePlain(arena, v.AsString());
    return v.is_quoted() || v.is_shared() ? Arena::Borrow(v.AsString()) : v;
  }
  if (v.is_null()) return v.is_quoted() ? Arena::Borrow("") : Value();  // go-yaml writes '' for it within [] and {}
  if (!v.has_spelling()) return v;
  if (const auto wrong = mistyped.find(std::string(v.Spelling())); wrong != mistyped.end() && PlainScalar(arena, v.Spelling()).kind() != v.kind())
    return Invalid(wrong->second);
  if (v.is_bool()) return Arena::Bool(v.AsBool());
  if (v.is_int()) return Arena::Int(v.AsInt());
  const double d = v.AsDouble();
  if (!std::isfinite(d)) return Invalid("the number '" + std::string(v.Spelling()) + "' has no form in JSON; quote it if a string is meant");
  const YamlScalar scalar = ResolveYamlScalar(v.Spelling(), YamlDialect::kKyaml);  // all digits of an integer above int64
  return scalar.type == YamlScalar::Type::kUint ? arena.Float(d, std::to_string(scalar.unsigned_integer)) : ThroughJson(arena, d);
}

// Would go-yaml put quotes around the text, or write it as a block?
bool IsWrittenQuoted(std::string_view text) {
  const auto harmless = [](unsigned char c) { return std::isalnum(c) || c == '/' || c == '.' || c == '_' || c == '-'; };
  if (text.empty() || text.find('\n') != std::string_view::npos || YamlStringNeedsQuotes(text)) return true;
  if (std::isalpha(static_cast<unsigned char>(text[0])) && std::all_of(text.begin(), text.end(), harmless)) return false;
  const char first = WriteYaml(Arena::Borrow(text))[0];
  return first == '"' || first == '\'' || first == '|';
}

}  // namespace

Status SettleLimits::TakeText(size_t bytes) { return TakeBytes(left, bytes); }

Result<Value> Settle(Arena& arena, Value written, SettleLimits& limits, TreeSize& size) {
  TreeSize left = {.nodes = limits.left.nodes + size.nodes, .bytes = limits.left.bytes + size.bytes};
  const TreeSize before = left;
  PLUMB_OK(CheckShape(written, left, limits.depth));
  limits.left = left;  // less by what the object has grown
  size = {.nodes = before.nodes - left.nodes, .bytes = before.bytes - left.bytes};
  return EachScalar(arena, written, [&](Value v) { return SettleScalar(arena, v, limits.mistyped); });
}

Value Rewrite(Arena& arena, Value settled) {
  return *EachScalar(arena, settled, [&](Value v) -> Result<Value> {
    if (v.is_null()) return Arena::Null();
    // Go reads every number of JSON as a float: large integers lose their last digits.
    constexpr int64_t kExact = int64_t{1} << 53;
    if (v.is_float() || (v.is_int() && (v.AsInt() > kExact || v.AsInt() < -kExact))) return ThroughJson(arena, v.AsDouble());
    return v.is_string() && IsWrittenQuoted(v.AsString()) ? Arena::Quoted(v) : v;
  });
}

Value WrittenOver(Arena& arena, Value old, Value value) {
  if (!old.is_scalar() || !value.is_scalar() || value.is_null()) return value;
  // Texts that Plumb made itself have no marks: they are quoted where they need it.
  const bool quoted = old.is_string() && !old.has_spelling() &&
                      (old.is_quoted() || old.AsString().empty() || !PlainScalar(arena, old.AsString()).is_string());
  if (quoted) return Arena::Quoted(value.is_string() ? Arena::Borrow(value.AsString()) : arena.String(ScalarText(value)));
  return value.is_string() && value.is_quoted() ? Arena::Borrow(value.AsString()) : value;
}

Status CheckAddedKey(std::string_view key) {
  Arena scratch;
  if (key.empty() || PlainScalar(scratch, key).is_string()) return Ok();
  return Invalid("the key '" + std::string(key) + "' looks like " + std::string(KindWithArticle(PlainScalar(scratch, key).kind())) +
                 ", and Kustomize cannot write it: choose another");
}

Value SharedWrites::Write(Value old, Value value, std::vector<std::string_view> path) {
  const char* node = old.AsString().data();
  const std::vector<std::string> at(path.begin(), path.end());
  const auto found = last_.find(node);
  if (found == last_.end()) last_[node] = {value, at};
  else if (!(at < found->second.path)) found->second = {value, at};
  return old;
}

Value SharedWrites::Apply(Arena& arena, Value object) const {
  if (last_.empty()) return object;
  std::map<const char*, Value> fresh;
  for (const auto& [node, last] : last_) {
    Value value = last.value;
    if (value.is_string()) {  // the places stay one node, and no other's
      const bool quoted = value.is_quoted();
      value = SharedString(arena, value.AsString());
      if (quoted) value = Arena::Quoted(value);
    }
    fresh[node] = value;
  }
  return *EachScalar(arena, object, [&](Value v) -> Result<Value> {
    if (!v.is_shared()) return v;
    const auto found = fresh.find(v.AsString().data());
    return found == fresh.end() ? v : found->second;
  });
}

Value SharedString(Arena& arena, std::string_view text) {
  // Also the empty text gets a place of its own in memory, which tells nodes apart.
  return Arena::MarkShared(Arena::Borrow(arena.Text(std::string(text) + " ").substr(0, text.size())));
}

}  // namespace plumb::kustomize
