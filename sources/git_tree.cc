#include "sources/git_tree.h"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "core/mutex.h"

namespace plumb {
namespace {

constexpr int kMaxLinks = 40;    // as Linux: more on one path is a loop
constexpr int kMaxDepth = 1000;  // of directories, for the search of symlinks
constexpr size_t kMaxTarget = 4096;
constexpr size_t kPlacesKept = 256;  // a renderer asks for the same few paths again and again

using Kind = GitEntry::Kind;

void PushComponents(std::vector<std::string>& todo, std::string_view path) {  // `todo` is a stack: the next one last
  std::vector<std::string> parts;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    if (const std::string_view part = path.substr(0, slash); !part.empty() && part != ".") parts.emplace_back(part);
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  todo.insert(todo.end(), parts.rbegin(), parts.rend());
}

std::string Join(std::string_view directory, std::string_view name) {
  return directory.empty() ? std::string(name) : fmt::format("{}/{}", directory, name);
}

// A directory on the way: in which repository, at which path of that repository, which tree.
struct Directory {
  const GitNode* node;
  std::string path;
  GitId tree;
  std::string full{};  // its path in the whole tree, submodules passed
};

// Where a path ends.
struct Place {
  Directory directory;  // itself, or for a file the one that holds it
  Kind kind = Kind::kDirectory;
  GitId id{};
  std::string full{};  // its path in the whole tree, no symlink on it
};

class GitTree final : public Tree {
 public:
  GitTree(std::shared_ptr<const GitNode> root, size_t file_bytes) : root_(std::move(root)), file_bytes_(file_bytes) {}

  Result<std::vector<TreeEntry>> List(std::string_view path) const override {
    PLUMB_TRY(place, Walk(path));
    if (place.kind == Kind::kSubmodule) return NotFetched(path);
    if (place.kind != Kind::kDirectory) return Invalid(fmt::format("'{}' is a file, not a directory", path));
    PLUMB_TRY(found, place.directory.node->store->Entries(place.id));
    std::vector<TreeEntry> entries;
    entries.reserve(found.size());
    for (GitEntry& entry : found) {
      const std::string& name = entry.name;
      if (name.empty() || name == "." || name == ".." || name == ".git" || name.find('/') != std::string::npos) {
        return Invalid(fmt::format("directory '{}' holds an entry with the forbidden name '{}'", path, name));
      }
      const auto type = entry.kind == Kind::kFile      ? TreeEntry::Type::kFile
                        : entry.kind == Kind::kSymlink ? TreeEntry::Type::kSymlink
                                                       : TreeEntry::Type::kDirectory;
      entries.push_back({std::move(entry.name), type});
    }
    // git sorts directories as if their name ended in '/'.
    std::sort(entries.begin(), entries.end(), [](auto& a, auto& b) { return a.name < b.name; });
    return entries;
  }

  Result<std::string> Read(std::string_view path) const override {
    PLUMB_TRY(place, Walk(path));
    if (place.kind != Kind::kFile) return Invalid(fmt::format("'{}' is a directory, not a file", path));
    auto bytes = place.directory.node->store->Blob(place.id, file_bytes_);
    if (!bytes.ok()) return std::move(bytes).error().Wrap(fmt::format("'{}'", path));
    return bytes;
  }

  Result<TreeEntry::Type> Stat(std::string_view path) const override {
    PLUMB_TRY(place, Walk(path));
    return place.kind == Kind::kFile ? TreeEntry::Type::kFile : TreeEntry::Type::kDirectory;
  }

  Result<std::string> RealPath(std::string_view path) const override {
    PLUMB_TRY(place, Walk(path));
    return std::move(place.full);
  }

  std::string Address(std::string_view path) const override {
    auto place = Walk(path);
    if (!place.ok()) return "";
    std::string address = "git:" + GitIdHex(place->id);
    if (place->kind != Kind::kDirectory) return address;
    auto closed = IsClosed(*place->directory.node, place->id);
    if (!closed.ok()) return "";
    if (!*closed) address += "+" + GitIdHex(root_->tree) + (root_->submodules.empty() ? "" : "s");
    return address;
  }

  std::optional<TreeChanges> ChangesSince(const Tree& before, size_t most) const override {
    const auto* other = dynamic_cast<const GitTree*>(&before);
    if (!other || !root_->submodules.empty() || !other->root_->submodules.empty()) return std::nullopt;
    TreeChanges changes;
    if (!AddChanges(*other->root_->store, other->root_->tree, root_->tree, "", most, 0, changes)) return std::nullopt;
    return changes;
  }

 private:
  // False where it cannot be told, or is too much.
  bool AddChanges(const GitStore& store_before, const GitId& before, const GitId& after, const std::string& path, size_t most, int depth, TreeChanges& changes) const {
    if (before == after) return true;
    changes.changed.insert(path);
    const auto old_entries = store_before.Entries(before), new_entries = root_->store->Entries(after);
    if (!old_entries.ok() || !new_entries.ok() || depth > kMaxDepth) return false;
    std::unordered_map<std::string_view, const GitEntry*> known;
    for (const GitEntry& entry : *old_entries) known.emplace(entry.name, &entry);
    for (const GitEntry& entry : *new_entries) {
      const auto found = known.find(entry.name);
      const GitEntry* old = found == known.end() ? nullptr : found->second;
      if (old) known.erase(found);
      if (old && old->kind == entry.kind && old->id == entry.id) continue;
      const std::string full = Join(path, entry.name);
      if (!old || old->kind != entry.kind || entry.kind == Kind::kSymlink || entry.kind == Kind::kSubmodule) changes.replaced.insert(full);
      else if (entry.kind == Kind::kFile) changes.changed.insert(full);
      else if (!AddChanges(store_before, old->id, entry.id, full, most, depth + 1, changes)) return false;
      if (changes.changed.size() + changes.replaced.size() > most) return false;
    }
    for (const auto& [name, gone] : known) changes.replaced.insert(Join(path, name));
    return changes.changed.size() + changes.replaced.size() <= most;
  }

  static Error NotFetched(std::string_view path) {
    return Invalid(fmt::format("'{}' is in a submodule; set 'submodules: true' on the git source to fetch it", path));
  }

  // Where `path` leads; a tree never changes, so what was found stays true.
  Result<Place> Walk(std::string_view path) const {
    std::string key(path);
    {
      MutexLock lock(mu_);
      if (const auto known = places_.find(key); known != places_.end()) return known->second;
    }
    PLUMB_TRY(place, WalkFromRoot(path));
    MutexLock lock(mu_);
    if (places_.size() >= kPlacesKept) places_.clear();
    places_.emplace(std::move(key), place);
    return place;
  }

  Result<Place> WalkFromRoot(std::string_view path) const {
    const auto leaves = [&](std::string_view how) {
      return Denied(fmt::format("'{}' leads out of the tree{}", path, how));
    };
    const auto absent = [&] { return NotFound(fmt::format("'{}' does not exist", path)); };
    if (path.starts_with('/')) return leaves("");
    PLUMB_TRY(plain, JoinPath("", path));
    std::vector<std::string> todo;
    PushComponents(todo, plain);

    std::vector<Directory> way = {{root_.get(), "", root_->tree, ""}};
    int links = 0;
    while (!todo.empty()) {
      const std::string name = std::move(todo.back());
      todo.pop_back();
      if (name == "..") {
        if (way.size() == 1) return leaves(" by a symlink");
        way.pop_back();
        continue;
      }
      const Directory here = way.back();
      PLUMB_TRY(entry, here.node->store->Entry(here.tree, name));
      if (!entry) return absent();
      if (entry->kind == Kind::kDirectory) {
        way.push_back({here.node, Join(here.path, name), entry->id, Join(here.full, name)});
      } else if (entry->kind == Kind::kSubmodule) {
        const auto sub = here.node->submodules.find(Join(here.path, name));
        if (sub == here.node->submodules.end()) {
          if (!todo.empty()) return NotFetched(path);
          return Place{here, Kind::kSubmodule, entry->id, Join(here.full, name)};
        }
        way.push_back({sub->second.get(), "", sub->second->tree, Join(here.full, name)});
      } else if (entry->kind == Kind::kSymlink) {
        if (++links > kMaxLinks)
          return Invalid(fmt::format("'{}' goes through more than {} symlinks", path, kMaxLinks));
        PLUMB_TRY(target, here.node->store->Blob(entry->id, kMaxTarget), fmt::format("symlink '{}'", path));
        if (target.starts_with('/')) return leaves(" by an absolute symlink");
        PushComponents(todo, target);
      } else {
        if (!todo.empty()) return absent();
        return Place{here, Kind::kFile, entry->id, Join(here.full, name)};
      }
    }
    return Place{way.back(), Kind::kDirectory, way.back().tree, way.back().full};
  }

  // True where the bytes under a directory depend on its id alone: no symlink below it leads out of it, and no
  // submodule hides in it. Remembered by id; trees are small beside their blobs.
  Result<bool> IsClosed(const GitNode& node, const GitId& tree) const {
    if (const auto known = node.store->IsClosed(tree)) return *known;
    PLUMB_TRY(least, HighestReach(node, tree, 0, 0));
    node.store->NoteClosed(tree, least >= 0);
    return least >= 0;
  }

  // How far above `tree`, at `level` below the directory in question, its symlinks climb: negative is out of it.
  Result<int> HighestReach(const GitNode& node, const GitId& tree, int level, int depth) const {
    if (depth > kMaxDepth) return LimitExceeded(fmt::format("directories are nested more than {} deep", kMaxDepth));
    PLUMB_TRY(entries, node.store->Entries(tree));
    int least = level;
    for (const GitEntry& entry : entries) {
      if (entry.kind == Kind::kSubmodule) return -1;
      if (entry.kind == Kind::kDirectory) {
        PLUMB_TRY(below, HighestReach(node, entry.id, level + 1, depth + 1));
        least = std::min(least, below);
      } else if (entry.kind == Kind::kSymlink) {
        PLUMB_TRY(target, node.store->Blob(entry.id, kMaxTarget));
        least = std::min(least, target.starts_with('/') ? -1 : LexicalReach(target, level));
      }
      if (least < 0) return least;
    }
    return least;
  }

  // The lowest level that a link's text passes. A link through another link may climb further: such a target that
  // climbs at all counts as leaving.
  static int LexicalReach(std::string_view target, int level) {
    std::vector<std::string> parts;
    PushComponents(parts, target);
    int least = level;
    bool descended = false;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (*part != "..") {
        descended = true;
        ++level;
        continue;
      }
      if (descended) return -1;
      least = std::min(least, --level);
    }
    return least;
  }

  const std::shared_ptr<const GitNode> root_;
  const size_t file_bytes_;
  mutable Mutex mu_;
  mutable std::unordered_map<std::string, Place> places_ GUARDED_BY(mu_);
};

}  // namespace

bool IsDamaged(const GitNode& node) {
  return node.store->damaged() || std::any_of(node.submodules.begin(), node.submodules.end(),
                                              [](const auto& sub) { return IsDamaged(*sub.second); });
}

std::shared_ptr<const Tree> MakeGitTree(std::shared_ptr<const GitNode> root, size_t file_bytes) {
  return std::make_shared<GitTree>(std::move(root), file_bytes);
}

}  // namespace plumb
