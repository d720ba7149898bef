#include "sources/git_program.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>

#include "sources/git_failure.h"

namespace plumb {
namespace {

// What a child git may inherit. GIT_DIR and its like must not come through: plumb may run inside a git hook.
constexpr const char* kInherited[] = {
    "PATH",       "HOME",       "USER",          "LOGNAME",      "TMPDIR",    "SSH_AUTH_SOCK",
    "HTTP_PROXY", "http_proxy", "HTTPS_PROXY",   "https_proxy",  "ALL_PROXY", "all_proxy",
    "NO_PROXY",   "no_proxy",   "SSL_CERT_FILE", "SSL_CERT_DIR",
};

std::string ShellQuote(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

Status Readable(const std::string& file, std::string_view use) {
  if (access(file.c_str(), R_OK) == 0) return Ok();
  return NotFound(fmt::format("{} '{}' cannot be read", use, file));
}

}  // namespace

GitProgram GitProgram::Local(ProcessRunner& runner) {
  GitProgram git(runner, "");
  for (const char* name : kInherited) {
    if (const char* value = std::getenv(name)) git.environment_.emplace_back(name, value);
  }
  git.environment_.insert(git.environment_.end(), {{"LC_ALL", "C"},  // its words are read by ExplainGitFailure
                                                   {"GIT_CONFIG_NOSYSTEM", "1"},
                                                   {"GIT_CONFIG_GLOBAL", "/dev/null"},
                                                   {"GIT_TERMINAL_PROMPT", "0"},
                                                   {"GIT_ASKPASS", ""},
                                                   {"GIT_ALLOW_PROTOCOL", "https:http:ssh:file"},
                                                   {"GIT_OPTIONAL_LOCKS", "0"},
                                                   {"GIT_NO_REPLACE_OBJECTS", "1"}});
  git.Configure("core.hooksPath", "/dev/null");
  git.Configure("core.fsmonitor", "false");
  git.Configure("core.askPass", "");
  git.Configure("credential.helper", "");
  git.Configure("gc.auto", "0");
  git.Configure("maintenance.auto", "false");
  git.Configure("fetch.unpackLimit", "1");
  git.Configure("fetch.writeCommitGraph", "false");
  git.Configure("http.lowSpeedLimit", "1000");  // bytes a second, for
  git.Configure("http.lowSpeedTime", "60");     // seconds: then the server counts as gone
  return git;
}

Result<GitProgram> GitProgram::ForRemote(ProcessRunner& runner, const GitUrl& url, const GitCredentials& credentials) {
  GitProgram git = Local(runner);
  git.what_ = url.text;
  if (url.http()) {
    PLUMB_TRY(bearer, credentials.bearer.Read(), "git credentials");
    PLUMB_TRY(given, credentials.password.Read(), "git credentials");
    const std::string password = given.empty() ? url.password : given;
    if (!bearer.empty()) {
      git.Configure("http." + url.Origin() + ".extraHeader", "Authorization: Bearer " + bearer);
    } else if (!password.empty()) {
      const std::string user = !credentials.username.empty() ? credentials.username
                               : url.user.empty()            ? "git"
                                                             : url.user;
      // git asks this shell line; the line names variables, which git itself does not read.
      git.Configure(
          "credential." + url.Origin() + ".helper",
          R"(!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$PLUMB_GIT_USER" "$PLUMB_GIT_PASSWORD"; }; f)");
      git.environment_.emplace_back("PLUMB_GIT_USER", user);
      git.environment_.emplace_back("PLUMB_GIT_PASSWORD", password);
      if (password.find('\n') != std::string::npos) return Invalid("git credentials: the password holds a line break");
    }
    if (!credentials.address.empty()) {
      const bool v6 = credentials.address.find(':') != std::string::npos;
      const std::string port = !url.port.empty() ? url.port : url.scheme == GitUrl::Scheme::kHttps ? "443" : "80";
      git.Configure("http.curloptResolve", fmt::format("{}:{}:{}{}{}", url.host, port, v6 ? "[" : "", credentials.address, v6 ? "]" : ""));
      git.Configure("http.followRedirects", "false");
    }
    if (!credentials.ca_file.empty()) {
      PLUMB_OK(Readable(credentials.ca_file, "file of certificate authorities"));
      git.Configure("http.sslCAInfo", credentials.ca_file);
    }
  }
  if (url.scheme == GitUrl::Scheme::kSsh) {
    std::string ssh = "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=15";
    if (!credentials.address.empty())
      ssh += " -o HostName=" + ShellQuote(credentials.address) + " -o HostKeyAlias=" + ShellQuote(url.host);
    if (!credentials.ssh_key_file.empty()) {
      PLUMB_OK(Readable(credentials.ssh_key_file, "ssh key"));
      ssh += " -F /dev/null -o IdentitiesOnly=yes -o IdentityAgent=none -i " + ShellQuote(credentials.ssh_key_file);
    }
    if (!credentials.known_hosts_file.empty()) {
      PLUMB_OK(Readable(credentials.known_hosts_file, "known_hosts file"));
      ssh += " -o GlobalKnownHostsFile=/dev/null -o UserKnownHostsFile=" + ShellQuote(credentials.known_hosts_file);
    }
    git.environment_.emplace_back("GIT_SSH_COMMAND", ssh);
    git.environment_.emplace_back("GIT_SSH_VARIANT", "ssh");
  }
  return git;
}

std::vector<std::pair<std::string, std::string>> GitProgram::Environment() const {
  auto all = environment_;
  all.emplace_back("GIT_CONFIG_COUNT", std::to_string(config_.size()));
  for (size_t i = 0; i < config_.size(); ++i) {
    all.emplace_back(fmt::format("GIT_CONFIG_KEY_{}", i), config_[i].first);
    all.emplace_back(fmt::format("GIT_CONFIG_VALUE_{}", i), config_[i].second);
  }
  return all;
}

Result<ProcessResult> GitProgram::TryRun(std::vector<std::string> arguments, const std::string& directory,
                                         Bounds bounds, std::stop_token stop) const {
  // Before 2.31 git does not read its configuration from the environment, and would run without ours. This option came
  // with the same release: an older git stops at it.
  arguments.insert(arguments.begin(), {"git", "--config-env=plumb.locale=LC_ALL"});
  Process process;
  process.argv = std::move(arguments);
  process.env = Environment();
  process.inherit_env = false;
  process.directory = directory;
  process.timeout = bounds.timeout;
  process.grace = std::chrono::seconds(2);  // git removes its lock and temporary files on SIGTERM
  process.out_bytes = bounds.out_bytes;
  process.file_bytes = bounds.file_bytes;
  auto result = runner_->Run(process, std::move(stop));
  if (!result.ok() && !what_.empty()) return std::move(result).error().Wrap(fmt::format("git repository '{}'", what_));
  return result;
}

Result<std::string> GitProgram::Run(std::vector<std::string> arguments, const std::string& directory, Bounds bounds,
                                    std::stop_token stop) const {
  PLUMB_TRY(result, TryRun(std::move(arguments), directory, bounds, std::move(stop)));
  if (!result.ok()) return ExplainGitFailure(what_, result.status, result.err).error;
  return std::move(result.out);
}

}  // namespace plumb
