// Objects of a build keep their scalars as they were written, since Kustomize changes text nodes: the quotes of a field stay
// when it is set, an annotation `0x1F` ends as that text, a label that was put into several fields is one node.
//
// Values say so by themselves (Value::is_quoted, Spelling, is_shared); here is what follows from it. Pure functions.
// Source: Kustomize 5.5, kyaml FieldSetter and RNode.MarshalJSON; go-yaml v3's encoder.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/result.h"

namespace plumb::kustomize {

// How large a tree is, shared subtrees counted wherever they stand.
struct TreeSize {
  size_t nodes = 0;
  size_t bytes = 0;  // of its texts
};

// What one build may make of its objects: patches and replacements can copy an object into itself again and again, and
// aliases repeat long texts. What is left: Settle takes off what its object has grown since the call before.
struct SettleLimits {
  TreeSize left = {.nodes = 20'000'000, .bytes = 512u << 20};  // of all objects together; bytes as many as may be read
  size_t depth = 600;                                          // nesting of one object
  // Texts that replacements wrote where a number or a boolean was, and what is wrong with each: an error where one is there
  // still, since what comes after may overwrite it.
  std::map<std::string, std::string> mistyped{};

  // Takes off a text that is put together of others, before it stands in an object. Errors: kLimit.
  Status TakeText(size_t bytes);
};

// What the object means once it is read from its text again: floats and dates in their canonical form, no marks left.
// `size` is what the object had at the last call (nothing at the first), and is updated.
// Errors: kInvalid for a key given twice, and numbers that JSON has not; kLimit.
Result<Value> Settle(Arena& arena, Value written, SettleLimits& limits, TreeSize& size);

// A settled tree as if it had been written by go-yaml and read again: strings that need quotes count as quoted.
Value Rewrite(Arena& arena, Value settled);

// `value` as it stands once it is written where `old` was, whose quotes stay: a number over "5" is a string.
Value WrittenOver(Arena& arena, Value old, Value value);

// Errors: kInvalid for a key that would be read as something else than a string when it is written without quotes, as
// Kustomize writes the keys that it adds.
Status CheckAddedKey(std::string_view key);

// Writes to nodes that stand in several places (Value::is_shared). While one object is changed the places keep their old
// value; at the end every place gets the last value written to any of them.
class SharedWrites {
 public:
  // Notes the write, and answers with what the place holds until Apply. `path` orders the writes: the greatest counts.
  Value Write(Value old, Value value, std::vector<std::string_view> path = {});
  Value Apply(Arena& arena, Value object) const;

 private:
  struct Last {
    Value value;
    std::vector<std::string> path;
  };
  std::map<const char*, Last> last_;
};

// `text` as one node to be put into several places.
Value SharedString(Arena& arena, std::string_view text);

}  // namespace plumb::kustomize
