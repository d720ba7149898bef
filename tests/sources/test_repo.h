// A git repository to test against, made by the real git program in a directory of its own, removed at the end.
#pragma once

#include <string>
#include <vector>

namespace plumb {

// A directory that is removed with everything in it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

void WriteFile(const std::string& path, const std::string& bytes);  // parents are made

// Every failing git command fails the test.
class TestRepo {
 public:
  TestRepo();
  // Runs git in the work tree and returns what it printed, without the last line break.
  std::string Git(std::vector<std::string> arguments);
  // Writes the file, commits everything and returns the commit's id.
  std::string Commit(const std::string& file, const std::string& bytes, const std::string& message = "change");
  std::string CommitAll(const std::string& message = "change");
  std::string Head() { return Git({"rev-parse", "HEAD"}); }

  const std::string& path() const { return dir_.path(); }
  std::string url() const { return "file://" + path(); }

 private:
  TempDir dir_;
};

}  // namespace plumb
