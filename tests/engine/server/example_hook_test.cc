// examples/webhook/post-receive, run by a real push against a real server.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "core/process.h"
#include "engine/server/server.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

class ExampleHookTest : public testing::Test {
 protected:
  ExampleHookTest() {
    std::string pattern = testing::TempDir() + "plumb-XXXXXX";
    base_ = mkdtemp(pattern.data());
    Git({"init", "-q", "--bare", "shop.git"}, base_);
    Git({"init", "-q", "-b", "main", "work"}, base_);
    Git({"-c", "user.name=Ann", "-c", "user.email=ann@example.com", "commit", "-q", "--allow-empty", "-m", "x"},
        base_ / "work");
    fs::copy_file("examples/webhook/post-receive", base_ / "shop.git/hooks/post-receive",
                  fs::copy_options::overwrite_existing);
  }
  ~ExampleHookTest() override { fs::remove_all(base_); }

  std::string Git(std::vector<std::string> arguments, const fs::path& directory) {
    arguments.insert(arguments.begin(), "git");
    Process process{
        .argv = std::move(arguments), .env = {{"GIT_CONFIG_GLOBAL", "/dev/null"}}, .directory = directory.string()};
    auto result = ProcessRunner::Real().Run(process);
    EXPECT_TRUE(result.ok() && result->ok())
        << process.argv[1] << (result.ok() ? result->err : result.error().message());
    return result.ok() ? result->err : "";
  }
  std::string PushMain() { return Git({"push", "-q", "../shop.git", "main"}, base_ / "work"); }
  void Configure(const std::string& key, const std::string& value) { Git({"config", key, value}, base_ / "shop.git"); }

  fs::path base_;
};

TEST_F(ExampleHookTest, PushIsToldWithTheSecret) {
  if (!FindProgram("curl", getenv("PATH")).ok()) GTEST_SKIP() << "no curl here";
  Metrics metrics({});
  std::atomic<int> pushes = 0;
  OperationsOptions options{.webhook_secrets = {{.file = (base_ / "secret").string()}}};
  auto server = OperationsServer::Start(options, metrics, {.on_push = [&](const Push& push) {
                                          EXPECT_TRUE(push.Concerns((base_ / "shop.git").string()));
                                          EXPECT_FALSE(push.Concerns("/srv/other.git"));
                                          ++pushes;
                                          return size_t{1};
                                        }});
  ASSERT_TRUE(server.ok()) << server.error().message();
  std::ofstream(base_ / "secret") << "hush\n";
  Configure("plumb.webhook", "http://127.0.0.1:" + std::to_string((*server)->port()) + "/webhook");
  Configure("plumb.secretFile", (base_ / "secret").string());
  EXPECT_EQ(PushMain(), "");
  EXPECT_EQ(pushes, 1);
  (*server)->Stop();
}

TEST_F(ExampleHookTest, PushDoesNotFailWherePlumbIsDown) {
  if (!FindProgram("curl", getenv("PATH")).ok()) GTEST_SKIP() << "no curl here";
  Configure("plumb.webhook", "http://127.0.0.1:1/webhook");
  EXPECT_NE(PushMain().find("plumb was not told; it will find the push at its next poll"), std::string::npos);
}

}  // namespace
}  // namespace plumb
