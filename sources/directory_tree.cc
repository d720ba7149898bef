#include "sources/directory_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace plumb {
namespace {

constexpr int kMaxLinks = 40;  // as Linux: more on one path is a loop

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

Error FromErrno(int error, std::string_view path) {
  const std::string message = fmt::format("'{}': {}", path, std::strerror(error));
  switch (error) {
    case ENOENT: return NotFound(fmt::format("'{}' does not exist", path));
    case ENOTDIR: return NotFound(fmt::format("'{}' does not exist: a part of it is not a directory", path));
    case EACCES:
    case EPERM: return Denied(message);
    case ENAMETOOLONG: return Invalid(message);
    default: return Unavailable(message);
  }
}

void PushComponents(std::vector<std::string>& todo, std::string_view path) {  // `todo` is a stack: the next one last
  std::vector<std::string> parts;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    if (const std::string_view part = path.substr(0, slash); !part.empty() && part != ".") parts.emplace_back(part);
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  todo.insert(todo.end(), parts.rbegin(), parts.rend());
}

// Where a path ends: its O_PATH handle, and how to open it for reading (its parent and name; "." for a directory).
struct Place {
  Fd fd;
  Fd parent;
  std::string name;
  struct stat info;
  std::string path;  // from the root, without links
};

class DirectoryTree final : public Tree {
 public:
  DirectoryTree(Fd root, DirectoryOptions options) : root_(std::move(root)), options_(options) {}

  Result<std::vector<TreeEntry>> List(std::string_view path) const override {
    PLUMB_TRY(place, Walk(path));
    if (!S_ISDIR(place.info.st_mode)) return Invalid(fmt::format("'{}' is a file, not a directory", path));
    Fd readable(openat(place.fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (readable.get() < 0) return FromErrno(errno, path);
    std::unique_ptr<DIR, CloseDir> dir(fdopendir(readable.get()));
    if (!dir) return FromErrno(errno, path);
    readable.release();  // now the DIR's

    std::vector<TreeEntry> entries;
    for (errno = 0; const dirent* entry = readdir(dir.get()); errno = 0) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == ".." || name == ".git") continue;
      if (entries.size() == options_.entries) {
        return LimitExceeded(fmt::format("directory '{}' has more than {} entries", path, options_.entries));
      }
      struct stat info {};
      if (fstatat(dirfd(dir.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;  // removed while we read
        return FromErrno(errno, path);
      }
      const auto type = S_ISDIR(info.st_mode)   ? TreeEntry::Type::kDirectory
                        : S_ISLNK(info.st_mode) ? TreeEntry::Type::kSymlink
                                                : TreeEntry::Type::kFile;
      entries.push_back({std::string(name), type});
    }
    if (errno != 0) return FromErrno(errno, path);
    std::sort(entries.begin(), entries.end(), [](auto& a, auto& b) { return a.name < b.name; });
    return entries;
  }

  Result<std::string> Read(std::string_view path) const override {
    PLUMB_TRY(place, Walk(path));
    if (S_ISDIR(place.info.st_mode)) return Invalid(fmt::format("'{}' is a directory, not a file", path));
    if (!S_ISREG(place.info.st_mode)) return NotAFile(path);
    // Between Walk and here the name may have come to mean something else: it must still be a plain file, and is
    // opened so that a pipe would not block us.
    Fd file(openat(place.parent.get(), place.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat info {};
    if (file.get() < 0 || fstat(file.get(), &info) != 0) return FromErrno(errno, path);
    if (!S_ISREG(info.st_mode)) return NotAFile(path);

    std::string bytes;
    const size_t expected = static_cast<size_t>(info.st_size);
    if (expected > options_.file_bytes) return TooLarge(path);
    bytes.resize(expected + 1);  // one more, to see the end in the same read
    size_t size = 0;
    for (;;) {
      const ssize_t n = read(file.get(), bytes.data() + size, bytes.size() - size);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return FromErrno(errno, path);
      if (n == 0) break;
      size += static_cast<size_t>(n);
      if (size > options_.file_bytes) return TooLarge(path);
      if (size == bytes.size()) bytes.resize(2 * size);  // it grew while we read
    }
    bytes.resize(size);
    return bytes;
  }

  Result<TreeEntry::Type> Stat(std::string_view path) const override {
    PLUMB_TRY(place, Walk(path));
    if (S_ISDIR(place.info.st_mode)) return TreeEntry::Type::kDirectory;
    if (!S_ISREG(place.info.st_mode)) return NotAFile(path);
    return TreeEntry::Type::kFile;
  }

  Result<std::string> RealPath(std::string_view path) const override {
    PLUMB_TRY(place, Walk(path));
    return std::move(place.path);
  }

  std::string Address(std::string_view) const override { return ""; }

 private:
  static Error NotAFile(std::string_view path) {
    return Denied(fmt::format("'{}' is a device, socket or pipe, which is not read", path));
  }
  Error TooLarge(std::string_view path) const {
    return LimitExceeded(fmt::format("file '{}' is larger than {} bytes", path, options_.file_bytes));
  }

  // Follows `path` from the root, a component at a time; directories passed are kept open, so that ".." in a symlink
  // goes back by them and never by the file system.
  Result<Place> Walk(std::string_view path) const {
    const auto leaves = [&](std::string_view how) {
      return Denied(fmt::format("'{}' leads out of the directory{}", path, how));
    };
    if (path.starts_with('/')) return leaves("");
    std::vector<std::string> todo;
    PushComponents(todo, path);
    if (std::find(todo.begin(), todo.end(), "..") != todo.end()) {
      PLUMB_TRY(plain, JoinPath("", path));
      todo.clear();
      PushComponents(todo, plain);
    }

    std::vector<Fd> passed;
    std::vector<std::string> names;  // of those
    const auto joined = [&] {
      std::string path_here;
      for (const std::string& name : names) path_here += (path_here.empty() ? "" : "/") + name;
      return path_here;
    };
    int links = 0;
    const auto here = [&] { return passed.empty() ? root_.get() : passed.back().get(); };
    while (!todo.empty()) {
      const std::string name = std::move(todo.back());
      todo.pop_back();
      if (name == "..") {
        if (passed.empty()) return leaves(" by a symlink");
        passed.pop_back();
        names.pop_back();
        continue;
      }
      Fd fd(openat(here(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      struct stat info {};
      if (fd.get() < 0 || fstat(fd.get(), &info) != 0) return FromErrno(errno, path);
      if (S_ISLNK(info.st_mode)) {
        if (++links > kMaxLinks)
          return Invalid(fmt::format("'{}' goes through more than {} symlinks", path, kMaxLinks));
        char target[4096];
        const ssize_t size = readlinkat(fd.get(), "", target, sizeof target);
        if (size < 0) return FromErrno(errno, path);
        if (size > 0 && target[0] == '/') return leaves(" by an absolute symlink");
        PushComponents(todo, {target, static_cast<size_t>(size)});
        continue;
      }
      if (!S_ISDIR(info.st_mode)) {
        if (!todo.empty()) return FromErrno(ENOTDIR, path);
        Fd parent(fcntl(here(), F_DUPFD_CLOEXEC, 3));
        if (parent.get() < 0) return FromErrno(errno, path);
        names.push_back(name);
        return Place{std::move(fd), std::move(parent), name, info, joined()};
      }
      passed.push_back(std::move(fd));
      names.push_back(name);
    }
    Fd fd(fcntl(here(), F_DUPFD_CLOEXEC, 3));
    struct stat info {};
    if (fd.get() < 0 || fstat(fd.get(), &info) != 0) return FromErrno(errno, path);
    return Place{std::move(fd), Fd(-1), ".", info, joined()};
  }

  const Fd root_;
  const DirectoryOptions options_;
};

}  // namespace

Result<std::shared_ptr<const Tree>> OpenDirectoryTree(const std::string& directory, DirectoryOptions options) {
  Fd root(open(directory.c_str(), O_PATH | O_CLOEXEC));
  struct stat info {};
  if (root.get() < 0 || fstat(root.get(), &info) != 0) {
    if (errno == ENOENT) return NotFound(fmt::format("directory '{}' does not exist", directory));
    return FromErrno(errno, directory);
  }
  if (!S_ISDIR(info.st_mode)) return Invalid(fmt::format("'{}' is a file, not a directory", directory));
  return std::shared_ptr<const Tree>(std::make_shared<DirectoryTree>(std::move(root), options));
}

}  // namespace plumb
