#include "engine/cli/archive.h"

#include <fmt/core.h>

#include "core/seal.h"
#include "engine/cli/source.h"

namespace plumb::cli {

std::vector<Flag> ArchiveFlags() {
  return {{"archive", 0, "DIR|none", "where deleted objects are kept for 'plumb undelete' (default: 'undelete' in the cache folder)", "", false, {}},
          {"archive-key", 0, "FILE", "key of the values of deleted Secrets; without one they are not kept", "", false, {}}};
}

std::vector<Flag> ArchiveBoundFlags() {
  return {{"archive-days", 0, "N", "how long deleted objects are kept", "14", false, {}},
          {"archive-size", 0, "MIB", "how much of them is kept, compressed", "256", false, {}}};
}

Result<std::optional<ArchiveOptions>> ArchiveOptionsOf(const Flags& flags) {
  if (flags.Get("archive") == "none") return std::optional<ArchiveOptions>();
  ArchiveOptions options;
  options.folder = flags.Has("archive") ? flags.Get("archive") : CacheDirectory(flags) + "/undelete";
  if (!flags.Get("archive-key").empty()) {
    PLUMB_TRY(key, LoadSealingKey(flags.Get("archive-key")), "--archive-key");
    options.key = std::move(key);
  }
  if (!flags.Get("archive-days").empty()) {
    PLUMB_TRY(days, flags.Number("archive-days", 1, 3650));
    PLUMB_TRY(size, flags.Number("archive-size", 1, 1'000'000));
    options.age = std::chrono::hours(24 * static_cast<long>(days));
    options.bytes = size << 20;
  }
  return std::optional(std::move(options));
}

Status KeepDeleted(const Flags& flags, LoopContext& context) {
  PLUMB_TRY(options, ArchiveOptionsOf(flags));
  if (!options) return Ok();
  context.archive = [archive = Archive(*options)](const Plan& plan, const std::vector<size_t>& steps, const Application& application, const std::string& cluster) {
    return archive.Put(plan, steps, application.ns, cluster);
  };
  return Ok();
}

}  // namespace plumb::cli
