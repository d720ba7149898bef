#include "engine/cli/tree_applications.h"

#include <fmt/core.h>

#include "core/yaml.h"

namespace plumb::cli {

namespace {

constexpr size_t kMostFiles = 20'000;
constexpr std::string_view kGroup = "plumb.dev/";

bool IsYaml(std::string_view name) { return !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json")); }

class Reader {
 public:
  Reader(const Tree& tree, bool search) : tree_(tree), search_(search) {}

  Status Folder(const std::string& path, int depth) {
    if (depth > 64) return Ok();
    PLUMB_TRY(entries, tree_.List(path));
    for (const TreeEntry& entry : entries) {
      const std::string child = path.empty() ? entry.name : path + "/" + entry.name;
      if (entry.type == TreeEntry::Type::kDirectory && search_ && !entry.name.starts_with('.')) PLUMB_OK(Folder(child, depth + 1));
      if (entry.type == TreeEntry::Type::kFile && IsYaml(entry.name)) PLUMB_OK(File(child));
    }
    return Ok();
  }

  Status File(const std::string& path) {
    if (++files_ > kMostFiles) return LimitExceeded(fmt::format("more than {} YAML files to look for Applications in; name them with --config, or name a PATH", kMostFiles));
    auto text = tree_.Read(path);
    if (!text.ok()) return search_ ? Ok() : Status(std::move(text).error().Wrap(path));
    if (search_ && (text->find(kGroup) == std::string::npos || text->find("Application") == std::string::npos)) return Ok();
    YamlOptions strict;
    strict.refuse_duplicate_keys = true;
    auto documents = ParseYaml(*text, strict);
    if (!documents.ok()) return search_ ? Ok() : Status(std::move(documents).error().Wrap(path));  // a template, or broken: its render says so
    for (const YamlDocument& document : *documents) {
      const Value root = document.value.root();
      if (search_ && (root.GetString("kind") != "Application" || !root.GetString("apiVersion").starts_with(kGroup))) continue;
      PLUMB_TRY(application, ParseApplication(document.value), fmt::format("{}:{}", path, document.line));
      application.origin = {path, 0, document.line};
      for (const Application& other : found_)
        if (other.key() == application.key())
          return Invalid(fmt::format("{}:{}: application '{}' is given twice; the other is at {}", path, document.line, application.key(), other.origin.ToString()));
      found_.push_back(std::move(application));
    }
    return Ok();
  }

  std::vector<Application> Take() { return std::move(found_); }

 private:
  const Tree& tree_;
  const bool search_;
  size_t files_ = 0;
  std::vector<Application> found_;
};

}  // namespace

Result<std::vector<Application>> ApplicationsOfTree(const Tree& tree, const std::string& path) {
  Reader reader(tree, path.empty());
  if (path.empty()) {
    PLUMB_OK(reader.Folder("", 0));
    return reader.Take();
  }
  PLUMB_TRY(type, tree.Stat(path), path);
  if (type == TreeEntry::Type::kDirectory) PLUMB_OK(reader.Folder(path, 0));
  else PLUMB_OK(reader.File(path));
  return reader.Take();
}

}  // namespace plumb::cli
