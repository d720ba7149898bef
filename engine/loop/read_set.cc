#include "engine/loop/read_set.h"

namespace plumb {

namespace {

constexpr std::string_view kAbsent = "-", kUntold = "";

// "f" or "d", kAbsent, or kUntold where it cannot be looked at.
std::string TypeAt(const Tree& tree, std::string_view path) {
  const auto type = tree.Stat(path);
  if (type.ok()) return *type == TreeEntry::Type::kDirectory ? "d" : "f";
  return std::string(type.error().code() == Code::kNotFound ? kAbsent : kUntold);
}

// Where a path leads, kAbsent, or kUntold.
std::string PlaceOf(const Result<std::string>& real) {
  if (real.ok()) return "/" + *real;
  return std::string(real.error().code() == Code::kNotFound ? kAbsent : kUntold);
}

std::string ContentAt(const Tree& tree, std::string_view path) {
  std::string address = tree.Address(path);
  if (!address.empty()) return address;
  return std::string(TypeAt(tree, path) == kAbsent ? kAbsent : kUntold);
}

// True where no symlink is on the way to `path`, as far as there is a way.
bool IsPlain(const Tree& tree, std::string_view path) {
  while (true) {
    const auto real = tree.RealPath(path);
    if (real.ok()) return *real == path;
    if (real.error().code() != Code::kNotFound || path.empty()) return false;
    const size_t slash = path.rfind('/');
    const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
    if (const auto entries = tree.List(path); entries.ok())  // what is there and yet leads nowhere is a symlink
      for (const TreeEntry& entry : *entries)
        if (entry.name == name) return false;
  }
}

}  // namespace

bool ReadSet::ConcernedBy(const TreeChanges& changes) const {
  if (!known_ || !plain_) return true;
  for (const auto& [path, read] : reads_)
    if (changes.Concern(path)) return true;
  for (const auto& [path, place] : places_)
    if (changes.Concern(path)) return true;
  return false;
}

bool ReadSet::Same(const Tree& tree) const {
  if (!known_) return false;
  for (const auto& [path, read] : reads_) {
    const std::string now = read.first == What::kContent ? ContentAt(tree, path) : TypeAt(tree, path);
    if (now.empty() || now != read.second) return false;
  }
  for (const auto& [path, place] : places_)
    if (PlaceOf(tree.RealPath(path)) != place) return false;
  return true;
}

void RecordingTree::Note(std::string_view path, ReadSet::What what) const {
  MutexLock lock(mu_);
  const auto known = set_.reads_.find(path);
  if (known != set_.reads_.end() && (known->second.first == ReadSet::What::kContent || what == ReadSet::What::kType)) return;
  std::string now = what == ReadSet::What::kContent ? ContentAt(tree_, path) : TypeAt(tree_, path);
  set_.known_ &= !now.empty();
  // An address with more than the id of what is there says that what is elsewhere counts too.
  set_.plain_ = set_.plain_ && now.find('+') == std::string::npos && IsPlain(tree_, path);
  set_.reads_.insert_or_assign(std::string(path), std::pair(what, std::move(now)));
}

Result<std::vector<TreeEntry>> RecordingTree::List(std::string_view path) const {
  Note(path, ReadSet::What::kContent);
  return tree_.List(path);
}

Result<std::string> RecordingTree::Read(std::string_view path) const {
  {
    MutexLock lock(mu_);  // a file of a directory that was listed is a part of it
    for (std::string_view above = path; !above.empty();) {
      const size_t slash = above.rfind('/');
      above = slash == std::string_view::npos ? std::string_view() : above.substr(0, slash);
      const auto listed = set_.reads_.find(above);
      if (listed != set_.reads_.end() && listed->second.first == ReadSet::What::kContent && listed->second.second != kAbsent) return tree_.Read(path);
    }
  }
  Note(path, ReadSet::What::kContent);
  return tree_.Read(path);
}

Result<TreeEntry::Type> RecordingTree::Stat(std::string_view path) const {
  Note(path, ReadSet::What::kType);
  return tree_.Stat(path);
}

Result<std::string> RecordingTree::RealPath(std::string_view path) const {
  auto real = tree_.RealPath(path);
  MutexLock lock(mu_);
  set_.plain_ = set_.plain_ && IsPlain(tree_, path);
  set_.places_.insert_or_assign(std::string(path), PlaceOf(real));
  return real;
}

ReadSet RecordingTree::Taken() const {
  MutexLock lock(mu_);
  return set_;
}

}  // namespace plumb
