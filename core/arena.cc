#include "core/arena.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <utility>

#include "core/number.h"

namespace plumb {

namespace {
constexpr size_t kSmallestBlock = 256, kLargestBlock = 256 * 1024;
constexpr size_t kIndexAbove = 16;  // members; below, a linear scan is faster than a binary search
}  // namespace

size_t Arena::MapBytes(std::span<const Member> members) {
  return members.size_bytes() + (members.size() > kIndexAbove ? members.size() * sizeof(uint32_t) : 0);
}

std::string_view& Arena::KeySet::Slot(std::string_view key) {
  if (used_ * 2 >= slots_.size()) {
    const std::vector<std::string_view> before = std::exchange(slots_, std::vector<std::string_view>(std::max<size_t>(16, slots_.size() * 2)));
    used_ = 0;
    for (const std::string_view known : before)
      if (known.data()) Slot(known) = known;
  }
  for (size_t at = std::hash<std::string_view>()(key);; ++at) {
    std::string_view& slot = slots_[at & (slots_.size() - 1)];
    if (slot.data() && slot != key) continue;
    if (!slot.data()) ++used_;
    return slot;
  }
}

void Arena::AddBlock(size_t bytes) {
  blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(bytes));
  next_ = blocks_.back().get();
  left_ = bytes;
  bytes_ += bytes;
}

void* Arena::Allocate(size_t size, size_t align) {
  size_t skip = (align - reinterpret_cast<uintptr_t>(next_) % align) % align;
  if (skip + size > left_) {
    // Blocks grow by half of what is there, so that a small object is small and a big list is a few allocations.
    AddBlock(std::max(size + align, std::clamp(bytes_ / 2, kSmallestBlock, kLargestBlock)));
    skip = (align - reinterpret_cast<uintptr_t>(next_) % align) % align;
  }
  std::byte* at = next_ + skip;
  next_ = at + size;
  left_ -= skip + size;
  return at;
}

Value Arena::Bool(bool b) {
  Value v;
  v.kind_ = Kind::kBool;
  v.bool_ = b;
  return v;
}

Value Arena::BareNull() {
  Value v;
  v.flags_ = Value::kBare;
  return v;
}

Value Arena::Int(int64_t i) {
  Value v;
  v.kind_ = Kind::kInt;
  v.int_ = i;
  return v;
}

Value Arena::Float(double d) { return Float(d, FormatDouble(d)); }

Value Arena::Float(double d, std::string_view spelling) {
  char* at = static_cast<char*>(Allocate(sizeof(double) + spelling.size(), alignof(double)));
  std::memcpy(at, &d, sizeof(d));
  spelling.copy(at + sizeof(d), spelling.size());
  Value v;
  v.kind_ = Kind::kFloat;
  v.size_ = static_cast<uint32_t>(spelling.size());
  v.text_ = at;
  return v;
}

Value Arena::Quoted(Value scalar) {
  scalar.flags_ |= Value::kQuoted;
  return scalar;
}

Value Arena::Spelled(Value scalar, std::string_view spelling) {
  const double number = scalar.AsDouble();
  const int64_t payload = scalar.is_bool() ? scalar.AsBool() : scalar.AsInt();
  char* at = static_cast<char*>(Allocate(sizeof(payload) + spelling.size(), alignof(int64_t)));
  std::memcpy(at, scalar.is_float() ? static_cast<const void*>(&number) : &payload, sizeof(payload));
  spelling.copy(at + sizeof(payload), spelling.size());  // which may have no memory
  scalar.flags_ = Value::kSpelled;
  scalar.size_ = static_cast<uint32_t>(spelling.size());
  scalar.text_ = at;
  return scalar;
}

Value Arena::SpelledString(Value string) {
  string.flags_ |= Value::kSpelled;
  return string;
}

Value Arena::MarkShared(Value string) {
  string.flags_ |= Value::kShared;
  return string;
}

std::string_view Arena::Text(std::string_view text) {
  if (text.empty()) return {};
  char* at = static_cast<char*>(Allocate(text.size(), 1));
  std::memcpy(at, text.data(), text.size());
  return {at, text.size()};
}

Value Arena::Borrow(std::string_view text) {
  Value v;
  v.kind_ = Kind::kString;
  v.size_ = static_cast<uint32_t>(text.size());
  v.text_ = text.data();
  return v;
}

Value Arena::String(std::string_view text) { return Borrow(Text(text)); }

std::string_view Arena::Key(std::string_view text) {
  std::string_view& known = keys_.Slot(text);
  if (!known.data()) known = text.empty() ? std::string_view("") : Text(text);
  return known;
}

Value Arena::List(std::span<const Value> items) {
  Value v;
  v.kind_ = Kind::kList;
  v.size_ = static_cast<uint32_t>(items.size());
  if (items.empty()) return v;
  auto* at = static_cast<Value*>(Allocate(items.size_bytes(), alignof(Value)));
  std::uninitialized_copy(items.begin(), items.end(), at);
  v.items_ = at;
  return v;
}

Value Arena::Map(std::span<const Member> members) {
  Value v;
  v.kind_ = Kind::kMap;
  v.size_ = static_cast<uint32_t>(members.size());
  if (members.empty()) return v;
  auto* at = static_cast<Member*>(Allocate(MapBytes(members), alignof(Member)));
  std::uninitialized_copy(members.begin(), members.end(), at);
  v.members_ = at;
  if (members.size() > kIndexAbove) {
    auto* order = reinterpret_cast<uint32_t*>(at + members.size());
    std::iota(order, order + members.size(), 0u);
    std::sort(order, order + members.size(), [at](uint32_t a, uint32_t b) {
      const int order_of_keys = at[a].key.compare(at[b].key);
      return order_of_keys != 0 ? order_of_keys < 0 : a < b;
    });
    v.flags_ |= Value::kIndexed;
  }
  return v;
}

Value Arena::Copy(Value v) {
  switch (v.kind()) {
    case Kind::kString: {
      Value copy = String(v.AsString());
      copy.flags_ = v.flags_;
      return copy;
    }
    case Kind::kFloat:
      if (!v.has_spelling()) return Float(v.AsDouble(), v.FloatText());
      [[fallthrough]];
    case Kind::kNull:
    case Kind::kBool:
    case Kind::kInt: return v.has_spelling() ? Spelled(v, v.Spelling()) : v;
    case Kind::kList: {
      std::vector<Value> items;
      items.reserve(v.size());
      for (Value item : v.items()) items.push_back(Copy(item));
      return List(items);
    }
    case Kind::kMap: {
      std::vector<Member> members;
      members.reserve(v.size());
      for (const Member& m : v.members()) members.push_back({Key(m.key), Copy(m.value)});
      return Map(members);
    }
  }
  return v;
}

void Arena::Adopt(std::shared_ptr<const Arena> other) {
  if (!other || other.get() == this) return;
  for (const auto& known : adopted_)
    if (known == other) return;
  adopted_.push_back(std::move(other));
}

Value Arena::Adopt(const Document& document) {
  Adopt(document.arena());
  return document.root();
}

}  // namespace plumb
