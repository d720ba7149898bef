#include "core/memory_tree.h"

#include <fmt/core.h>

#include "core/hash.h"

namespace plumb {

namespace {
constexpr int kMostLinks = 40;  // on the way to one file, as Linux has it

bool IsBelow(std::string_view path, std::string_view directory) {
  return directory.empty() || (path.starts_with(directory) && path.size() > directory.size() && path[directory.size()] == '/');
}
}  // namespace

bool MemoryTree::IsDirectory(const std::string& path) const {
  if (path.empty()) return true;
  for (const auto* map : {&files_, &symlinks_}) {
    const auto at = map->lower_bound(path + "/");
    if (at != map->end() && IsBelow(at->first, path)) return true;
  }
  return false;
}

Result<std::string> MemoryTree::Resolve(std::string_view path) const {
  PLUMB_TRY(wanted, JoinPath("", path));
  std::string rest = wanted, done;
  for (int links = 0; !rest.empty();) {
    const size_t slash = rest.find('/');
    const std::string part = rest.substr(0, slash);
    rest = slash == std::string::npos ? "" : rest.substr(slash + 1);
    const std::string here = done.empty() ? part : done + "/" + part;
    const auto link = symlinks_.find(here);
    if (link == symlinks_.end()) {
      done = here;
      continue;
    }
    if (++links > kMostLinks) return LimitExceeded(fmt::format("'{}': too many symlinks; is there a loop?", path));
    if (link->second.starts_with('/')) return Denied(fmt::format("'{}': the symlink '{}' leaves the tree", path, here));
    PLUMB_TRY(target, JoinPath(done, link->second), fmt::format("symlink '{}'", here));
    rest = rest.empty() ? target : target + "/" + rest;
    done.clear();
  }
  return done;
}

Result<std::vector<TreeEntry>> MemoryTree::List(std::string_view path) const {
  PLUMB_TRY(directory, Resolve(path));
  if (files_.contains(directory)) return Invalid(fmt::format("'{}' is a file, not a directory", path));
  if (!IsDirectory(directory)) return NotFound(fmt::format("'{}' does not exist", path));
  const std::string prefix = directory.empty() ? "" : directory + "/";
  std::map<std::string, TreeEntry::Type> entries;
  for (const auto* map : {&files_, &symlinks_}) {
    for (auto at = map->lower_bound(prefix); at != map->end() && at->first.starts_with(prefix); ++at) {
      const std::string_view rest = std::string_view(at->first).substr(prefix.size());
      const size_t slash = rest.find('/');
      const auto leaf = map == &files_ ? TreeEntry::Type::kFile : TreeEntry::Type::kSymlink;
      entries[std::string(rest.substr(0, slash))] = slash == std::string_view::npos ? leaf : TreeEntry::Type::kDirectory;
    }
  }
  std::vector<TreeEntry> list;
  for (const auto& [name, type] : entries) list.push_back({name, type});
  return list;
}

Result<std::string> MemoryTree::Read(std::string_view path) const {
  PLUMB_TRY(file, Resolve(path));
  if (const auto found = files_.find(file); found != files_.end()) return found->second;
  if (IsDirectory(file)) return Invalid(fmt::format("'{}' is a directory", path));
  return NotFound(fmt::format("'{}' does not exist", path));
}

Result<TreeEntry::Type> MemoryTree::Stat(std::string_view path) const {
  PLUMB_TRY(place, Resolve(path));
  if (files_.contains(place)) return TreeEntry::Type::kFile;
  if (IsDirectory(place)) return TreeEntry::Type::kDirectory;
  return NotFound(fmt::format("'{}' does not exist", path));
}

Result<std::string> MemoryTree::RealPath(std::string_view path) const {
  PLUMB_TRY(place, Resolve(path));
  PLUMB_TRY(type, Stat(place));
  static_cast<void>(type);
  return place;
}

std::string MemoryTree::Address(std::string_view path) const {
  const auto place = Resolve(path);
  if (!place.ok()) return "";
  std::string all;
  for (const auto* map : {&files_, &symlinks_})
    for (const auto& [name, content] : *map)
      if (name == *place || IsBelow(name, *place)) all += fmt::format("{}:{}:{}:{}", map == &files_, name.substr(place->size()), content.size(), content);
  return Sha256Hex(all);
}

std::optional<TreeChanges> MemoryTree::ChangesSince(const Tree& before, size_t most) const {
  const auto* other = dynamic_cast<const MemoryTree*>(&before);
  if (!other || !symlinks_.empty() || !other->symlinks_.empty()) return std::nullopt;
  TreeChanges changes;
  const auto add = [&](const std::string& path, bool both) {
    (both ? changes.changed : changes.replaced).insert(path);
    for (size_t slash = path.rfind('/'); slash != std::string::npos; slash = slash == 0 ? std::string::npos : path.rfind('/', slash - 1)) {
      const std::string above = path.substr(0, slash);
      (IsDirectory(above) && other->IsDirectory(above) ? changes.changed : changes.replaced).insert(above);
    }
    changes.changed.insert("");
  };
  for (const auto& [path, content] : files_) {
    const auto old = other->files_.find(path);
    if (old == other->files_.end() || old->second != content) add(path, old != other->files_.end());
  }
  for (const auto& [path, content] : other->files_)
    if (!files_.contains(path)) add(path, false);
  if (changes.changed.size() + changes.replaced.size() > most) return std::nullopt;
  return changes;
}

}  // namespace plumb
