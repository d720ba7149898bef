#include "plugins/kustomize/remote_url.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace plumb::kustomize {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (Lower(text.substr(0, prefix.size())) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "user@" at the front, or "".
std::string_view TakeUser(std::string_view& text) {
  const size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos || !std::isalpha(static_cast<unsigned char>(text[0]))) return {};
  const auto part = text.substr(0, at);
  const auto fits = [](unsigned char c) { return std::isalnum(c) || c == '-'; };
  if (!std::all_of(part.begin(), part.end(), fits)) return {};
  text.remove_prefix(at + 1);
  return part;
}

std::string Decode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    int code = 0;
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        std::from_chars(text.data() + i + 1, text.data() + i + 3, code, 16).ptr == text.data() + i + 3;
    decoded += escape ? static_cast<char>(code) : text[i] == '+' ? ' ' : text[i];
    if (escape) i += 2;
  }
  return decoded;
}

// Seconds, or Go's durations of one unit ("90s", "2m"); others are overlooked, as the program does.
void ReadTimeout(std::string_view text, Duration* out) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number <= 0 || number > 86'400) return;
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  if (unit.empty() || unit == "s") *out = std::chrono::seconds(number);
  if (unit == "m") *out = std::chrono::minutes(number);
}

void ReadQuery(std::string_view query, RemoteUrl* out) {
  std::string version;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string name = Decode(pair.substr(0, equals)), value = Decode(pair.substr(std::min(equals + 1, pair.size())));
    if (name == "ref" && out->revision.empty()) out->revision = value;
    if (name == "version" && version.empty()) version = value;
    if (name == "timeout") ReadTimeout(value, &out->timeout);
    if (name == "submodules") out->submodules = !(value == "0" || Lower(value) == "false" || Lower(value) == "f");
  }
  if (out->revision.empty()) out->revision = version;
}

// Where the repository ends and the path in it begins: at a mark of its own, else after two elements.
bool SplitPath(std::string_view rest, bool local, std::string* repository, std::string* path) {
  size_t end = 0, next = 0;
  if (const size_t mark = rest.find("_git/"); mark != std::string_view::npos) {
    end = std::min(rest.find('/', mark + 5), rest.size());
    next = std::min(end + 1, rest.size());
  } else if (const size_t slashes = rest.find("//"); slashes != std::string_view::npos) {
    end = slashes;
    next = slashes + 2;
  } else if (const size_t suffix = rest.find(".git"); suffix != std::string_view::npos) {
    end = next = suffix + 4;
  } else if (local) {
    end = next = rest.size();
  } else {
    const size_t first = rest.find('/');
    if (first == std::string_view::npos) return false;
    end = std::min(rest.find('/', first + 1), rest.size());
    next = std::min(end + 1, rest.size());
  }
  *repository = rest.substr(0, end);
  while (next < rest.size() && rest[next] == '/') ++next;
  *path = rest.substr(next);
  while (path->ends_with('/')) path->pop_back();
  return !repository->empty();
}

bool LeavesRepository(std::string_view path) {
  int depth = 0;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part == "..") --depth;
    else if (!part.empty() && part != ".") ++depth;
    if (depth < 0) return true;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return false;
}

std::string HostOnly(std::string_view authority) {
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  if (authority.starts_with('[')) return Lower(authority.substr(1, authority.find(']') - 1));
  return Lower(authority.substr(0, authority.find(':')));
}

}  // namespace

std::string HostOfUrl(std::string_view url) {
  if (!TakePrefix(url, "https://") && !TakePrefix(url, "http://")) return "";
  return HostOnly(url.substr(0, url.find_first_of("/?#")));
}

Result<RemoteUrl> ParseRemoteUrl(std::string_view text) {
  const auto bad = [&](const char* why) {
    return Invalid("'" + std::string(text) + "' is not the address of a git repository: " + why);
  };
  RemoteUrl url;
  std::string_view rest = text;
  if (const size_t query = rest.find('?'); query != std::string_view::npos) {
    ReadQuery(rest.substr(query + 1), &url);
    rest = rest.substr(0, query);
  }
  TakePrefix(rest, "git::");
  std::string_view scheme;
  for (std::string_view known : {"ssh://", "https://", "http://", "file://"})
    if (scheme.empty() && TakePrefix(rest, known)) scheme = known;
  const bool local = scheme == "file://";
  std::string prefix(scheme);
  if (!local) {
    const std::string_view user = TakeUser(rest);
    const std::string start = Lower(rest.substr(0, 11));
    const bool github = start == "github.com/" || start == "github.com:";
    const bool by_colon = scheme.empty() && (!user.empty() || github);
    if (scheme.empty() && !by_colon) return bad("it has no scheme, user or known host");
    size_t separator = rest.find('/');
    const size_t colon = by_colon ? rest.find(':') : std::string_view::npos;
    if (colon != std::string_view::npos && (separator == std::string_view::npos || (colon > 0 && colon < separator))) separator = colon;
    if (separator == std::string_view::npos || separator == 0) return bad("it has no host");
    url.host = HostOnly(rest.substr(0, separator));
    prefix += user.empty() ? "" : std::string(user) + "@";
    if (github) prefix = scheme == "ssh://" || !user.empty() ? (user.empty() ? "" : std::string(user) + "@") + "github.com:" : "https://github.com/";
    else prefix += rest.substr(0, separator + 1);
    rest.remove_prefix(separator + 1);
  }
  std::string repository;
  if (!SplitPath(rest, local, &repository, &url.path)) return bad("it has no path of a repository");
  if (LeavesRepository(url.path)) return bad("its path leads out of the repository");
  url.repository = prefix + repository;
  return url;
}

}  // namespace plumb::kustomize
