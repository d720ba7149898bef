#include "sources/semver.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace plumb {
namespace {

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t value = 0;
  if (!IsDigits(text) || std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return {};
  return value;
}

bool IsWildcard(std::string_view text) { return text == "x" || text == "X" || text == "*"; }

// One to three numbers, the missing or starred ones counted as absent, and a prerelease.
struct Partial {
  Version version;
  int given = 0;  // 0 for "*", 1 for "1" and "1.x", 3 for "1.2.3"
};

std::optional<Partial> ParsePartial(std::string_view text) {
  if (text.starts_with('v') || text.starts_with('V')) text.remove_prefix(1);
  if (const size_t plus = text.find('+'); plus != std::string_view::npos) text = text.substr(0, plus);
  std::string_view pre;
  bool has_pre = false;
  if (const size_t dash = text.find('-'); dash != std::string_view::npos) {
    pre = text.substr(dash + 1);
    text = text.substr(0, dash);
    has_pre = true;
  }
  Partial partial;
  uint64_t* const fields[] = {&partial.version.major, &partial.version.minor, &partial.version.patch};
  bool starred = false;
  int fields_seen = 0;
  for (;;) {
    if (fields_seen == 3) return {};
    const size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    if (IsWildcard(part)) {
      starred = true;
    } else if (auto number = Number(part); number && !starred) {
      *fields[partial.given++] = *number;
    } else {
      return {};
    }
    ++fields_seen;
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  if (!has_pre) return partial;
  if (starred) return {};
  for (;;) {
    const size_t dot = pre.find('.');
    const std::string_view part = pre.substr(0, dot);
    const bool sound = !part.empty() && std::all_of(part.begin(), part.end(), [](unsigned char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    if (!sound) return {};
    partial.version.pre.emplace_back(part);
    if (dot == std::string_view::npos) return partial;
    pre.remove_prefix(dot + 1);
  }
}

// Semver item 11.4: numbers by value and below words; words bytewise.
std::strong_ordering CompareIdentifier(std::string_view a, std::string_view b) {
  const bool a_number = IsDigits(a), b_number = IsDigits(b);
  if (a_number != b_number) return a_number ? std::strong_ordering::less : std::strong_ordering::greater;
  if (a_number) {
    a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
    if (a.size() != b.size()) return a.size() <=> b.size();
  }
  return a.compare(b) <=> 0;
}

// The first version above everything that begins with the first `given` numbers of `v`. As a bound it is the lowest
// prerelease ("2.0.0-0"), so that ^1.2.0-beta does not take 2.0.0-rc.
Version Above(Version v, int given) {
  if (given == 1)
    v = {.major = v.major + 1};
  else if (given == 2)
    v = {.major = v.major, .minor = v.minor + 1};
  else
    v = {.major = v.major, .minor = v.minor, .patch = v.patch + 1};
  v.pre = {"0"};
  return v;
}

}  // namespace

std::optional<Version> Version::Parse(std::string_view text) {
  auto partial = ParsePartial(text);
  const size_t numbers_end = std::min(text.find_first_of("-+"), text.size());
  const bool starred = text.substr(0, numbers_end).find_first_of("xX*") != std::string_view::npos;
  if (!partial || partial->given == 0 || starred) return {};
  return std::move(partial->version);
}

std::strong_ordering Version::operator<=>(const Version& other) const {
  if (auto c = major <=> other.major; c != 0) return c;
  if (auto c = minor <=> other.minor; c != 0) return c;
  if (auto c = patch <=> other.patch; c != 0) return c;
  if (pre.empty() || other.pre.empty()) return other.pre.size() <=> pre.size();  // a release is above its prereleases
  for (size_t i = 0; i < std::min(pre.size(), other.pre.size()); ++i) {
    if (auto c = CompareIdentifier(pre[i], other.pre[i]); c != 0) return c;
  }
  return pre.size() <=> other.pre.size();
}

std::string Version::ToString() const {
  return fmt::format("{}.{}.{}{}{}", major, minor, patch, pre.empty() ? "" : "-", fmt::join(pre, "."));
}

struct VersionRange::Parser {
  Alternative out;

  void Add(Op op, Version version) { out.bounds.push_back({op, std::move(version)}); }

  // From `low` up to, not including, everything that begins with the first `given` numbers of `low`.
  void AddSpan(const Version& low, int given) {
    Add(Op::kGreaterEqual, low);
    if (given > 0) Add(Op::kLess, Above(low, given));
  }

  Status AddComparator(std::string_view op, std::string_view operand) {
    auto partial = ParsePartial(operand);
    if (!partial) return Invalid(fmt::format("'{}' is not a version", operand));
    const Version& v = partial->version;
    const int given = partial->given;
    if (!v.pre.empty()) out.prereleases = true;
    if (op == "^") {
      // The leftmost number that is not zero may not change: ^1.2.3 below 2, ^0.2.3 below 0.3, ^0.0.3 below 0.0.4.
      const int keep = v.major > 0 || given == 1 ? 1 : v.minor > 0 || given == 2 ? 2 : 3;
      AddSpan(v, std::min(given, keep));
    } else if (op == "~" || op == "~>") {
      AddSpan(v, std::min(given, 2));
    } else if (op.empty() || op == "=" || op == "==") {
      if (given == 3)
        Add(Op::kEqual, v);
      else
        AddSpan(v, given);
    } else if (op == "!=") {
      if (given < 3) return Invalid(fmt::format("'!={}' needs a whole version", operand));
      Add(Op::kNotEqual, v);
    } else if (op == ">=") {
      Add(Op::kGreaterEqual, v);
    } else if (op == "<") {
      if (given == 0) return Invalid("nothing is below '*'");
      Add(Op::kLess, v);
    } else if (op == ">") {
      if (given == 0) return Invalid("nothing is above '*'");
      if (given == 3)
        Add(Op::kGreater, v);
      else
        Add(Op::kGreaterEqual, Above(v, given));  // >1.2 is what lies above every 1.2.x
    } else if (op == "<=") {
      if (given == 3)
        Add(Op::kLessEqual, v);
      else if (given > 0)
        Add(Op::kLess, Above(v, given));
    } else {
      return Invalid(fmt::format("'{}' is not an operator; use one of = != > >= < <= ~ ^", op));
    }
    return Ok();
  }

  // Words of one alternative: an operator may stand alone ("> 1.2"), and "1.2 - 1.9" is a span with both ends.
  Status AddAlternative(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
      const size_t end = std::min(text.find_first_of(" \t,"), text.size());
      if (end > 0) words.push_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (words.empty()) return Invalid("a range is empty; '*' means every version");
    for (size_t i = 0; i < words.size(); ++i) {
      if (i + 2 < words.size() && words[i + 1] == "-") {
        PLUMB_OK(AddComparator(">=", words[i]));
        PLUMB_OK(AddComparator("<=", words[i + 2]));
        i += 2;
        continue;
      }
      const size_t operand = std::min(words[i].find_first_not_of("<>=!~^"), words[i].size());
      const std::string_view op = words[i].substr(0, operand);
      std::string_view version = words[i].substr(operand);
      if (version.empty()) {
        if (++i == words.size()) return Invalid(fmt::format("a version is missing after '{}'", op));
        version = words[i];
      }
      PLUMB_OK(AddComparator(op, version));
    }
    return Ok();
  }
};

Result<VersionRange> VersionRange::Parse(std::string_view text) {
  if (text.size() > 1000) return LimitExceeded("a version range is longer than 1000 bytes");
  VersionRange range;
  std::string_view rest = text;
  for (;;) {
    const size_t bar = rest.find("||");
    Parser parser;
    PLUMB_OK(parser.AddAlternative(rest.substr(0, bar)), fmt::format("version range '{}'", text));
    range.alternatives_.push_back(std::move(parser.out));
    if (bar == std::string_view::npos) return range;
    rest.remove_prefix(bar + 2);
  }
}

bool VersionRange::Contains(const Version& version) const {
  const auto within = [&](const Bound& bound) {
    const auto order = version <=> bound.version;
    switch (bound.op) {
      case Op::kEqual: return order == 0;
      case Op::kNotEqual: return order != 0;
      case Op::kLess: return order < 0;
      case Op::kLessEqual: return order <= 0;
      case Op::kGreater: return order > 0;
      case Op::kGreaterEqual: return order >= 0;
    }
    return false;
  };
  return std::any_of(alternatives_.begin(), alternatives_.end(), [&](const Alternative& a) {
    return (version.pre.empty() || a.prereleases) && std::all_of(a.bounds.begin(), a.bounds.end(), within);
  });
}

}  // namespace plumb
