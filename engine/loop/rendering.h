// An application's manifests, rendered from its sources; rendered again only where what the render read has changed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "core/object.h"
#include "diff/ignore.h"
#include "engine/health/health_rules.h"
#include "engine/loop/desired.h"
#include "engine/loop/read_set.h"
#include "engine/loop/source_hub.h"
#include "plugins/renderer.h"

namespace plumb {

// Update is called by one thread at a time; ReadsOther is thread-safe beside it.
class Rendering {
 public:
  explicit Rendering(const std::vector<ApplicationSource>& sources, RenderHelpers helpers = {})
      : sources_(sources), helpers_(std::move(helpers)), parts_(sources.size()) {}

  // Renders what has to be. True where the manifests or the ignore rules may be others than before. An error leaves the manifests as they
  // were, and the next call renders again only where a tree has changed or the error was of a kind that passes.
  // Errors: of the renderers, with "render" in front.
  Result<bool> Update(const std::vector<std::shared_ptr<const SourceState>>& states);

  // Would a render of source `i` after the move read anything that it has not read at the last one?
  bool ReadsOther(size_t i, const SourceMove& move);

  bool rendered() const { return rendered_; }  // once, at least
  const std::vector<Manifest>& manifests() const { return manifests_; }
  HealthRules health() const;  // of their .plumb/health.yaml
  IgnoreRules rules() const;  // of the sources' .plumb/ignore.yaml
  std::vector<std::string> TakeWarnings() { return std::exchange(warnings_, {}); }

 private:
  struct Part {
    // That `manifests` are of, or that failed. Not kept alive, nor is Known::at: an application that no push touches for months would hold
    // an old repository, with its open files.
    std::weak_ptr<const SourceState> state;
    std::shared_ptr<const ReadSet> reads;  // null before the first render
    std::vector<Manifest> manifests;
    HealthRules health;
    IgnoreRules rules;
    std::string rules_address;  // of what they were read from
    std::optional<Error> error;  // of the last render; told again while nothing changes
  };

  const std::vector<ApplicationSource>& sources_;
  const RenderHelpers helpers_;
  std::vector<Part> parts_;
  std::vector<Manifest> manifests_;
  std::vector<std::string> warnings_;
  bool rendered_ = false;
  bool dirty_ = false;  // a part changed since manifests_ were joined

  // For ReadsOther: what was read at the last render, and the newest state at which that was found to be the same. Only from
  // there on does a list of changes say anything.
  struct Known {
    std::shared_ptr<const ReadSet> reads;
    std::weak_ptr<const SourceState> at;
  };
  void Remember(size_t i);

  Mutex mu_;
  std::vector<Known> known_ GUARDED_BY(mu_);
};

}  // namespace plumb
