#include "core/glob.h"

#include <fmt/core.h>

namespace plumb {

namespace {

constexpr size_t kMostBytes = 1024, kMostAlternatives = 64, kMostSets = 255;

// `{a,b}` written out: "x{a,b}y" is "xay" and "xby". The first brace that has its end, then the rest likewise.
Status Expand(std::string pattern, std::vector<std::string>& out) {
  size_t open = 0;
  for (; open < pattern.size() && pattern[open] != '{'; ++open) open += pattern[open] == '\\';
  if (open >= pattern.size()) {
    if (out.size() == kMostAlternatives) return Invalid(fmt::format("a pattern has at most {} alternatives", kMostAlternatives));
    out.push_back(std::move(pattern));
    return Ok();
  }
  std::vector<std::string> parts(1);
  size_t depth = 1, at = open + 1;
  for (; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c == '{') ++depth;
    if (c == '}' && --depth == 0) break;
    if (c == ',' && depth == 1) {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
    if (c == '\\' && at + 1 < pattern.size()) parts.back() += pattern[++at];
  }
  if (depth > 0) return Invalid("'{' without its '}'");
  const std::string before = pattern.substr(0, open), after = pattern.substr(at + 1);
  for (const std::string& part : parts) PLUMB_OK(Expand(before + part + after, out));
  return Ok();
}

}  // namespace

Result<Glob> Glob::Parse(std::string_view pattern) {
  const auto context = [&] { return fmt::format("pattern '{}'", pattern.substr(0, 100)); };
  if (pattern.empty() || pattern.size() > kMostBytes) return Invalid(fmt::format("a pattern has 1 to {} bytes", kMostBytes)).Wrap(context());
  Glob glob;
  std::string text(pattern);
  if (text.ends_with('/')) text += "**";
  if (text.starts_with('/')) text.erase(0, 1);
  glob.whole_path_ = pattern.find('/') != std::string_view::npos;
  std::vector<std::string> alternatives;
  PLUMB_OK(Expand(std::move(text), alternatives), context());
  for (const std::string& alternative : alternatives) PLUMB_OK(glob.Add(alternative), context());
  return glob;
}

Status Glob::Add(std::string_view text) {
  Pattern pattern;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '?') {
      pattern.push_back({.kind = Token::Kind::kAny});
    } else if (c == '*' && text.substr(i, 2) == "**") {
      const bool whole = (i == 0 || text[i - 1] == '/') && text.substr(i + 2, 1) == "/";
      while (i + 1 < text.size() && text[i + 1] == '*') ++i;
      const bool directories = whole && text.substr(i + 1, 1) == "/";
      i += directories;
      pattern.push_back({.kind = directories ? Token::Kind::kDirectories : Token::Kind::kGlobstar});
    } else if (c == '*') {
      pattern.push_back({.kind = Token::Kind::kStar});
    } else if (c == '[') {
      std::array<bool, 256> set{};
      size_t at = i + 1;
      const bool negated = at < text.size() && (text[at] == '!' || text[at] == '^');
      at += negated;
      const size_t first = at;
      for (; at < text.size() && (text[at] != ']' || at == first); ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        const auto low = static_cast<unsigned char>(text[at]);
        const bool range = at + 2 < text.size() && text[at + 1] == '-' && text[at + 2] != ']';
        const auto high = range ? static_cast<unsigned char>(text[at += 2]) : low;
        for (unsigned x = low; x <= high; ++x) set[x] = true;
      }
      if (at >= text.size()) return Invalid("'[' without its ']'");
      if (sets_.size() == kMostSets) return Invalid(fmt::format("a pattern has at most {} sets", kMostSets));
      if (negated)
        for (bool& in : set) in = !in;
      set['/'] = false;
      pattern.push_back({.kind = Token::Kind::kSet, .set = static_cast<uint8_t>(sets_.size())});
      sets_.push_back(set);
      i = at;
    } else {
      if (c == '\\' && i + 1 < text.size()) ++i;
      pattern.push_back({.literal = text[i]});
    }
  }
  alternatives_.push_back(std::move(pattern));
  return Ok();
}

bool Glob::Matches(std::string_view path) const {
  const std::string_view text = whole_path_ ? path : path.substr(path.rfind('/') + 1);
  for (const Pattern& pattern : alternatives_)
    if (MatchesOne(pattern, text)) return true;
  return false;
}

bool Glob::MatchesChar(const Token& token, char c) const {
  switch (token.kind) {
    case Token::Kind::kLiteral: return token.literal == c;
    case Token::Kind::kAny: return c != '/';
    case Token::Kind::kSet: return sets_[token.set][static_cast<unsigned char>(c)];
    default: return false;
  }
}

// Two places to come back to: the last `*`, which may grow up to the next '/', and the last `**`, which may grow over it.
// Earlier ones need no second try: where a later one begins, the longest rest of the text is the best.
bool Glob::MatchesOne(const Pattern& pattern, std::string_view text) const {
  constexpr size_t kNone = static_cast<size_t>(-1);
  size_t p = 0, t = 0;
  size_t star = kNone, star_text = 0, wide = kNone, wide_text = 0;
  for (;;) {
    if (p < pattern.size()) {
      const Token& token = pattern[p];
      if (token.kind == Token::Kind::kStar) {
        star = ++p;
        star_text = t;
        continue;
      }
      if (token.kind == Token::Kind::kGlobstar || token.kind == Token::Kind::kDirectories) {
        wide = ++p;
        wide_text = t;
        star = kNone;
        continue;
      }
      if (t < text.size() && MatchesChar(token, text[t])) {
        ++p;
        ++t;
        continue;
      }
    } else if (t == text.size()) {
      return true;
    }
    if (star != kNone && star_text < text.size() && text[star_text] != '/') {
      t = ++star_text;
      p = star;
      continue;
    }
    if (wide == kNone || wide_text >= text.size()) return false;
    star = kNone;
    if (pattern[wide - 1].kind == Token::Kind::kDirectories) {
      const size_t slash = text.find('/', wide_text);
      if (slash == std::string_view::npos) return false;
      wide_text = slash + 1;
    } else {
      ++wide_text;
    }
    t = wide_text;
    p = wide;
  }
}

}  // namespace plumb
