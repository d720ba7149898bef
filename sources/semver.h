// Semantic versions (semver.org 2.0.0) and ranges of them: which tag does `^1.2` mean?
//
// Ranges read as in npm and in Go's Masterminds/semver, which Helm and Flux users know: alternatives by "||", within
// them comparators by blanks or commas: =1.2.3, !=1.2.3, >1, >=1.2, <2, <=2.3, ~1.2, ^1.2, 1.x, 1.2.*, *, "1.2 - 1.9".
// Pure functions over plain values; thread-safe.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace plumb {

struct Version {
  uint64_t major = 0;
  uint64_t minor = 0;
  uint64_t patch = 0;
  std::vector<std::string> pre{};  // identifiers of the prerelease: {"rc", "1"}

  // "1.2.3", "v1.2.3-rc.1+build5", and lenient: "v1.2" is 1.2.0. Build metadata is dropped: it has no order.
  // nullopt for anything else.
  static std::optional<Version> Parse(std::string_view text);
  // Precedence by semver.org item 11.
  std::strong_ordering operator<=>(const Version& other) const;
  bool operator==(const Version& other) const { return (*this <=> other) == 0; }
  std::string ToString() const;
};

class VersionRange {
 public:
  // Errors: kInvalid, naming the part that is wrong; kLimit above 1,000 bytes.
  static Result<VersionRange> Parse(std::string_view text);

  // A prerelease belongs to no range, unless the alternative names a prerelease itself: ">=1.2.0-0" means them too.
  bool Contains(const Version& version) const;

 private:
  enum class Op { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };
  struct Bound {
    Op op;
    Version version;
  };
  struct Alternative {
    std::vector<Bound> bounds{};
    bool prereleases = false;
  };
  struct Parser;

  std::vector<Alternative> alternatives_;
};

}  // namespace plumb
