#include "diff/credentials.h"

#include <algorithm>

#include "diff/field_pattern.h"

namespace plumb {

namespace {

constexpr std::string_view kMarker = "(masked ";

bool IsName(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.'; }
bool IsSpace(char c) { return c == ' ' || c == '\t'; }

// The name that ends right before `end`, its quotes left out.
std::string_view NameBefore(std::string_view text, size_t end) {
  while (end > 0 && (IsSpace(text[end - 1]) || text[end - 1] == '"' || text[end - 1] == '\'' || text[end - 1] == '\\')) --end;
  size_t start = end;
  while (start > 0 && IsName(text[start - 1])) --start;
  return text.substr(start, end - start);
}

bool StartsWithMarker(std::string_view text) {
  if (!text.starts_with(kMarker)) return false;
  const size_t close = text.find(')');
  return close != std::string_view::npos && IsMarker(text.substr(0, close + 1));
}

bool IsReference(std::string_view value) { return value.starts_with("$(") || value.starts_with("${") || value.starts_with("{{") || StartsWithMarker(value); }

// The value that begins at or after `at`: [first, last).
std::pair<size_t, size_t> ValueAfter(std::string_view text, size_t at, bool whole_line) {
  while (at < text.size() && (IsSpace(text[at]) || text[at] == '\\')) ++at;
  if (at < text.size() && (text[at] == '"' || text[at] == '\'')) {
    const size_t close = text.find(text[at], at + 1);
    return {at + 1, std::min(close, text.size())};
  }
  // A block scalar of YAML: what is below it cannot be told from the rest here.
  if (whole_line && at < text.size() && (text[at] == '|' || text[at] == '>')) return {at, text.size()};
  const size_t end = std::min(text.find_first_of(whole_line ? "\r\n,}" : " \t\r\n,;&\"'`)}]", at), text.size());
  return {at, end};
}

}  // namespace

bool CredentialNames::Variable(std::string_view name) const {
  std::string upper;
  for (const char c : name) upper += c == '-' || c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) { return MatchesGlob(glob, upper); });
}

bool CredentialNames::Key(std::string_view name) const {
  std::string lower;
  for (const char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) { return std::string_view(lower).ends_with(key); });
}

bool IsMarker(std::string_view text) {
  if (!text.starts_with(kMarker) || !text.ends_with(')')) return false;
  const std::string_view digits = text.substr(kMarker.size(), text.size() - kMarker.size() - 1);
  return digits.size() >= 8 && digits.size() <= 64 && digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<std::string> MaskCredentials(std::string_view text, const CredentialNames& names, const std::function<std::string(std::string_view)>& mask) {
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) return mask(text);
  std::string out;
  size_t copied = 0;
  const auto replace = [&](size_t first, size_t last) {
    if (first >= last || first < copied || IsReference(text.substr(first))) return;
    out += text.substr(copied, first - copied);
    out += mask(text.substr(first, last - first));
    copied = last;
  };
  for (size_t at = text.find_first_of("=:"); at != std::string_view::npos; at = text.find_first_of("=:", at + 1)) {
    if (at < copied) continue;
    if (text.substr(at).starts_with("://")) {
      const std::string_view rest = text.substr(at + 3);
      const std::string_view authority = rest.substr(0, rest.find_first_of("/?# \t\r\n\"'<>"));
      const size_t host = authority.rfind('@'), colon = authority.find(':');
      if (host != std::string_view::npos && colon < host) replace(at + 3 + colon + 1, at + 3 + host);
      continue;
    }
    const std::string_view name = NameBefore(text, at);
    if (name.empty()) continue;
    const bool colon = text[at] == ':';
    if (colon ? !names.Key(name) : !names.Variable(name)) continue;
    const auto [first, last] = ValueAfter(text, at + 1, colon);
    replace(first, last);
  }
  if (copied == 0) return std::nullopt;
  out += text.substr(copied);
  return out;
}

}  // namespace plumb
