// The data file: what was answered is there again, after a stop and after a kill.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/engine/sandbox/harness.h"

namespace plumb::sandbox {
namespace {

class Persistence : public SandboxTest {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / ("plumb-sandbox-" + std::to_string(getpid()));
    std::filesystem::create_directories(directory_);
    file_ = directory_ / "data.db";
  }
  void TearDown() override {
    box_.reset();
    std::filesystem::remove_all(directory_);
  }
  std::filesystem::path directory_, file_;
};

TEST_F(Persistence, ObjectsAndRevisionsComeBack) {
  Open(file_);
  Post(kConfigMaps, ConfigMap("a"));
  Post(kConfigMaps, ConfigMap("b"));
  Do("DELETE", kConfigMaps + "/b");
  const Reply before = Get(kConfigMaps + "/a");
  const std::string head(Get(kConfigMaps).Str({"metadata", "resourceVersion"}));
  Open(file_);
  EXPECT_EQ(Get(kConfigMaps + "/a").text, before.text);
  EXPECT_EQ(Get(kConfigMaps + "/b").status, 404);
  EXPECT_EQ(Get(kConfigMaps).Str({"metadata", "resourceVersion"}), head) << "a deletion counts too";
  auto watch = Watch(kConfigMaps + "?watch=1&resourceVersion=2");
  EXPECT_EQ(watch->Take(), std::vector<std::string>{"ERROR Expired"}) << "the changes from before are not kept";
}

TEST_F(Persistence, NothingAnsweredIsLostByAKill) {
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  const pid_t child = fork();
  if (child == 0) {
    Open(file_);
    for (int i = 0;; ++i) {
      Post(kConfigMaps, ConfigMap("cm-" + std::to_string(i)));
      if (write(pipe_fds[1], &i, sizeof i) != sizeof i) _exit(0);
    }
  }
  close(pipe_fds[1]);
  int last = -1, got = 0;
  while (got < 200 && read(pipe_fds[0], &last, sizeof last) == sizeof last) ++got;
  kill(child, SIGKILL);
  while (read(pipe_fds[0], &last, sizeof last) == sizeof last) {
  }
  waitpid(child, nullptr, 0);
  close(pipe_fds[0]);
  ASSERT_GE(last, 199);
  Open(file_);
  for (int i = 0; i <= last; ++i) ASSERT_EQ(Get(kConfigMaps + "/cm-" + std::to_string(i)).status, 200) << i << " of " << last;
}

TEST_F(Persistence, FileInUseAndForeignFileAreRefused) {
  Open(file_);
  const auto second = Sandbox::Start({.listen = false, .data_file = file_, .step = true});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), Code::kUnavailable);
  EXPECT_NE(second.error().message().find("used by another process"), std::string::npos) << second.error().message();
  const auto foreign = directory_ / "text.db";
  std::ofstream(foreign) << std::string(5000, 'x');
  const auto refused = Sandbox::Start({.listen = false, .data_file = foreign, .step = true});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::kInvalid) << refused.error().message();
}

}  // namespace
}  // namespace plumb::sandbox
