#include "plugins/plain/files.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/suggest.h"

namespace plumb::plain {

namespace {

constexpr size_t kDeepest = 100;  // directories; trees of people are some ten deep

bool IsManifestName(std::string_view name) { return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json"); }

Result<std::vector<Glob>> ParsePatterns(std::string_view option, Value value) {
  std::vector<Glob> globs;
  const auto add = [&](Value pattern) -> Status {
    if (!pattern.is_string()) return Invalid(fmt::format("expected a pattern such as '*.yaml', found {}", KindWithArticle(pattern.kind())));
    PLUMB_TRY(glob, Glob::Parse(pattern.AsString()));
    globs.push_back(std::move(glob));
    return Ok();
  };
  const std::string context = fmt::format("option '{}'", option);
  if (value.is_null()) return globs;
  if (!value.is_list()) PLUMB_OK(add(value), context);
  for (Value item : value.items()) PLUMB_OK(add(item), context);
  return globs;
}

class Finder {
 public:
  Finder(const RenderRequest& request, const Options& options) : request_(request), options_(options) {}

  Status Walk(const std::string& directory, size_t depth) {
    if (depth > kDeepest) return LimitExceeded(fmt::format("'{}': directories are nested more than {} deep", directory, kDeepest));
    PLUMB_TRY(entries, request_.tree->List(directory));
    for (const TreeEntry& entry : entries) {
      if (entry.name.starts_with('.')) continue;
      const std::string path = directory.empty() ? entry.name : directory + "/" + entry.name;
      if (entry.type == TreeEntry::Type::kDirectory) {
        if (options_.recurse) PLUMB_OK(Walk(path, depth + 1));
        continue;
      }
      if (!Wanted(path, entry.name)) continue;
      if (entry.type == TreeEntry::Type::kSymlink) {
        PLUMB_TRY(type, request_.tree->Stat(path));
        if (type != TreeEntry::Type::kFile) continue;
      }
      if (files_.size() == request_.limits.files)
        return LimitExceeded(fmt::format("'{}' holds more than {} files", request_.path, request_.limits.files));
      files_.push_back(path);
    }
    return Ok();
  }

  std::vector<std::string> TakeFiles() {
    std::sort(files_.begin(), files_.end());
    return std::move(files_);
  }

 private:
  bool Wanted(const std::string& path, std::string_view name) const {
    if (!IsManifestName(name)) return false;
    const std::string_view below = std::string_view(path).substr(request_.path.empty() ? 0 : request_.path.size() + 1);
    const auto matches = [&](const Glob& glob) { return glob.Matches(below); };
    if (!options_.include.empty() && std::none_of(options_.include.begin(), options_.include.end(), matches)) return false;
    return std::none_of(options_.exclude.begin(), options_.exclude.end(), matches);
  }

  const RenderRequest& request_;
  const Options& options_;
  std::vector<std::string> files_;
};

}  // namespace

Result<Options> ParseOptions(Value value) {
  Options options;
  if (value.is_null()) return options;
  if (!value.is_map()) return Invalid(fmt::format("options of the plain renderer: expected a map, found {}", KindWithArticle(value.kind())));
  for (const Member& m : value.members()) {
    if (m.key == "recurse") {
      if (!m.value.is_bool()) return Invalid(fmt::format("option 'recurse': expected true or false, found {}", KindWithArticle(m.value.kind())));
      options.recurse = m.value.AsBool();
    } else if (m.key == "include") {
      PLUMB_TRY(globs, ParsePatterns(m.key, m.value));
      options.include = std::move(globs);
    } else if (m.key == "exclude") {
      PLUMB_TRY(globs, ParsePatterns(m.key, m.value));
      options.exclude = std::move(globs);
    } else {
      const std::string suggestion = DidYouMean(m.key, {"recurse", "include", "exclude"});
      return Invalid(fmt::format("unknown option '{}' of the plain renderer{}", m.key, suggestion.empty() ? "; it has 'recurse', 'include' and 'exclude'" : suggestion));
    }
  }
  return options;
}

Result<std::vector<std::string>> FindFiles(const RenderRequest& request, const Options& options) {
  PLUMB_TRY(type, request.tree->Stat(request.path));
  if (type == TreeEntry::Type::kFile) return std::vector<std::string>{request.path};
  Finder finder(request, options);
  PLUMB_OK(finder.Walk(request.path, 0));
  return finder.TakeFiles();
}

}  // namespace plumb::plain
