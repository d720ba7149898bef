#include "engine/sandbox/names.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/sandbox/selector.h"

namespace plumb::sandbox {

namespace {

bool Lower(char c) { return c >= 'a' && c <= 'z'; }
bool Digit(char c) { return c >= '0' && c <= '9'; }
bool Alnum(char c) { return Lower(c | 0x20) || Digit(c); }

bool IsDnsLabel(std::string_view s) {
  auto edge = [](char c) { return Lower(c) || Digit(c); };
  return !s.empty() && edge(s.front()) && edge(s.back()) && std::ranges::all_of(s, [&](char c) { return edge(c) || c == '-'; });
}

bool IsDnsSubdomain(std::string_view s) {
  for (;;) {
    const size_t dot = s.find('.');
    if (!IsDnsLabel(s.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    s.remove_prefix(dot + 1);
  }
}

bool IsQualifiedPart(std::string_view s) {
  return !s.empty() && Alnum(s.front()) && Alnum(s.back()) &&
         std::ranges::all_of(s, [](char c) { return Alnum(c) || c == '-' || c == '_' || c == '.'; });
}

std::string TooLong(size_t n) { return fmt::format("must be no more than {} characters", n); }

constexpr std::string_view kQualified =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

}  // namespace

std::vector<std::string> DnsSubdomainProblems(std::string_view name) {
  std::vector<std::string> out;
  if (name.size() > 253) out.push_back(TooLong(253));
  if (!IsDnsSubdomain(name))
    out.emplace_back(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
        "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
  return out;
}

std::vector<std::string> DnsLabelProblems(std::string_view name) {
  std::vector<std::string> out;
  if (name.size() > 63) out.push_back(TooLong(63));
  if (!IsDnsLabel(name))
    out.emplace_back(
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
        "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
  return out;
}

std::vector<std::string> Dns1035LabelProblems(std::string_view name) {
  std::vector<std::string> out;
  if (name.size() > 63) out.push_back(TooLong(63));
  if (!IsDnsLabel(name) || !Lower(name[0]))
    out.emplace_back(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end "
        "with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
        "'[a-z]([-a-z0-9]*[a-z0-9])?')");
  return out;
}

std::vector<std::string> PathSegmentProblems(std::string_view name) {
  std::vector<std::string> out;
  if (name == "." || name == "..") out.push_back(fmt::format("may not be '{}'", name));
  for (char c : {'/', '%'})
    if (name.find(c) != std::string_view::npos) out.push_back(fmt::format("may not contain '{}'", c));
  return out;
}

std::vector<std::string> QualifiedNameProblems(std::string_view key) {
  std::vector<std::string> out;
  std::string_view name = key;
  if (const size_t slash = key.find('/'); slash != std::string_view::npos) {
    const std::string_view prefix = key.substr(0, slash);
    name = key.substr(slash + 1);
    if (name.find('/') != std::string_view::npos)
      return {fmt::format("a qualified name {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')", kQualified)};
    if (prefix.empty()) out.emplace_back("prefix part must be non-empty");
    else
      for (const std::string& problem : DnsSubdomainProblems(prefix)) out.push_back("prefix part " + problem);
  }
  if (name.empty()) out.emplace_back("name part must be non-empty");
  else if (name.size() > 63) out.push_back("name part " + TooLong(63));
  if (!IsQualifiedPart(name)) out.push_back(fmt::format("name part {}", kQualified));
  return out;
}

std::vector<std::string> LabelValueProblems(std::string_view value) {
  std::vector<std::string> out;
  if (value.size() > 63) out.push_back(TooLong(63));
  if (!value.empty() && !IsQualifiedPart(value))
    out.push_back(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
        "an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
        "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
  return out;
}

}  // namespace plumb::sandbox
