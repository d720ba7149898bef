#include "sources/git_failure.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <string>

namespace plumb {
namespace {

// Signs that our own copy is broken. The far side's words come with "remote: " in front, and do not count.
constexpr std::string_view kDamageSigns[] = {
    "not a git repository",
    "bad config",
    "bad object",
    "is corrupt",
    "unable to read",
    "missing blob",
    "missing tree",
    ".lock': File exists",
    "shallow file",
    "did not send all necessary objects",
    "index file",
    "bad index",
    "pack has",
    "unresolved deltas",
    "invalid index-pack",
    "wrong object",
    "inflate",
    "no such ref was fetched",
};

struct Rule {
  std::string_view sign;  // a part of standard error
  GitTrouble trouble;
  Code code;
  std::string_view advice;  // "" : git's own first complaint is told
};

// The first sign that is found counts: the particular stands before the general.
constexpr Rule kRules[] = {
    {"unknown option: --config-env", GitTrouble::kRemote, Code::kInvalid,
     "the git program is older than 2.31; install a newer one"},
    {"No space left on device", GitTrouble::kRemote, Code::kUnavailable, "the disk of the cache directory is full"},
    {"Disk quota exceeded", GitTrouble::kRemote, Code::kUnavailable,
     "the disk quota of the cache directory is used up"},
    {"died of signal 25", GitTrouble::kRemote, Code::kLimit, "the pack is larger than the bound on one fetch"},
    {"File too large", GitTrouble::kRemote, Code::kLimit, "the pack is larger than the bound on one fetch"},
    {"Read-only file system", GitTrouble::kRemote, Code::kUnavailable, "the cache directory is read-only"},
    {"dubious ownership", GitTrouble::kRemote, Code::kDenied,
     "it belongs to another user; run plumb as its owner, or serve it over ssh or https"},
    {"Host key verification failed", GitTrouble::kRemote, Code::kDenied,
     "the host's ssh key is not known; check it and add it to the known_hosts file (ssh-keyscan HOST shows it)"},
    {"REMOTE HOST IDENTIFICATION HAS CHANGED", GitTrouble::kRemote, Code::kDenied,
     "the host's ssh key is not the known one; somebody may be listening, or the host was made anew"},
    {"Permission denied (", GitTrouble::kRemote, Code::kDenied,
     "the ssh key was refused; check the key and its rights"},
    {"Authentication failed", GitTrouble::kRemote, Code::kDenied, "the user name or password was refused"},
    {"could not read Username", GitTrouble::kRemote, Code::kDenied, "it needs credentials, and none are configured"},
    {"could not read Password", GitTrouble::kRemote, Code::kDenied, "it needs a password, and none is configured"},
    {"returned error: 401", GitTrouble::kRemote, Code::kDenied, "the credentials were refused"},
    {"returned error: 403", GitTrouble::kRemote, Code::kDenied, "the credentials have no right to read it"},
    {"HTTP 403", GitTrouble::kRemote, Code::kDenied, "the credentials have no right to read it"},
    {"SSL certificate problem", GitTrouble::kRemote, Code::kDenied,
     "its certificate is not trusted; name its authority with the credentials' CA file"},
    {"server certificate verification failed", GitTrouble::kRemote, Code::kDenied,
     "its certificate is not trusted; name its authority with the credentials' CA file"},
    {"Could not resolve host", GitTrouble::kRemote, Code::kUnavailable, "the host's name cannot be resolved"},
    {"not our ref", GitTrouble::kRevisionGone, Code::kNotFound, "the commit is not there (any more)"},
    {"unadvertised object", GitTrouble::kShallowRefused, Code::kNotFound, "the commit cannot be asked for by its id"},
    {"couldn't find remote ref", GitTrouble::kRevisionGone, Code::kNotFound, "the revision is not there (any more)"},
    {"does not support shallow", GitTrouble::kShallowRefused, Code::kUnavailable,
     "the server cannot send a part of the history"},
    {"shallow capabilities", GitTrouble::kShallowRefused, Code::kUnavailable,
     "the server cannot send a part of the history"},
    {"transport '", GitTrouble::kRemote, Code::kInvalid, "its protocol is not allowed; use https, ssh, file or a path"},
    {"Could not chdir to", GitTrouble::kRemote, Code::kNotFound, "there is no such repository"},
    {"does not appear to be a git repository", GitTrouble::kRemote, Code::kNotFound,
     "there is no git repository at this address"},
    {"Repository not found", GitTrouble::kRemote, Code::kNotFound, "no such repository, or no right to see it"},
    {"repository '", GitTrouble::kRemote, Code::kNotFound, ""},  // "repository 'x' not found", "... does not exist"
    {"could not be found", GitTrouble::kRemote, Code::kNotFound, "no such repository, or no right to see it"},
    {"returned error: 404", GitTrouble::kRemote, Code::kNotFound, "no such repository, or no right to see it"},
    {"mismatched algorithms", GitTrouble::kRemote, Code::kInvalid,
     "its object ids are SHA-256, which is not supported"},
    {"unable to access", GitTrouble::kRemote, Code::kUnavailable, ""},
    {"Connection refused", GitTrouble::kRemote, Code::kUnavailable, "the host refuses the connection"},
    {"Connection timed out", GitTrouble::kRemote, Code::kUnavailable, "the host does not answer"},
    {"Operation timed out", GitTrouble::kRemote, Code::kUnavailable, "the host does not answer"},
    {"Connection reset", GitTrouble::kRemote, Code::kUnavailable, "the host closed the connection"},
    {"No route to host", GitTrouble::kRemote, Code::kUnavailable, "there is no route to the host"},
    {"unexpected disconnect", GitTrouble::kRemote, Code::kUnavailable, "the host closed the connection"},
    {"early EOF", GitTrouble::kRemote, Code::kUnavailable, "the host closed the connection in the middle of a pack"},
    {"hung up", GitTrouble::kRemote, Code::kUnavailable, "the host closed the connection"},
    {"Could not read from remote repository", GitTrouble::kRemote, Code::kUnavailable, ""},
    {"RPC failed", GitTrouble::kRemote, Code::kUnavailable, ""},
};

// The line that says most: ssh's and the server's come before git's own "fatal:".
std::string FirstComplaint(std::string_view text) {
  std::string_view best;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (best.empty()) best = line;
    if (line.starts_with("fatal: ") || line.starts_with("error: ")) {
      best = line.substr(7);
      break;
    }
  }
  std::string plain;
  for (const char c : best.substr(0, 300)) plain += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  while (plain.ends_with(' ') || plain.ends_with('.')) plain.pop_back();
  return plain;
}

std::string WithoutRemoteLines(std::string_view text) {
  std::string own;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (!text.starts_with("remote: ")) own.append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return own;
}

}  // namespace

GitFailure ExplainGitFailure(std::string_view what, int status, std::string_view standard_error) {
  const std::string prefix = what.empty() ? std::string("git") : fmt::format("git repository '{}'", what);
  const std::string complaint = FirstComplaint(standard_error);
  for (const Rule& rule : kRules) {
    if (standard_error.find(rule.sign) == std::string_view::npos) continue;
    const std::string_view text = rule.advice.empty() ? std::string_view(complaint) : rule.advice;
    return {rule.trouble, Error(rule.code, fmt::format("{}: {}", prefix, text))};
  }
  const std::string text = complaint.empty() ? fmt::format("git ended with status {}", status) : complaint;
  const std::string own = WithoutRemoteLines(standard_error);
  const bool damaged = std::any_of(std::begin(kDamageSigns), std::end(kDamageSigns),
                                   [&](std::string_view sign) { return own.find(sign) != std::string::npos; });
  const GitTrouble trouble = damaged ? GitTrouble::kMirrorDamaged : GitTrouble::kRemote;
  return {trouble, Unavailable(fmt::format("{}: {}", prefix, text))};
}

}  // namespace plumb
