#include "sources/git_mirror.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "core/hash.h"
#include "sources/file_lock.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

constexpr size_t kCrowdedRefs = 64;                           // commits in one repository before it is made anew
constexpr Duration kLocalTimeout = std::chrono::seconds(60);  // of git on the mirror alone

// Two users of one remote share a mirror only with the same credentials: else one could read by the other's rights.
std::string MirrorKey(const GitUrl& url, const GitCredentials& c) {
  const std::string identity = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", url.text, url.user, Sha256Hex(url.password),
                                           c.username, c.password.Identity(), c.bearer.Identity(), c.ssh_key_file);
  return Sha256Hex(identity).substr(0, 32);
}

Status MakeDirectory(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return Ok();
  return Unavailable(fmt::format("cache directory '{}' cannot be made: {}", path.string(), error.message()));
}

// The numbers of the repositories in a mirror's folder, lowest first.
std::vector<int> Generations(const std::string& folder) {
  std::vector<int> numbers;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    int number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    if (parsed.ec == std::errc() && parsed.ptr == name.data() + name.size()) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::string RefOf(const std::string& commit) { return "refs/plumb/" + commit; }

}  // namespace

GitMirror::GitMirror(const GitUrl& url, GitProgram git, const GitOptions& options, std::string folder)
    : url_(url), git_(std::move(git)), options_(options), folder_(std::move(folder)) {}

Result<GitMirror> GitMirror::Make(ProcessRunner& runner, const GitUrl& url, const GitCredentials& credentials,
                                  const GitOptions& options) {
  PLUMB_TRY(git, GitProgram::ForRemote(runner, url, credentials));
  const std::string cache = fs::absolute(options.cache_directory).string();
  return GitMirror(url, std::move(git), options, cache + "/git/" + MirrorKey(url, credentials));
}

void GitMirror::Observe(bool fetch, TimePoint started, const Error* error) const {
  if (!options_.observe) return;
  options_.observe({.url = url_.text,
                    .fetch = fetch,
                    .elapsed = Clock::Real().Now() - started,
                    .ok = error == nullptr,
                    .code = error != nullptr ? error->code() : Code::kInternal});
}

Result<std::vector<GitRef>> GitMirror::ListRefs(const std::string& revision, std::stop_token stop) {
  std::vector<std::string> arguments = {"ls-remote", "-q"};
  if (revision.empty() || revision == "HEAD" || revision.starts_with("refs/")) {
    const std::string name = revision.empty() ? "HEAD" : revision;
    arguments.insert(arguments.end(), {"--", url_.text, name, name + "^{}"});
  } else {
    arguments.insert(arguments.end(), {"--heads", "--tags", "--", url_.text});
  }
  const TimePoint started = Clock::Real().Now();
  auto listing = git_.Run(std::move(arguments), "/", {options_.list_timeout, options_.list_bytes}, std::move(stop));
  Observe(false, started, listing.ok() ? nullptr : &listing.error());
  if (!listing.ok()) return std::move(listing).error();
  auto refs = ParseGitRefs(*listing);
  if (!refs.ok()) return std::move(refs).error().Wrap(fmt::format("git repository '{}'", url_.text));
  return refs;
}

// The repository in use, or null where there is none that is sound.
Result<std::shared_ptr<const GitStore>> GitMirror::Current() {
  const std::vector<int> numbers = Generations(folder_);
  if (numbers.empty()) return std::shared_ptr<const GitStore>();
  const std::string directory = fmt::format("{}/{}", folder_, numbers.back());
  if (!store_ || store_->directory() != directory) {
    auto opened = GitStore::Open(directory);
    if (!opened.ok()) return std::shared_ptr<const GitStore>();
    store_ = *std::move(opened);
  }
  return store_->damaged() ? std::shared_ptr<const GitStore>() : store_;
}

Result<std::shared_ptr<const GitStore>> GitMirror::Obtain(const std::string& commit, std::stop_token stop) {
  PLUMB_OK(MakeDirectory(folder_));
  const auto lock = FileLock::Take(folder_ + "/lock", options_.fetch_timeout, stop);
  if (!lock.ok()) return lock.error();
  std::error_code ignored;
  fs::last_write_time(folder_ + "/lock", fs::file_time_type::clock::now(), ignored);
  PLUMB_TRY(store, Current());
  if (store && store->Commit(RefOf(commit)).ok()) return store;
  fetched_ = true;
  const TimePoint started = Clock::Real().Now();
  auto result = Fetch(What::kOneCommit, commit, std::move(stop));
  Observe(true, started, result.ok() ? nullptr : &result.error());
  return result;
}

std::optional<std::string> GitMirror::FetchTip(const std::string& reference, std::stop_token stop) {
  const std::string tip = "refs/plumb/tip";
  const auto lock = FileLock::Take(folder_ + "/lock", options_.fetch_timeout, stop);
  if (!lock.ok()) return std::nullopt;
  const auto store = Current();
  if (!store.ok() || !*store || Crowded((*store)->directory())) return std::nullopt;
  const TimePoint started = Clock::Real().Now();
  if (RunFetch((*store)->directory(), {"--depth=1", "--", url_.text, fmt::format("+{}:{}", reference, tip)}, stop)) return std::nullopt;
  const auto commit = (*store)->Commit(tip);
  if (!commit.ok()) return std::nullopt;
  if (!(*store)->Commit(RefOf(commit->id)).ok()) {
    const auto named = git_.TryRun({"--git-dir=.", "update-ref", RefOf(commit->id), commit->id}, (*store)->directory(), {kLocalTimeout}, stop);
    if (!named.ok() || !named->ok()) return std::nullopt;
    fetched_ = true;
  }
  Observe(true, started, nullptr);
  return commit->id;
}

Result<std::string> GitMirror::Expand(const std::string& abbreviated, std::stop_token stop) {
  PLUMB_OK(MakeDirectory(folder_));
  const auto lock = FileLock::Take(folder_ + "/lock", options_.fetch_timeout, stop);
  if (!lock.ok()) return lock.error();
  PLUMB_TRY(store, Current());
  if (store) {
    if (auto known = store->Commit(abbreviated); known.ok()) return known->id;
  }
  const TimePoint started = Clock::Real().Now();
  auto whole = Fetch(What::kAllHistory, "", std::move(stop));
  Observe(true, started, whole.ok() ? nullptr : &whole.error());
  if (!whole.ok()) return std::move(whole).error();
  auto commit = (*whole)->Commit(abbreviated);
  if (commit.ok()) return commit->id;
  if (commit.error().code() != Code::kNotFound) return std::move(commit).error();
  return NotFound(fmt::format("revision '{}' does not exist: no branch, no tag, no commit", abbreviated));
}

Result<std::shared_ptr<const GitStore>> GitMirror::Fetch(What what, const std::string& commit, std::stop_token stop) {
  PLUMB_TRY(store, Current());
  if (!store || Crowded(store->directory())) return Replace(what, commit, std::move(stop));
  auto failure = FetchInto(store->directory(), what, commit, stop);
  if (!failure) return store;
  if (failure->trouble == GitTrouble::kMirrorDamaged) return Replace(what, commit, std::move(stop));
  return std::move(failure->error);
}

// Makes a new repository and gives it the next number once it holds the commit.
Result<std::shared_ptr<const GitStore>> GitMirror::Replace(What what, const std::string& commit, std::stop_token stop) {
  const std::string fresh = folder_ + "/new";
  std::error_code ignored;
  fs::remove_all(fresh, ignored);  // what a killed process left
  std::ofstream(folder_ + "/remote") << url_.text << '\n';
  auto made = git_.Run({"init", "-q", "--bare", "--object-format=sha1", "--template=", "--", fresh}, folder_,
                       {kLocalTimeout}, stop);
  if (!made.ok()) return std::move(made).error();
  if (auto failure = FetchInto(fresh, what, commit, std::move(stop))) {
    fs::remove_all(fresh, ignored);
    return std::move(failure->error);
  }
  const std::vector<int> numbers = Generations(folder_);
  const int next = numbers.empty() ? 1 : numbers.back() + 1;
  std::error_code error;
  fs::rename(fresh, fmt::format("{}/{}", folder_, next), error);
  if (error) return Unavailable(fmt::format("git mirror '{}': {}", folder_, error.message()));
  for (const int number : numbers) {
    if (number < next - 1) fs::remove_all(fmt::format("{}/{}", folder_, number), ignored);
  }
  PLUMB_TRY(store, Current());
  if (!store) return Unavailable(fmt::format("git mirror '{}' cannot be read right after it was made", folder_));
  return store;
}

std::optional<GitFailure> GitMirror::RunFetch(const std::string& repository, std::vector<std::string> what, std::stop_token stop) {
  std::vector<std::string> arguments = {
      "--git-dir=.",          "fetch", "-q", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
      "--no-auto-maintenance"};
  arguments.insert(arguments.end(), what.begin(), what.end());
  auto result = git_.TryRun(std::move(arguments), repository, {options_.fetch_timeout, 1u << 20, options_.fetch_bytes}, std::move(stop));
  if (!result.ok()) return GitFailure{GitTrouble::kRemote, std::move(result).error()};
  if (result->ok()) return std::nullopt;
  return ExplainGitFailure(url_.text, result->status, result->err);
}

std::optional<GitFailure> GitMirror::FetchInto(const std::string& repository, What what, const std::string& commit,
                                               std::stop_token stop) {
  const auto all_history = [&]() -> std::optional<GitFailure> {
    std::vector<std::string> wanted = {"--", url_.text, "+refs/heads/*:refs/plumb/heads/*", "+refs/tags/*:refs/plumb/tags/*"};
    if (fs::exists(repository + "/shallow")) wanted.insert(wanted.begin(), "--unshallow");
    return RunFetch(repository, std::move(wanted), stop);
  };
  if (what == What::kAllHistory) return all_history();

  auto failure = RunFetch(repository, {"--depth=1", "--", url_.text, fmt::format("+{}:{}", commit, RefOf(commit))}, stop);
  if (!failure || failure->trouble != GitTrouble::kShallowRefused) return failure;
  if ((failure = all_history())) return failure;
  // update-ref refuses what is not there, but not what is not reachable: all_history brought only whole histories.
  auto named = git_.TryRun({"--git-dir=.", "update-ref", RefOf(commit), commit}, repository, {kLocalTimeout}, stop);
  if (!named.ok()) return GitFailure{GitTrouble::kRemote, std::move(named).error()};
  if (named->ok()) return std::nullopt;
  return GitFailure{GitTrouble::kRevisionGone,
                    NotFound(fmt::format("git repository '{}': commit {} is not there (any more)", url_.text, commit))};
}

bool GitMirror::Crowded(const std::string& repository) const {
  size_t commits = 0;
  std::error_code error;
  for (fs::directory_iterator it(repository + "/refs/plumb", error), end; !error && it != end; it.increment(error))
    ++commits;
  return commits >= kCrowdedRefs;
}

Result<Swept> SweepGitMirrors(const std::string& cache_directory, SweepOptions options, WallTime now) {
  struct Found {
    fs::path folder;
    WallTime used;
    uint64_t bytes = 0;
  };
  std::vector<Found> mirrors;
  uint64_t total = 0;
  std::error_code error;
  fs::directory_iterator it(cache_directory + "/git", error);
  if (error == std::errc::no_such_file_or_directory) return Swept{};
  for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
    struct stat info {};
    if (stat((it->path() / "lock").c_str(), &info) != 0) continue;
    Found found{.folder = it->path(), .used = WallTime(std::chrono::seconds(info.st_mtim.tv_sec))};
    std::error_code walking;
    for (fs::recursive_directory_iterator file(found.folder, walking), last; !walking && file != last;
         file.increment(walking)) {
      std::error_code gone;
      if (file->is_regular_file(gone)) {
        const uintmax_t size = file->file_size(gone);
        if (!gone) found.bytes += size;
      }
    }
    total += found.bytes;
    mirrors.push_back(std::move(found));
  }
  if (error) return Unavailable(fmt::format("cache directory '{}': {}", cache_directory, error.message()));

  std::sort(mirrors.begin(), mirrors.end(), [](auto& a, auto& b) { return a.used < b.used; });
  Swept swept;
  for (const Found& mirror : mirrors) {
    if (now - mirror.used < options.keep && total <= options.bytes) break;
    auto lock = FileLock::Take((mirror.folder / "lock").string(), Duration::zero());
    if (!lock.ok()) continue;
    std::error_code removing;
    fs::remove_all(mirror.folder, removing);
    if (removing) continue;
    total -= mirror.bytes;
    swept.bytes += mirror.bytes;
    ++swept.mirrors;
  }
  return swept;
}

}  // namespace plumb
