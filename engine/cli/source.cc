#include "engine/cli/source.h"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>

#include "core/edit.h"
#include "core/yaml.h"
#include "engine/cli/interrupt.h"
#include "engine/loop/desired.h"
#include "engine/loop/exec_functions.h"
#include "plugins/detect.h"
#include "sources/directory_tree.h"
#include "sources/git_source.h"

namespace plumb::cli {

namespace fs = std::filesystem;

std::vector<Flag> SourceFlags() {
  std::vector<Flag> flags = {{"repo", 0, "URL", "render from this git repository instead of a local path", "", false, {}},
          {"revision", 0, "REVISION", "branch, tag, semver range or commit of --repo (default: its HEAD)", "", false, {}},
          {"path", 0, "DIR", "directory in --repo (default: its root)", "", false, {}},
          {"renderer", 0, "NAME", "how to render; recognised from the files where absent", "", false, {"plain", "kustomize"}},
          {"option", 0, "NAME=VALUE", "an option of the renderer, its value in YAML, as in an Application: 'images=[nginx=nginx:2]'", "", true, {}},
          {"cache", 0, "DIR", "where fetched repositories are kept (default: ~/.cache/plumb)", "", false, {}}};
  for (const Flag& flag : RemoteBaseFlags("any")) flags.push_back(flag);
  return flags;
}

std::vector<Flag> RemoteBaseFlags(const std::string& hosts) {
  return {{"remote-bases", 0, "HOST", "let kustomizations take bases and files from this host: a name, '*.name', '*', 'none', or 'file' (default: " + hosts + ")", "", true, {}},
          {"allow-functions", 0, "", "run the programs that kustomizations name as functions", "", false, {}},
          {"inner-addresses", 0, "", "let those hosts have loopback and link-local addresses", "", false, {}}};
}

RemoteBaseOptions RemoteBaseOptionsOf(const Flags& flags, const ApplicationSource& source, const GitOptions& git) {
  RemoteBaseOptions options;
  for (const std::string& host : flags.All("remote-bases"))
    if (host != "none") options.hosts.push_back(host);
  options.inner_addresses = flags.On("inner-addresses");
  options.git = git;
  options.own_url = source.git.url;
  options.own_credentials = source.git.credentials;
  return options;
}

std::string CacheDirectory(const Flags& flags) {
  if (const std::string given = flags.Get("cache"); !given.empty()) return given;
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg && *xdg) return std::string(xdg) + "/plumb";
  if (const char* home = std::getenv("HOME"); home && *home) return std::string(home) + "/.cache/plumb";
  return (fs::temp_directory_path() / fmt::format("plumb-{}", getuid())).string();
}

namespace {

// "--option name=value" for each: the map that an Application has under the renderer's name.
Result<Document> ReadOptions(const Flags& flags) {
  auto arena = std::make_shared<Arena>();
  Value options = arena->Map({});
  for (const std::string& option : flags.All("option")) {
    const size_t equals = option.find('=');
    if (equals == std::string::npos || equals == 0) return Invalid(fmt::format("--option '{}': expected NAME=VALUE", option));
    PLUMB_TRY(value, ParseYamlOne(option.substr(equals + 1)), fmt::format("--option '{}'", option.substr(0, equals)));
    options = With(*arena, options, option.substr(0, equals), arena->Adopt(value));
  }
  if (options.empty()) return Document();
  return Document(std::move(arena), options);
}

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
  loaded.alone = !fs::exists(root / ".git", error);
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
  if (!loaded.ok()) return loaded;
  loaded->source.renderer = flags.Get("renderer");
  PLUMB_TRY(options, ReadOptions(flags));
  loaded->source.options = std::move(options);
  GitOptions git;
  git.cache_directory = CacheDirectory(flags);
  loaded->remote = RemoteBaseOptionsOf(flags, loaded->source, git);
  loaded->functions = flags.On("allow-functions");
  if (!flags.Has("remote-bases")) loaded->remote.hosts = {"*"};  // who types the command chose the source
  return loaded;
}

namespace {

// A directory in no checkout has no root of its own that its bases could be told to stay in: where it reaches out of what
// was opened, the directory above is opened instead. Whoever typed the path may read it.
template <typename F>
auto RenderWidely(const LoadedSource& loaded, const F& render) -> decltype(render(*loaded.tree, loaded.source)) {
  auto first = render(*loaded.tree, loaded.source);
  if (first.ok() || !loaded.alone || first.error().code() != Code::kDenied) return first;
  auto widest = std::move(first);  // says what is denied still, once nothing is outside
  ApplicationSource source = loaded.source;
  for (fs::path at = source.directory; at.has_relative_path(); at = at.parent_path()) {
    source.path = (at.filename() / source.path).lexically_normal().string();
    while (source.path.ends_with('/')) source.path.pop_back();
    PLUMB_TRY(tree, OpenDirectoryTree(at.parent_path().string()));
    widest = render(*tree, source);
    if (widest.ok() || widest.error().code() != Code::kDenied) return widest;
  }
  return widest;
}

}  // namespace

Result<Rendered> RenderLoaded(const LoadedSource& loaded) {
  ExecFunctions functions;
  const auto hand_out = [&](const ApplicationSource&) { return std::make_unique<RemoteBasesFromSources>(loaded.remote, Interrupted()); };
  const RenderHelpers helpers{hand_out, loaded.functions ? &functions : nullptr, loaded.yaml};
  return RenderWidely(loaded, [&](const Tree& tree, const ApplicationSource& source) { return RenderSource(tree, source, {}, helpers); });
}

Result<Explanation> ExplainLoaded(const LoadedSource& loaded, const std::string& object) {
  std::string renderer = loaded.source.renderer;
  if (renderer.empty()) {
    PLUMB_TRY(detected, DetectRenderer(*loaded.tree, loaded.source.path));
    renderer = RendererName(detected);
  }
  if (renderer != "kustomize") return Invalid(fmt::format("--explain knows kustomizations; this is a {} source, whose fields are its files'", renderer));
  RemoteBasesFromSources remote(loaded.remote, Interrupted());
  ExecFunctions functions;
  return RenderWidely(loaded, [&](const Tree& tree, const ApplicationSource& source) {
    RenderRequest request;
    request.tree = &tree;
    request.path = source.path;
    request.options = source.options;
    return ExplainKustomize(request, object, {&remote, loaded.functions ? &functions : nullptr});
  });
}

}  // namespace plumb::cli
