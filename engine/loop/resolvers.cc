#include "engine/loop/resolvers.h"

#include <pthread.h>

#include <condition_variable>
#include <mutex>

#include "core/log.h"
#include "sources/directory_tree.h"
#include "sources/git_mirror.h"
#include "sources/git_source.h"

namespace plumb {

SourceHub::MakeResolver Resolvers(GitOptions options) {
  return [options = std::move(options)](const ApplicationSource& source) -> Result<SourceResolver> {
    if (source.git.url.empty())
      return SourceResolver([directory = source.directory](std::stop_token, bool) -> Result<SourceState> {
        PLUMB_TRY(tree, OpenDirectoryTree(directory));
        return SourceState{"", "", tree};
      });
    PLUMB_TRY(made, GitSource::Make(source.git, options));
    return SourceResolver([git = std::shared_ptr<GitSource>(std::move(made))](std::stop_token stop, bool pushed) -> Result<SourceState> {
      PLUMB_TRY(resolved, git->Resolve(stop, pushed));
      return SourceState{resolved.commit, resolved.subject, resolved.tree};
    });
  };
}

namespace {

constexpr std::chrono::hours kPause{24};

void Sweep(const std::string& cache_directory) {
  const auto swept = SweepGitMirrors(cache_directory, {}, Clock::Real().Wall());
  if (!swept.ok()) log::Debug("git mirrors were not swept", {{"reason", swept.error().message()}});
  else if (swept->mirrors > 0) log::Info("git mirrors removed", {{"mirrors", std::to_string(swept->mirrors)}, {"bytes", std::to_string(swept->bytes)}});
}

}  // namespace

MirrorSweeper::MirrorSweeper(std::string cache_directory)
    : thread_([directory = std::move(cache_directory)](const std::stop_token& stop) {
        pthread_setname_np(pthread_self(), "git-sweep");
        std::mutex mu;
        std::condition_variable_any woken;
        std::unique_lock lock(mu);
        do Sweep(directory);
        while (!woken.wait_for(lock, stop, kPause, [&] { return stop.stop_requested(); }));
      }) {}

}  // namespace plumb
