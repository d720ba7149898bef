#include "core/path.h"

#include <algorithm>
#include <charconv>

#include "core/arena.h"
#include "core/json.h"
#include "core/number.h"

namespace plumb {

namespace {

bool IsBareCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// Map keys that can stand between dots: what API fields are called, and most labels without a domain.
bool IsBareField(std::string_view name) { return !name.empty() && std::all_of(name.begin(), name.end(), IsBareCharacter); }

bool LooksLikeNumber(std::string_view text) {
  double d;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), d);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

// Strings that, written without quotes inside brackets, cannot be taken for another scalar or for punctuation.
bool IsBareScalar(std::string_view text) {
  if (text.empty() || text == "true" || text == "false" || text == "null" || LooksLikeNumber(text)) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsBareCharacter(c) || c == '.' || c == '/' || c == ':' || c == '@'; });
}

std::string Quote(std::string_view text) { return WriteJson(Arena::Borrow(text)); }

bool ParseIndex(std::string_view text, size_t* index) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *index);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

// Reads the printed form, character by character.
class PathParser {
 public:
  explicit PathParser(std::string_view text) : text_(text) {}

  Result<FieldPath> Parse() {
    FieldPath path;
    if (Peek() == '.' && text_.size() > 1) ++at_;
    for (bool first = true; at_ < text_.size(); first = false) {
      if (Peek() == '[') {
        PLUMB_TRY(step, Bracket());
        path.Push(std::move(step));
        continue;
      }
      if (!first) {
        if (Peek() != '.') return Expected("'.' or '['");
        ++at_;
      }
      const size_t start = at_;
      while (at_ < text_.size() && IsBareCharacter(text_[at_])) ++at_;
      if (at_ == start) return Expected("a field's name (quote others: [\"a.b/c\"])");
      path.Push(PathStep::Field(text_.substr(start, at_ - start)));
    }
    return path;
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  Error Expected(std::string_view what) const {
    return Invalid("field path '" + std::string(text_) + "': expected " + std::string(what) + " at character " +
                   std::to_string(at_ + 1));
  }

  Result<PathStep> Bracket() {
    ++at_;
    if (Peek() == '=') {
      ++at_;
      PLUMB_TRY(value, Scalar());
      if (Peek() != ']') return Expected("']'");
      ++at_;
      return PathStep::Item(std::move(value));
    }
    if (Peek() == '"') {
      PLUMB_TRY(name, Quoted());
      if (Peek() != ']') return Expected("']'");
      ++at_;
      return PathStep::Field(name);
    }
    std::vector<std::pair<std::string, PathScalar>> keys;
    while (true) {
      const size_t start = at_;
      while (at_ < text_.size() && IsBareCharacter(text_[at_])) ++at_;
      const std::string name(text_.substr(start, at_ - start));
      size_t index;
      if (keys.empty() && Peek() == ']' && ParseIndex(name, &index)) {
        ++at_;
        return PathStep::Index(index);
      }
      if (name.empty() || Peek() != '=') return Expected("an index, key=value or a quoted name");
      ++at_;
      PLUMB_TRY(value, Scalar());
      keys.emplace_back(name, std::move(value));
      if (Peek() == ',') {
        ++at_;
        continue;
      }
      if (Peek() != ']') return Expected("',' or ']'");
      ++at_;
      return PathStep::Key(std::move(keys));
    }
  }

  Result<std::string> Quoted() {
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size()) return Expected("a closing '\"'");
    PLUMB_TRY(parsed, ParseJson(text_.substr(at_, end + 1 - at_)), "field path '" + std::string(text_) + "'");
    at_ = end + 1;
    return std::string(parsed.root().AsString());
  }

  Result<PathScalar> Scalar() {
    if (Peek() == '"') {
      PLUMB_TRY(text, Quoted());
      return PathScalar(std::string_view(text));
    }
    const size_t start = at_;
    while (at_ < text_.size() && text_[at_] != ']' && text_[at_] != ',') ++at_;
    const std::string_view bare = text_.substr(start, at_ - start);
    if (bare.empty()) return Expected("a value");
    if (bare == "true") return PathScalar(true);
    if (bare == "false") return PathScalar(false);
    if (bare == "null") return PathScalar();
    int64_t integer;
    auto [end, error] = std::from_chars(bare.data(), bare.data() + bare.size(), integer);
    if (error == std::errc() && end == bare.data() + bare.size()) return PathScalar(integer);
    if (LooksLikeNumber(bare)) {
      double d = 0;
      std::from_chars(bare.data(), bare.data() + bare.size(), d);
      return PathScalar(d);
    }
    return PathScalar(bare);
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

PathScalar::PathScalar(Value v) {
  if (v.is_bool()) v_ = v.AsBool();
  else if (v.is_int()) v_ = v.AsInt();
  else if (v.is_float()) v_ = v.AsDouble();
  else if (v.is_string()) v_ = std::string(v.AsString());
}

bool PathScalar::Matches(Value v) const {
  if (const auto* text = std::get_if<std::string>(&v_)) return v.is_string() && v.AsString() == *text;
  if (const auto* b = std::get_if<bool>(&v_)) return v.is_bool() && v.AsBool() == *b;
  if (const auto* i = std::get_if<int64_t>(&v_)) return v == Arena::Int(*i);
  if (const auto* d = std::get_if<double>(&v_)) return v.is_number() && v.AsDouble() == *d;
  return v.is_null();
}

std::string PathScalar::ToJson() const {
  if (const auto* text = std::get_if<std::string>(&v_)) return Quote(*text);
  if (const auto* b = std::get_if<bool>(&v_)) return *b ? "true" : "false";
  if (const auto* i = std::get_if<int64_t>(&v_)) return std::to_string(*i);
  if (const auto* d = std::get_if<double>(&v_)) return FormatDouble(*d);
  return "null";
}

std::string PathScalar::ToString() const {
  const auto* text = std::get_if<std::string>(&v_);
  return text && IsBareScalar(*text) ? *text : ToJson();
}

PathStep PathStep::Field(std::string_view name) {
  PathStep step;
  step.name = name;
  return step;
}

PathStep PathStep::Index(size_t index) {
  PathStep step;
  step.kind = Kind::kIndex;
  step.index = index;
  return step;
}

PathStep PathStep::Key(std::vector<std::pair<std::string, PathScalar>> keys) {
  PathStep step;
  step.kind = Kind::kKey;
  step.keys = std::move(keys);
  std::sort(step.keys.begin(), step.keys.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return step;
}

PathStep PathStep::Item(PathScalar value) {
  PathStep step;
  step.kind = Kind::kValue;
  step.value = std::move(value);
  return step;
}

Result<FieldPath> FieldPath::Parse(std::string_view text) { return PathParser(text).Parse(); }

Result<FieldPath> FieldPath::ParsePointer(std::string_view text) {
  FieldPath path;
  if (text.empty()) return path;
  if (text[0] != '/') return Invalid("JSON pointer '" + std::string(text) + "' must begin with '/'");
  for (size_t at = 1; at <= text.size();) {
    const size_t end = std::min(text.find('/', at), text.size());
    std::string name;
    for (size_t i = at; i < end; ++i) {
      if (text[i] != '~') {
        name += text[i];
        continue;
      }
      const char escaped = i + 1 < end ? text[i + 1] : '\0';
      if (escaped != '0' && escaped != '1')
        return Invalid("JSON pointer '" + std::string(text) + "': '~' must be followed by 0 or 1");
      name += escaped == '0' ? '~' : '/';
      ++i;
    }
    size_t index;
    if ((name == "0" || (!name.empty() && name[0] != '0')) && ParseIndex(name, &index)) path.Push(PathStep::Index(index));
    else path.Push(PathStep::Field(name));
    at = end + 1;
  }
  return path;
}

FieldPath FieldPath::Append(PathStep step) const {
  FieldPath longer = *this;
  longer.Push(std::move(step));
  return longer;
}

bool FieldPath::StartsWith(const FieldPath& prefix) const {
  return prefix.size() <= size() && std::equal(prefix.steps_.begin(), prefix.steps_.end(), steps_.begin());
}

std::string FieldPath::ToString() const {
  std::string out;
  for (const PathStep& step : steps_) {
    switch (step.kind) {
      case PathStep::Kind::kField:
        if (!IsBareField(step.name)) out += "[" + Quote(step.name) + "]";
        else out += (out.empty() ? "" : ".") + step.name;
        break;
      case PathStep::Kind::kIndex: out += "[" + std::to_string(step.index) + "]"; break;
      case PathStep::Kind::kValue: out += "[=" + step.value.ToString() + "]"; break;
      case PathStep::Kind::kKey: {
        char before = '[';
        for (const auto& [name, value] : step.keys) {
          out += before + name + "=" + value.ToString();
          before = ',';
        }
        out += "]";
      }
    }
  }
  return out;
}

std::string FieldPath::ToKubernetesString() const {
  std::string out;
  for (const PathStep& step : steps_) {
    switch (step.kind) {
      case PathStep::Kind::kField: out += "." + step.name; break;
      case PathStep::Kind::kIndex: out += "[" + std::to_string(step.index) + "]"; break;
      case PathStep::Kind::kValue: out += "[=" + step.value.ToJson() + "]"; break;
      case PathStep::Kind::kKey: {
        char before = '[';
        for (const auto& [name, value] : step.keys) {
          out += before + name + "=" + value.ToJson();
          before = ',';
        }
        out += "]";
      }
    }
  }
  return out;
}

const Value* FieldPath::Find(const Value& root) const {
  const Value* at = &root;
  for (const PathStep& step : steps_) {
    const Value* next = nullptr;
    switch (step.kind) {
      case PathStep::Kind::kField: next = at->Find(step.name); break;
      case PathStep::Kind::kIndex:
        if (at->is_list() && step.index < at->size()) next = &at->items()[step.index];
        else if (at->is_map()) next = at->Find(std::to_string(step.index));
        break;
      case PathStep::Kind::kKey:
        for (const Value& item : at->items()) {
          const bool all = std::all_of(step.keys.begin(), step.keys.end(), [&](const auto& key) {
            const Value* value = item.Find(key.first);
            return value && key.second.Matches(*value);
          });
          if (!all) continue;
          next = &item;
          break;
        }
        break;
      case PathStep::Kind::kValue:
        for (const Value& item : at->items()) {
          if (!step.value.Matches(item)) continue;
          next = &item;
          break;
        }
        break;
    }
    if (!next) return nullptr;
    at = next;
  }
  return at;
}

}  // namespace plumb
