#include "engine/loop/exec_functions.h"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace plumb {
namespace {

namespace fs = std::filesystem;

// A directory that goes with its owner.
class ScratchDirectory {
 public:
  static Result<ScratchDirectory> Make() {
    std::string pattern = (fs::temp_directory_path() / "plumb-function-XXXXXX").string();
    if (!mkdtemp(pattern.data())) return Unavailable(fmt::format("no directory can be made in '{}'", fs::temp_directory_path().string()));
    return ScratchDirectory(pattern);
  }
  ScratchDirectory(ScratchDirectory&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

class Copier {
 public:
  Copier(const Tree& tree, const ExecFunctionOptions& options) : tree_(tree), options_(options) {}

  Status Copy(const std::string& from, const fs::path& to, int depth = 0) {
    if (depth > 64) return LimitExceeded(fmt::format("'{}' is nested too deep to be copied for a function", from));
    PLUMB_TRY(entries, tree_.List(from));
    for (const TreeEntry& entry : entries) {
      const std::string path = from.empty() ? entry.name : from + "/" + entry.name;
      if (++files_ > options_.files) return LimitExceeded(fmt::format("more than {} files would be copied for a function", options_.files));
      if (entry.type == TreeEntry::Type::kDirectory) {
        fs::create_directory(to / entry.name);
        PLUMB_OK(Copy(path, to / entry.name, depth + 1));
        continue;
      }
      auto content = tree_.Read(path);
      if (!content.ok()) {
        if (entry.type == TreeEntry::Type::kSymlink) continue;  // to a directory, or out of the source
        return std::move(content).error();
      }
      bytes_ += content->size();
      if (bytes_ > options_.bytes) return LimitExceeded(fmt::format("more than {} bytes would be copied for a function", options_.bytes));
      std::ofstream(to / entry.name, std::ios::binary) << *content;
    }
    return Ok();
  }

 private:
  const Tree& tree_;
  const ExecFunctionOptions& options_;
  size_t files_ = 0, bytes_ = 0;
};

std::string LastLines(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text.substr(text.size() - std::min<size_t>(text.size(), 500)));
}

}  // namespace

Result<std::string> ExecFunctions::Run(const Call& call) {
  if (call.program.path.starts_with('/'))
    return Invalid(fmt::format("'{}': the path of a function is relative to its kustomization", call.program.path));
  PLUMB_TRY(relative, JoinPath("", call.program.path));
  PLUMB_TRY(scratch, ScratchDirectory::Make());
  PLUMB_OK(Copier(*call.tree, options_).Copy(call.directory, scratch.path()));
  const fs::path program = fs::path(scratch.path()) / relative;
  std::error_code error;
  if (!fs::is_regular_file(program, error)) return Invalid(fmt::format("'{}' is no file below the kustomization", call.program.path));
  fs::permissions(program, fs::perms::owner_exec, fs::perm_options::add, error);
  Process process;
  process.argv = {program.string()};
  process.argv.insert(process.argv.end(), call.program.args.begin(), call.program.args.end());
  process.inherit_env = false;
  process.env = {{"HOME", scratch.path()}, {"PATH", std::getenv("PATH") ? std::getenv("PATH") : "/usr/bin:/bin"}};
  process.directory = scratch.path();
  process.input = call.input;
  process.timeout = options_.timeout;
  process.out_bytes = options_.out_bytes;
  PLUMB_TRY(ran, runner_.Run(process));
  if (!ran.ok()) return Invalid(fmt::format("'{}' ended with status {}: {}", call.program.path, ran.status, LastLines(ran.err)));
  return std::move(ran.out);
}

}  // namespace plumb
