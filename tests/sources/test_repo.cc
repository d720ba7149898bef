#include "tests/sources/test_repo.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "core/process.h"

namespace plumb {

TempDir::TempDir() {
  std::string pattern = testing::TempDir() + "plumb-XXXXXX";
  path_ = mkdtemp(pattern.data());
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

TestRepo::TestRepo() { Git({"init", "-q", "-b", "main"}); }

std::string TestRepo::Git(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "git");
  Process process{.argv = std::move(arguments), .directory = path()};
  process.env = {{"GIT_CONFIG_GLOBAL", "/dev/null"},         {"GIT_AUTHOR_NAME", "Ann"},
                 {"GIT_AUTHOR_EMAIL", "ann@example.com"},    {"GIT_COMMITTER_NAME", "Ann"},
                 {"GIT_COMMITTER_EMAIL", "ann@example.com"}, {"GIT_AUTHOR_DATE", "1700000000 +0000"},
                 {"GIT_COMMITTER_DATE", "1700000060 +0000"}};
  auto result = ProcessRunner::Real().Run(process);
  if (!result.ok()) {
    ADD_FAILURE() << result.error().message();
    return "";
  }
  EXPECT_EQ(result->status, 0) << process.argv[1] << ": " << result->err;
  while (result->out.ends_with('\n')) result->out.pop_back();
  return result->out;
}

std::string TestRepo::Commit(const std::string& file, const std::string& bytes, const std::string& message) {
  WriteFile(path() + "/" + file, bytes);
  return CommitAll(message);
}

std::string TestRepo::CommitAll(const std::string& message) {
  Git({"add", "-A"});
  Git({"commit", "-q", "--allow-empty", "-m", message});
  return Head();
}

}  // namespace plumb
