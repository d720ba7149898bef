// The sources that applications follow: each is looked at once, however many applications read it.
//
// A thousand applications of one repository cost one `git ls-remote` a poll, and one fetch a push.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/tree.h"
#include "engine/loop/application.h"

namespace plumb {

// One state of a source.
struct SourceState {
  std::string revision;  // the commit's id; "" for a directory
  std::string subject;   // the first line of the commit's message
  std::shared_ptr<const Tree> tree;
};

// A source went from one state to the next.
struct SourceMove {
  std::shared_ptr<const SourceState> before, after;  // before: null at the first
  std::optional<TreeChanges> changes;                // nullopt where that could not be told
};

// Looks at one source; may keep state between calls, and is called by one thread at a time.
// `pushed`: somebody says that it moved.
using SourceResolver = std::function<Result<SourceState>(std::stop_token, bool pushed)>;

// What is known of a source now.
struct SourceView {
  std::shared_ptr<const SourceState> state;  // the last that could be read; null: none yet
  std::optional<Error> error;                // of the last look, where it failed: the state is not fresh then
  bool looked = false;                       // at least once
};

// Thread-safe.
class SourceHub {
 public:
  using MakeResolver = std::function<Result<SourceResolver>(const ApplicationSource&)>;
  explicit SourceHub(MakeResolver make) : make_(std::move(make)) {}

  // What tells sources apart: the repository, the revision and who asks for it. Path and renderer do not count.
  static std::string KeyOf(const ApplicationSource& source);

  // `application` follows these from now on, and none of those it followed before.
  void Follow(const std::string& application, const std::vector<ApplicationSource>& sources, Duration interval);
  void Unfollow(const std::string& application) { Follow(application, {}, Duration::max()); }

  // Asks where the source stands. One look at a key at a time; others wait for it.
  enum class Change : uint8_t {
    kNone,
    kMoved,      // another revision, or a directory, whose content nobody can tell without reading it
    kFailed,     // it failed, and did not before; or it fails in another way
    kRecovered,  // it had failed, and stands where it stood
  };
  Change Look(const std::string& key, std::stop_token stop, bool pushed = false);

  SourceView View(const std::string& key) const;
  std::vector<std::string> Followers(const std::string& key) const;  // in order of their names
  Duration Interval(const std::string& key) const;  // the shortest of the followers'; max() without any
  // Keys of the sources for which `matches` says yes.
  std::vector<std::string> Matching(const std::function<bool(const ApplicationSource&)>& matches) const;

 private:
  struct Entry {
    ApplicationSource source;
    std::map<std::string, Duration> followers;
    Mutex looking;  // held during a look; taken before mu_
    SourceResolver resolver GUARDED_BY(looking);
    SourceView view;  // guarded by the hub's mu_
  };

  const MakeResolver make_;
  mutable Mutex mu_;
  std::map<std::string, std::shared_ptr<Entry>> entries_ GUARDED_BY(mu_);
};

}  // namespace plumb
