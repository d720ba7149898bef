// The memory and the builder of document trees: a bump allocator that makes Values.
//
// Build bottom-up (children first), then hand the arena over to a Document, which freezes it. Trees built here may
// share subtrees of other arenas once those are adopted: a changed copy of a big object costs its changed spine.
//
// One thread builds; frozen (shared_ptr<const Arena>) it may be read from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/value.h"

namespace plumb {

class Document;

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  static Value Null() { return {}; }
  static Value BareNull();  // Value::is_bare_null
  static Value Bool(bool b);
  static Value Int(int64_t i);
  // A float spelled as Go's encoding/json would print it (1e+21, 0.1), or with the spelling given.
  Value Float(double d);
  Value Float(double d, std::string_view spelling);
  Value String(std::string_view text);  // copies the text
  // The same value as it stands in trees that are read as they were written (Value::is_quoted, Spelling).
  static Value Quoted(Value scalar);                       // a string; or a bare null that its writer would quote
  Value Spelled(Value scalar, std::string_view spelling);  // a null, bool, integer or float; of a string see below
  static Value SpelledString(Value string);                // a date: its text is its spelling
  // A string that stands in several fields as one node: who changes one changes all that have the same text in memory.
  static Value MarkShared(Value string);
  // A string whose text is not copied: it must be a literal, or live in this arena or an adopted one.
  static Value Borrow(std::string_view text);
  // Copies the array of items, not what they point to.
  Value List(std::span<const Value> items);
  Value List(std::initializer_list<Value> items) { return List(std::span(items.begin(), items.size())); }
  // Copies the array of members, not their keys' text (see Key). Keys must be unique; order is kept. (Trees read as they
  // were written may repeat keys: lookups find the first.)
  Value Map(std::span<const Member> members);
  Value Map(std::initializer_list<Member> members) { return Map(std::span(members.begin(), members.size())); }

  // The text of a key, stored once for each arena (until Seal()). A literal needs no Key().
  std::string_view Key(std::string_view text);
  std::string_view Text(std::string_view text);  // a copy of the text in this arena

  // A copy of an array of plain structures that live as long as the trees here (diff/field_set.h).
  template <typename T>
  std::span<const T> Array(std::span<const T> items) {
    static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);
    if (items.empty()) return {};
    void* at = Allocate(items.size_bytes(), alignof(T));
    std::memcpy(at, items.data(), items.size_bytes());
    return {static_cast<const T*>(at), items.size()};
  }

  // A deep copy into this arena, for when a small part of a big document must outlive it.
  Value Copy(Value v);

  // Keeps the other arena alive as long as this one, so that its Values may be used in trees built here.
  void Adopt(std::shared_ptr<const Arena> other);
  Value Adopt(const Document& document);  // the document's root, after adopting its arena

  // Building has ended: gives back what only the builder needs. BuildDocument and the parsers call it.
  void Seal() { keys_ = {}; }

  size_t bytes() const { return bytes_; }  // memory held by trees, adopted arenas not counted

  // For builders who repeat texts of others: they set a bound and ask, now and then, whether it is passed. Nothing else happens.
  void Bound(size_t bytes) { bound_ = bytes; }
  size_t bound() const { return bound_; }
  bool OverBound() const { return bytes_ > bound_; }

 private:
  // The keys seen so far: open addressing, because a node for each key would weigh more than the key.
  class KeySet {
   public:
    // Where the key is, or where it belongs (an empty view). Valid until the next call.
    std::string_view& Slot(std::string_view key);

   private:
    std::vector<std::string_view> slots_;  // a power of two, at most half full
    size_t used_ = 0;
  };
  class Compactor;
  friend Document Compacted(Value v);

  static size_t MapBytes(std::span<const Member> members);
  void AddBlock(size_t bytes);
  void* Allocate(size_t size, size_t align);

  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::byte* next_ = nullptr;
  size_t left_ = 0;
  size_t bytes_ = 0, bound_ = SIZE_MAX;
  KeySet keys_;
  std::vector<std::shared_ptr<const Arena>> adopted_;
};

// A tree and its memory: cheap to copy, shareable between threads. An empty Document is null.
class Document {
 public:
  Document() = default;
  Document(std::shared_ptr<const Arena> arena, Value root) : arena_(std::move(arena)), root_(root) {}

  Value root() const { return root_; }
  const Value* operator->() const { return &root_; }
  Value operator*() const { return root_; }
  const std::shared_ptr<const Arena>& arena() const { return arena_; }

  // The document of a node of this one: shares the memory.
  Document At(Value node) const { return {arena_, node}; }

 private:
  std::shared_ptr<const Arena> arena_;
  Value root_;
};

// Builds a document with a function of the arena: `BuildDocument([&](Arena& a) { return a.Map({...}); })`.
template <typename F>
Document BuildDocument(F&& build) {
  auto arena = std::make_shared<Arena>();
  const Value root = build(*arena);
  arena->Seal();
  return {std::move(arena), root};
}

// A deep copy in one block of exactly the size that it needs, for what is kept long (a cache of live objects).
Document Compacted(Value v);

}  // namespace plumb
