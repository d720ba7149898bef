#include "plugins/kustomize/loader.h"

#include "core/suggest.h"

namespace plumb::kustomize {
namespace {

constexpr int kMaxDepth = 200;  // of bases that build on bases

bool IsHttpUrl(std::string_view path) { return path.starts_with("http://") || path.starts_with("https://"); }

bool IsBelow(std::string_view path, std::string_view directory) {
  return directory.empty() || (path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/'));
}

Result<std::string> Join(const std::string& root, std::string_view path) {
  if (path.starts_with('/'))
    return Denied("'" + std::string(path) + "' is an absolute path: write it relative to the kustomization's directory");
  auto joined = JoinPath(root, path);
  if (!joined.ok()) return Denied("'" + std::string(path) + "' is outside of the source: only files of the same source can be read");
  return joined;
}

}  // namespace

bool IsRemote(std::string_view path) {
  for (std::string_view prefix : {"http://", "https://", "ssh://", "file://", "git::", "git@", "gh:", "github.com/", "github.com:", "org-"})
    if (path.starts_with(prefix)) return prefix != "org-" || path.find('@') != std::string_view::npos;
  return false;
}

Result<Loader> Loader::AtRoot(Build& build, const Tree& tree, std::string_view path) {
  PLUMB_TRY(joined, Join("", path));
  PLUMB_TRY(type, tree.Stat(joined));
  PLUMB_TRY(root, tree.RealPath(joined));
  if (type != TreeEntry::Type::kDirectory) return Invalid("'" + root + "' is a file: a directory with a kustomization was expected");
  return Loader(build, tree, root, nullptr);
}

std::string Loader::Name(std::string_view path) const {
  auto joined = JoinPath(root_, path);
  return joined.ok() ? *joined : std::string(path);
}

bool Loader::IsDirectory(std::string_view path) const {
  if (IsRemote(path)) return false;
  auto joined = Join(root_, path);
  if (!joined.ok()) return false;
  auto type = tree_->Stat(*joined);
  return type.ok() && *type == TreeEntry::Type::kDirectory;
}

bool Loader::Has(std::string_view path) const {
  auto joined = Join(root_, path);
  return joined.ok() && tree_->Stat(*joined).ok();
}

std::string Loader::Nearest(std::string_view path) const {
  constexpr size_t kMostNames = 2000;  // a hint is not worth more
  auto joined = Join(root_, path);
  if (IsRemote(path) || !joined.ok() || tree_->Stat(*joined).ok()) return "";
  const size_t slash = joined->rfind('/');
  const std::string name = joined->substr(slash == std::string::npos ? 0 : slash + 1);
  auto entries = tree_->List(slash == std::string::npos ? "" : joined->substr(0, slash));
  if (!entries.ok() || entries->size() > kMostNames) return "";
  std::vector<std::string> names;
  for (const TreeEntry& entry : *entries) names.push_back(entry.name);
  return DidYouMean(name, names);
}

Result<std::string> Loader::Load(std::string_view path) const {
  std::string text;
  if (IsHttpUrl(path)) {
    if (!build_->remote) return Denied("'" + std::string(path) + "' is a remote file: remote files are not allowed here");
    PLUMB_TRY(fetched, build_->remote->ReadFile(path));
    text = std::move(fetched);
  } else {
    PLUMB_TRY(joined, Join(root_, path));
    if (build_->root_only) {
      // What a link points to is what counts.
      PLUMB_TRY(real, tree_->RealPath(joined));
      if (!IsBelow(real, root_)) {
        const std::string there = real == joined ? "'" + real + "'" : "'" + joined + "' leads to '" + real + "', which";
        return Denied(there + " is not in or below '" + root_ + "': move it, or allow it with 'loadRestrictor: none'");
      }
      joined = std::move(real);
    }
    PLUMB_TRY(read, tree_->Read(joined));
    text = std::move(read);
  }
  build_->bytes += text.size();
  if (++build_->files > build_->limits.files)
    return LimitExceeded("more than " + std::to_string(build_->limits.files) + " files are read");
  if (text.size() > build_->limits.file_bytes)
    return LimitExceeded("'" + std::string(path) + "' is larger than " + std::to_string(build_->limits.file_bytes) + " bytes");
  if (build_->bytes > build_->limits.total_bytes)
    return LimitExceeded("more than " + std::to_string(build_->limits.total_bytes) + " bytes are read");
  return text;
}

Result<Loader> Loader::Open(std::string_view path) const {
  if (path.empty()) return Invalid("the path of a directory is empty");
  if (depth_ >= kMaxDepth) return LimitExceeded("bases are nested more than " + std::to_string(kMaxDepth) + " deep");
  if (IsRemote(path)) {
    if (!build_->remote)
      return Denied("'" + std::string(path) + "' is a remote base: remote bases are not allowed here; vendor it into the source");
    PLUMB_TRY(base, build_->remote->Open(path));
    Loader loader(*build_, *base.tree, base.path, nullptr);
    loader.owned_tree_ = base.tree;
    loader.depth_ = depth_ + 1;
    return loader;
  }
  PLUMB_TRY(joined, Join(root_, path));
  PLUMB_TRY(type, tree_->Stat(joined));
  PLUMB_TRY(root, tree_->RealPath(joined));  // a base that is linked reads from where it is
  if (type != TreeEntry::Type::kDirectory) return Invalid("'" + root + "' is not a directory");
  for (const Loader* visited = this; visited; visited = visited->opener_)
    if (IsBelow(visited->root_, root))
      return Invalid("cycle: '" + root + "' contains '" + visited->root_ + "', from which it is used");
  Loader loader(*build_, *tree_, root, this);
  loader.owned_tree_ = owned_tree_;
  loader.depth_ = depth_ + 1;
  return loader;
}

}  // namespace plumb::kustomize
