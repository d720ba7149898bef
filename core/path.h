// The path of a node in a Kubernetes object, with the items of associative lists named by their keys:
// `spec.containers[name=web].image`. Diffs, ignore rules, conflicts and messages speak of fields this way.
//
// Plain values, as thread-safe as a std::string.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.h"
#include "core/value.h"

namespace plumb {

// A scalar that names a list item: a key's value, or an item of a set. Owns its text.
class PathScalar {
 public:
  PathScalar() = default;  // null
  // Of a scalar Value; null for a list or a map, which cannot name an item.
  explicit PathScalar(Value v);
  explicit PathScalar(std::string_view text) : v_(std::string(text)) {}
  explicit PathScalar(int64_t i) : v_(i) {}
  explicit PathScalar(bool b) : v_(b) {}
  explicit PathScalar(double d) : v_(d) {}

  bool Matches(Value v) const;  // by value: 80 matches 80.0, not "80"
  // Bare where that reads back as the same scalar (web, 80, true), otherwise as a JSON string ("80", "a b").
  std::string ToString() const;
  std::string ToJson() const;

  bool is_string() const { return std::holds_alternative<std::string>(v_); }
  const std::variant<std::monostate, bool, int64_t, double, std::string>& variant() const { return v_; }
  bool operator==(const PathScalar&) const = default;
  std::partial_ordering operator<=>(const PathScalar&) const = default;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string> v_;
};

// One step down: a map's key, a list's index, the item of an associative list by its keys, or an item of a set.
struct PathStep {
  enum class Kind : uint8_t { kField, kIndex, kKey, kValue };

  static PathStep Field(std::string_view name);
  static PathStep Index(size_t index);
  static PathStep Key(std::vector<std::pair<std::string, PathScalar>> keys);  // sorted by name here
  static PathStep Item(PathScalar value);

  Kind kind = Kind::kField;
  std::string name;                                      // kField
  size_t index = 0;                                      // kIndex
  std::vector<std::pair<std::string, PathScalar>> keys;  // kKey, sorted by name
  PathScalar value;                                      // kValue

  bool operator==(const PathStep&) const = default;
  std::partial_ordering operator<=>(const PathStep&) const = default;
};

class FieldPath {
 public:
  FieldPath() = default;  // the root
  explicit FieldPath(std::vector<PathStep> steps) : steps_(std::move(steps)) {}

  // The form that ToString prints: `metadata.annotations["a.b/c"]`, `spec.ports[port=80,protocol=TCP]`, `args[2]`,
  // `metadata.finalizers[="x/y"]`; a leading dot is allowed. Errors: kInvalid, saying at which character.
  static Result<FieldPath> Parse(std::string_view text);
  // RFC 6901: `/spec/template/spec/containers/0/image`. A step of digits alone becomes an index, which Find also
  // takes as a map's key. Errors: kInvalid where it does not begin with '/'.
  static Result<FieldPath> ParsePointer(std::string_view text);

  bool empty() const { return steps_.empty(); }
  size_t size() const { return steps_.size(); }
  const PathStep& operator[](size_t i) const { return steps_[i]; }
  const std::vector<PathStep>& steps() const { return steps_; }

  void Push(PathStep step) { steps_.push_back(std::move(step)); }
  void Pop() { steps_.pop_back(); }
  FieldPath Append(PathStep step) const;  // a copy, one step longer
  bool StartsWith(const FieldPath& prefix) const;

  std::string ToString() const;  // "" for the root
  // As Kubernetes' messages print it: `.spec.ports[port=80,protocol="TCP"].nodePort`.
  std::string ToKubernetesString() const;

  // The node of `root` at this path, or nullptr. Of several list items with the keys, the first.
  const Value* Find(const Value& root) const;

  bool operator==(const FieldPath&) const = default;
  std::partial_ordering operator<=>(const FieldPath&) const = default;

 private:
  std::vector<PathStep> steps_;
};

}  // namespace plumb
