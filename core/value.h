// A node of a document tree: null, bool, integer, float, string, list or map.
//
// A Value is a 16-byte view, copied freely, into memory that an Arena owns; it is valid while that arena (or a
// Document that holds it) lives. The tree is immutable: to change one, build a new one in another Arena that
// adopts the old, sharing every unchanged subtree (core/arena.h, core/edit.h).
//
// Thread-safe to read from any number of threads.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace plumb {

enum class Kind : uint8_t { kNull, kBool, kInt, kFloat, kString, kList, kMap };

// "null", "bool", "integer", "number", "string", "list", "map": the words of error messages.
std::string_view KindName(Kind kind);
// The same as a sentence needs it: "null", "a bool", "an integer", "a list".
std::string_view KindWithArticle(Kind kind);

struct Member;

class Value {
 public:
  constexpr Value() = default;  // null

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_bool() const { return kind_ == Kind::kBool; }
  bool is_int() const { return kind_ == Kind::kInt; }
  bool is_float() const { return kind_ == Kind::kFloat; }
  bool is_number() const { return is_int() || is_float(); }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_list() const { return kind_ == Kind::kList; }
  bool is_map() const { return kind_ == Kind::kMap; }
  bool is_scalar() const { return kind_ < Kind::kList; }
  // A null that YAML left out ("key:") rather than spelled out ("key: null"); Kustomize's patches tell the two apart.
  bool is_bare_null() const { return is_null() && (flags_ & kBare) != 0; }

  // Of trees that are read as they were written (YamlOptions::as_written); false and "" in all others.
  bool is_quoted() const { return (flags_ & kQuoted) != 0; }  // a scalar that was not plain
  bool is_shared() const { return (flags_ & kShared) != 0; }  // see Arena::MarkShared
  // The text of a plain scalar where its value does not tell it: "0x1F", "~", "True", "1.50", "2001-01-01" (a date).
  bool has_spelling() const { return (flags_ & kSpelled) != 0; }
  std::string_view Spelling() const;

  // Each needs the kind it names; otherwise it answers false, 0, "" or an empty span (never crashes).
  bool AsBool() const { return is_bool() && (has_spelling() ? SpelledPayload() != 0 : bool_); }
  int64_t AsInt() const { return !is_int() ? 0 : has_spelling() ? SpelledPayload() : int_; }
  double AsDouble() const;               // of an integer too
  std::string_view AsString() const { return is_string() ? std::string_view(text_, size_) : std::string_view(); }
  // The spelling of a float in its source ("1.50", "1e3"). Integers are always canonical decimal.
  std::string_view FloatText() const { return is_float() ? std::string_view(text_ + sizeof(double), size_) : std::string_view(); }

  // Items of a list or members of a map in document order; 0 or empty for any other kind.
  size_t size() const { return kind_ >= Kind::kList ? size_ : 0; }
  bool empty() const { return size() == 0; }
  std::span<const Value> items() const { return is_list() ? std::span(items_, size_) : std::span<const Value>(); }
  std::span<const Member> members() const;
  Value operator[](size_t i) const { return items()[i]; }

  // The member's value, or nullptr where this is no map or has no such key. O(size) to 16 members, O(log size) above.
  const Value* Find(std::string_view key) const;
  bool Has(std::string_view key) const { return Find(key) != nullptr; }
  // As Find, with null for absent: use where null and absent mean the same. Chains: v.Get("spec").Get("replicas").
  Value Get(std::string_view key) const;
  std::string_view GetString(std::string_view key) const { return Get(key).AsString(); }

  // True where both are the very same node in memory (same subtree, shared): implies ==, O(1).
  bool SameAs(Value other) const;

 private:
  friend class Arena;
  static constexpr uint8_t kIndexed = 1;  // a map's members are followed by uint32_t[size] sorted by key
  static constexpr uint8_t kBare = 2;
  static constexpr uint8_t kQuoted = 4;
  static constexpr uint8_t kSpelled = 8;  // a null, bool or integer is then int64_t and its text at text_
  static constexpr uint8_t kShared = 16;

  int64_t SpelledPayload() const {
    int64_t payload;
    std::memcpy(&payload, text_, sizeof(payload));
    return payload;
  }

  Kind kind_ = Kind::kNull;
  uint8_t flags_ = 0;
  uint32_t size_ = 0;
  union {
    bool bool_;
    int64_t int_ = 0;
    const char* text_;       // kString: text; kFloat: a double, then its spelling
    const Value* items_;     // kList
    const Member* members_;  // kMap
  };
};

static_assert(sizeof(Value) == 16);

// One key of a map and its value. The key's text lives in the same arena as the map (or one that it adopted).
struct Member {
  std::string_view key;
  Value value;
};

inline std::span<const Member> Value::members() const {
  return is_map() ? std::span(members_, size_) : std::span<const Member>();
}

inline Value Value::Get(std::string_view key) const {
  const Value* found = Find(key);
  return found ? *found : Value();
}

// Structural equality: maps in any key order, lists in order, numbers by value (1 == 1.0), as Kubernetes compares
// decoded JSON. O(size); shared subtrees are O(1). Recursion is bounded by the depth limit of the parsers.
bool operator==(Value a, Value b);

// A hash that agrees with ==: independent of key order. Not stable across versions of Plumb; never store it.
uint64_t Hash(Value v);

// Nodes in the tree, the root included.
size_t CountNodes(Value v);

}  // namespace plumb
