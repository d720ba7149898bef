// Texts that were parsed before: a push changes one file of an application, and a base stands in every overlay.
//
// Keyed by the text itself and how it is read, so that nothing ever has to be invalidated. What is longest unused goes first, and what
// was not used for a while goes with the next text: the past of a repository is not worth memory.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/yaml.h"

namespace plumb {

using YamlDocuments = std::shared_ptr<const std::vector<YamlDocument>>;

// Thread-safe. Two threads that miss the same text both parse it.
class YamlCache {
 public:
  // `bytes`: of the trees that are kept; what users hold beyond that is theirs. A text whose tree is larger than an eighth of it is not kept.
  explicit YamlCache(size_t bytes = 32u << 20, Duration unused = std::chrono::minutes(2), const Clock& clock = Clock::Real())
      : bytes_(bytes), unused_(unused), clock_(clock) {}

  // ParseYaml, or what it answered before. Errors are not kept.
  Result<YamlDocuments> Parse(std::string_view text, const YamlOptions& options = {});

  size_t hits() const;
  size_t bytes() const;  // kept now

 private:
  struct Entry {
    std::string key;
    YamlDocuments documents;
    size_t bytes;
    TimePoint used;
  };
  using Entries = std::list<Entry>;  // most recently used first

  const size_t bytes_;
  const Duration unused_;
  const Clock& clock_;
  mutable Mutex mu_;
  Entries entries_ GUARDED_BY(mu_);
  std::unordered_map<std::string_view, Entries::iterator> by_key_ GUARDED_BY(mu_);
  size_t kept_ GUARDED_BY(mu_) = 0, hits_ GUARDED_BY(mu_) = 0;
};

// Through the cache where there is one.
Result<YamlDocuments> ParseYaml(YamlCache* cache, std::string_view text, const YamlOptions& options = {});

}  // namespace plumb
