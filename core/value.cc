#include "core/value.h"

#include <bit>
#include <functional>

namespace plumb {

namespace {

uint64_t Mix(uint64_t h) {  // the finalizer of splitmix64: every input bit reaches every output bit
  h ^= h >> 30;
  h *= 0xbf58476d1ce4e5b9ull;
  h ^= h >> 27;
  h *= 0x94d049bb133111ebull;
  return h ^ (h >> 31);
}

uint64_t HashText(std::string_view text) { return Mix(std::hash<std::string_view>()(text)); }

// The exact comparison of an integer with a float: a cast alone would call 2^53 + 1 equal to 2^53.
bool IntEqualsDouble(int64_t i, double d) {
  return d >= -0x1p63 && d < 0x1p63 && static_cast<int64_t>(d) == i && static_cast<double>(static_cast<int64_t>(d)) == d;
}

}  // namespace

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kNull: return "null";
    case Kind::kBool: return "bool";
    case Kind::kInt: return "integer";
    case Kind::kFloat: return "number";
    case Kind::kString: return "string";
    case Kind::kList: return "list";
    case Kind::kMap: return "map";
  }
  return "unknown";
}

std::string_view KindWithArticle(Kind kind) {
  switch (kind) {
    case Kind::kNull: return "null";
    case Kind::kBool: return "a bool";
    case Kind::kInt: return "an integer";
    case Kind::kFloat: return "a number";
    case Kind::kString: return "a string";
    case Kind::kList: return "a list";
    case Kind::kMap: return "a map";
  }
  return "unknown";
}

std::string_view Value::Spelling() const {
  if (!has_spelling()) return {};
  if (is_string()) return AsString();
  return {text_ + sizeof(int64_t), size_};
}

double Value::AsDouble() const {
  if (is_int()) return static_cast<double>(AsInt());
  if (!is_float()) return 0;
  double d;
  std::memcpy(&d, text_, sizeof(d));
  return d;
}

const Value* Value::Find(std::string_view key) const {
  if (!is_map()) return nullptr;
  if (!(flags_ & kIndexed)) {
    for (const Member& m : members())
      if (m.key == key) return &m.value;
    return nullptr;
  }
  const auto* order = reinterpret_cast<const uint32_t*>(members_ + size_);
  size_t low = 0, high = size_;
  while (low < high) {
    const size_t mid = (low + high) / 2;
    if (members_[order[mid]].key < key) low = mid + 1;
    else high = mid;
  }
  const bool found = low < size_ && members_[order[low]].key == key;
  return found ? &members_[order[low]].value : nullptr;
}

bool Value::SameAs(Value other) const {
  if (kind_ != other.kind_ || size_ != other.size_ || flags_ != other.flags_) return false;
  if (has_spelling()) return text_ == other.text_;
  switch (kind_) {
    case Kind::kNull: return true;
    case Kind::kBool: return bool_ == other.bool_;
    case Kind::kInt: return int_ == other.int_;
    default: return text_ == other.text_ || (kind_ >= Kind::kList && size_ == 0);
  }
}

bool operator==(Value a, Value b) {
  if (a.SameAs(b)) return true;
  if (a.kind() != b.kind()) {
    if (a.is_int() && b.is_float()) return IntEqualsDouble(a.AsInt(), b.AsDouble());
    if (a.is_float() && b.is_int()) return IntEqualsDouble(b.AsInt(), a.AsDouble());
    return false;
  }
  switch (a.kind()) {
    case Kind::kNull: return true;
    case Kind::kBool: return a.AsBool() == b.AsBool();
    case Kind::kInt: return a.AsInt() == b.AsInt();
    case Kind::kFloat: return a.AsDouble() == b.AsDouble();
    case Kind::kString: return a.AsString() == b.AsString();
    case Kind::kList: {
      if (a.size() != b.size()) return false;
      for (size_t i = 0; i < a.size(); ++i)
        if (!(a[i] == b[i])) return false;
      return true;
    }
    case Kind::kMap: {
      if (a.size() != b.size()) return false;
      const auto left = a.members(), right = b.members();
      for (size_t i = 0; i < left.size(); ++i) {
        // Two versions of an object mostly have the same key order: try the same place first.
        const Value* other = left[i].key == right[i].key ? &right[i].value : b.Find(left[i].key);
        if (!other || !(left[i].value == *other)) return false;
      }
      return true;
    }
  }
  return false;
}

uint64_t Hash(Value v) {
  const uint64_t tag = Mix(static_cast<uint64_t>(v.kind()) + 1);
  switch (v.kind()) {
    case Kind::kNull: return tag;
    case Kind::kBool: return Mix(tag ^ (v.AsBool() ? 2 : 1));
    case Kind::kInt: return Mix(0x11 + static_cast<uint64_t>(v.AsInt()));
    case Kind::kFloat: {
      const double d = v.AsDouble();
      if (d >= -0x1p63 && d < 0x1p63 && IntEqualsDouble(static_cast<int64_t>(d), d))
        return Mix(0x11 + static_cast<uint64_t>(static_cast<int64_t>(d)));  // equal numbers hash alike
      return Mix(0x22 ^ std::bit_cast<uint64_t>(d));
    }
    case Kind::kString: return Mix(tag ^ HashText(v.AsString()));
    case Kind::kList: {
      uint64_t h = tag;
      for (Value item : v.items()) h = Mix(h ^ Hash(item)) + 0x9e3779b97f4a7c15ull;
      return h;
    }
    case Kind::kMap: {
      uint64_t h = tag;  // a sum, so that key order does not matter
      for (const Member& m : v.members()) h += Mix(HashText(m.key) ^ (Hash(m.value) * 3));
      return Mix(h);
    }
  }
  return 0;
}

size_t CountNodes(Value v) {
  size_t n = 1;
  for (Value item : v.items()) n += CountNodes(item);
  for (const Member& m : v.members()) n += CountNodes(m.value);
  return n;
}

}  // namespace plumb
