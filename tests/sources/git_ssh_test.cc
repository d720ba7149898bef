// Repositories over ssh, from OpenSSH's own server on a loopback port: keys, known hosts, and what is refused.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/core.h>

#include "core/process.h"
#include "sources/git_source.h"
#include "tests/sources/test_repo.h"

namespace plumb {
namespace {

constexpr const char* kServer = "/usr/sbin/sshd";

// Bound to port 0 and closed again: nobody else is likely to get it within the test.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 && getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

bool Answers(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return connected;
}

class GitSshTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kServer)) GTEST_SKIP() << "no OpenSSH server here (openssh-server)";
    const auto who = ProcessRunner::Real().Run({.argv = {"id", "-un"}});
    ASSERT_TRUE(who.ok());
    user_ = who->out.substr(0, who->out.find('\n'));
    if (geteuid() == 0) std::filesystem::create_directories("/run/sshd");  // where its unprivileged half lives
    for (const char* name : {"host", "other-host", "user", "stranger"}) MakeKey(name);
    port_ = FreePort();
    WriteFile(dir_ / "sshd_config", fmt::format("ListenAddress 127.0.0.1\nPort {}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n"
                                                "UsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
                                                port_, dir_ / "host", dir_ / "user.pub"));
    server_ = std::jthread([this](const std::stop_token& stop) {
      const auto ended = ProcessRunner::Real().Run({.argv = {kServer, "-D", "-e", "-f", dir_ / "sshd_config"}, .timeout = std::chrono::minutes(2)}, stop);
      if (ended.ok()) log_ = ended->err;
    });
    for (int i = 0; i < 500 && !Answers(port_); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(Answers(port_)) << "sshd does not listen";
    Know("host");
  }
  void TearDown() override {
    server_.request_stop();
    if (server_.joinable()) server_.join();
    if (HasFailure()) std::fprintf(stderr, "%s", log_.c_str());
  }

  void MakeKey(const std::string& name) {
    const auto made = ProcessRunner::Real().Run({.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", dir_ / name}});
    ASSERT_TRUE(made.ok() && made->ok());
  }
  // The server is known by that key.
  void Know(const std::string& key) {
    std::string line;
    std::getline(std::ifstream(dir_ / (key + ".pub")), line);
    WriteFile(dir_ / "known_hosts", fmt::format("[127.0.0.1]:{} {}\n", port_, line));
  }

  Result<ResolvedSource> Resolve(const std::string& key, const std::string& known_hosts, const std::string& path) {
    GitSpec spec{.url = fmt::format("ssh://{}@127.0.0.1:{}{}", user_, port_, path)};
    spec.credentials = {.ssh_key_file = dir_ / key, .known_hosts_file = dir_ / known_hosts};
    GitOptions options;
    options.cache_directory = dir_ / "cache";
    auto source = GitSource::Make(spec, options);
    if (!source.ok()) return source.error();
    return (*source)->Resolve();
  }

  TempDir dir_;
  std::string user_, log_;
  int port_ = 0;
  std::jthread server_;
};

TEST_F(GitSshTest, AKnownHostAndAnAcceptedKeyGiveTheTree) {
  TestRepo repo;
  const std::string commit = repo.Commit("deploy/web.yaml", "kind: Service\n");
  const auto resolved = Resolve("user", "known_hosts", repo.path());
  ASSERT_TRUE(resolved.ok()) << resolved.error().message();
  EXPECT_EQ(resolved->commit, commit);
  EXPECT_EQ(*resolved->tree->Read("deploy/web.yaml"), "kind: Service\n");
}

TEST_F(GitSshTest, AnUnknownOrAChangedHostIsRefusedBeforeTheKeyIsShown) {
  TestRepo repo;
  repo.Commit("a", "a");
  WriteFile(dir_ / "empty", "");
  const auto unknown = Resolve("user", "empty", repo.path());
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), Code::kDenied) << unknown.error().message();
  EXPECT_NE(unknown.error().message().find("known_hosts"), std::string::npos) << unknown.error().message();
  Know("other-host");
  const auto changed = Resolve("user", "known_hosts", repo.path());
  ASSERT_FALSE(changed.ok());
  EXPECT_EQ(changed.error().code(), Code::kDenied) << changed.error().message();
}

TEST_F(GitSshTest, AKeyThatIsNotAcceptedAndARepositoryThatIsNotThereAreToldApart) {
  TestRepo repo;
  repo.Commit("a", "a");
  const auto stranger = Resolve("stranger", "known_hosts", repo.path());
  ASSERT_FALSE(stranger.ok());
  EXPECT_EQ(stranger.error().code(), Code::kDenied) << stranger.error().message();
  const auto missing = Resolve("user", "known_hosts", repo.path() + "-missing");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code(), Code::kNotFound) << missing.error().message();
}

}  // namespace
}  // namespace plumb
