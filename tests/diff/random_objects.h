// Random Kubernetes objects that a server mostly accepts: of the kinds in random_objects.yaml, and of custom kinds made of their
// schemas. The same seeds give the same object.
#pragma once

#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "core/object.h"

namespace plumb::testing {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  size_t Below(size_t n) { return n == 0 ? 0 : engine_() % n; }
  bool Chance(int percent) { return static_cast<int>(Below(100)) < percent; }
  template <typename List>
  auto& Of(List& list) { return list[Below(std::size(list))]; }

 private:
  std::mt19937_64 engine_;
};

struct RandomKind {
  Gvk gvk;
  std::string plural;
  bool namespaced = true, custom = false, status = false;
  Value base, options;  // of a built-in kind
  Value schema;         // of a custom one
  std::string name = "$object";  // of its objects: $object is what the caller names them by
};

class RandomObjects {
 public:
  // Of a file like random_objects.yaml. Errors of the file fail the test.
  explicit RandomObjects(const std::string& file);

  const std::vector<RandomKind>& kinds() const { return kinds_; }
  const RandomKind& Any(Random& random) const { return kinds_[picks_[random.Below(picks_.size())]]; }
  const std::vector<Document>& crds() const { return crds_; }

  // The name of the object that the caller knows as `object`: definitions and APIServices are named by what they say.
  static std::string NameOf(const RandomKind& kind, std::string_view object);

  // A version of an object: those of one `object` seed agree in what cannot be changed.
  Document Make(const RandomKind& kind, std::string_view ns, std::string_view name, uint64_t object, Random& version) const;
  // Some of its fields, as a second manager would apply them.
  Document Part(const Document& object, Random& random) const;

 private:
  class Maker;

  Document file_;
  std::vector<RandomKind> kinds_;
  std::vector<size_t> picks_;  // indexes of kinds_, each as often as its weight
  std::vector<Document> crds_;
};

// `onto` with all that `from` says; lists are joined, items of one name count as one.
Value Overlay(Arena& arena, Value onto, Value from);

// Where two trees differ, a line for each place; "" where they are the same.
std::string Differences(Value have, Value want);

}  // namespace plumb::testing
