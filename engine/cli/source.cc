#include "engine/cli/source.h"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>

#include "engine/cli/interrupt.h"
#include "engine/loop/desired.h"
#include "sources/directory_tree.h"
#include "sources/git_source.h"

namespace plumb::cli {

namespace fs = std::filesystem;

std::vector<Flag> SourceFlags() {
  return {{"repo", 0, "URL", "render from this git repository instead of a local path", "", false, {}},
          {"revision", 0, "REVISION", "branch, tag, semver range or commit of --repo (default: its HEAD)", "", false, {}},
          {"path", 0, "DIR", "directory in --repo (default: its root)", "", false, {}},
          {"renderer", 0, "NAME", "how to render; recognised from the files where absent", "", false, {"plain", "kustomize"}},
          {"cache", 0, "DIR", "where fetched repositories are kept (default: ~/.cache/plumb)", "", false, {}}};
}

std::string CacheDirectory(const Flags& flags) {
  if (const std::string given = flags.Get("cache"); !given.empty()) return given;
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg && *xdg) return std::string(xdg) + "/plumb";
  if (const char* home = std::getenv("HOME"); home && *home) return std::string(home) + "/.cache/plumb";
  return (fs::temp_directory_path() / fmt::format("plumb-{}", getuid())).string();
}

namespace {

Result<LoadedSource> LoadRepository(const Flags& flags) {
  LoadedSource loaded;
  loaded.source.git.url = flags.Get("repo");
  loaded.source.git.revision = flags.Get("revision");
  loaded.source.path = flags.Get("path");
  GitOptions options;
  options.cache_directory = CacheDirectory(flags);
  PLUMB_TRY(git, GitSource::Make(loaded.source.git, options));
  PLUMB_TRY(resolved, git->Resolve(Interrupted()));
  loaded.tree = resolved.tree;
  loaded.revision = resolved.commit;
  return loaded;
}

// A kustomization may read beside and above its own directory, as long as it stays in its repository: the tree of a
// local path is the checkout that it lies in, or itself where it lies in none.
fs::path RootOf(const fs::path& directory) {
  for (fs::path at = directory; at.has_relative_path(); at = at.parent_path())
    if (std::error_code error; fs::exists(at / ".git", error)) return at;
  return directory;
}

Result<LoadedSource> LoadPath(const std::string& path) {
  std::error_code error;
  const fs::path full = fs::canonical(path, error);
  if (error) return NotFound(fmt::format("'{}': {}", path, error.message()));
  const bool file = !fs::is_directory(full, error);
  const fs::path root = RootOf(file ? full.parent_path() : full);
  LoadedSource loaded;
  PLUMB_TRY(tree, OpenDirectoryTree(root.string()));
  loaded.tree = tree;
  loaded.source.directory = root.string();
  const std::string relative = full.lexically_relative(root).string();
  loaded.source.path = relative == "." ? "" : relative;
  return loaded;
}

}  // namespace

Result<LoadedSource> LoadSource(const Flags& flags) {
  const bool repository = !flags.Get("repo").empty();
  if (flags.positional().size() > 1) return Invalid(fmt::format("one path at a time; '{}' is too much", flags.positional()[1]));
  if (repository != flags.positional().empty()) return Invalid("give either PATH or --repo URL [--revision R] [--path P]");
  if (!repository && (flags.Has("revision") || flags.Has("path"))) return Invalid("--revision and --path go with --repo");
  auto loaded = repository ? LoadRepository(flags) : LoadPath(flags.positional()[0]);
  if (loaded.ok()) loaded->source.renderer = flags.Get("renderer");
  return loaded;
}

Result<Rendered> RenderLoaded(const LoadedSource& loaded) { return RenderSource(*loaded.tree, loaded.source); }

}  // namespace plumb::cli
