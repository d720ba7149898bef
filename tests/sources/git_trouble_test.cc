// Everything that goes wrong between a repository and its mirror, with what the user is told.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <regex>

#include "sources/git_failure.h"
#include "sources/git_source.h"
#include "tests/sources/test_repo.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

class GitTroubleTest : public testing::Test {
 protected:
  Result<ResolvedSource> Resolve(GitSpec spec, ProcessRunner& runner = ProcessRunner::Real()) {
    PLUMB_TRY(source, GitSource::Make(std::move(spec), options_, runner));
    return source->Resolve();
  }
  void ExpectError(const Result<ResolvedSource>& result, Code code, const std::string& message) {
    ASSERT_FALSE(result.ok());
    // How long it took is curl's to say.
    EXPECT_EQ(std::regex_replace(result.error().message(), std::regex("after [0-9]+ ms"), "after 0 ms"), message);
    EXPECT_EQ(result.error().code(), code);
  }
  fs::path Mirror() { return fs::directory_iterator(cache_ / "git")->path(); }

  TestRepo repo_;
  TempDir cache_;
  GitOptions options_{.cache_directory = cache_.path()};
};

TEST_F(GitTroubleTest, MissingRepository) {
  ExpectError(Resolve({.url = "file:///no/such/repo"}), Code::kNotFound,
              "git repository 'file:///no/such/repo': there is no git repository at this address");
  ExpectError(Resolve({.url = cache_.path()}), Code::kNotFound,
              "git repository '" + cache_.path() + "': there is no git repository at this address");
}

TEST_F(GitTroubleTest, EmptyRepository) {
  ExpectError(Resolve({.url = repo_.url()}), Code::kNotFound,
              "git repository '" + repo_.url() +
                  "': the repository has no default branch yet; push a commit or name a revision");
}

TEST_F(GitTroubleTest, UnknownRevisionsAreNamed) {
  repo_.Commit("f", "1");
  repo_.Git({"branch", "production"});
  const std::string prefix = "git repository '" + repo_.url() + "': ";
  ExpectError(Resolve({.url = repo_.url(), .revision = "prodution"}), Code::kNotFound,
              prefix + "revision 'prodution' does not exist, did you mean 'production'?");
  ExpectError(Resolve({.url = repo_.url(), .revision = "^3.1"}), Code::kNotFound,
              prefix + "no branch or tag '^3.1', and no tag is a version in that range");
  ExpectError(Resolve({.url = repo_.url(), .revision = "1234567890"}), Code::kNotFound,
              prefix + "revision '1234567890' does not exist: no branch, no tag, no commit");
  ExpectError(Resolve({.url = repo_.url(), .revision = std::string(40, 'a')}), Code::kNotFound,
              prefix + "the commit is not there (any more)");
  ExpectError(Resolve({.url = repo_.url(), .revision = "refs/heads/none"}), Code::kNotFound,
              prefix + "reference 'refs/heads/none' does not exist");
  EXPECT_EQ(Resolve({.url = repo_.url(), .revision = "--upload-pack=x"}).error().code(), Code::kInvalid);
}

TEST_F(GitTroubleTest, UnreachableHost) {
  // Port 1 of this machine: nothing listens there.
  ExpectError(Resolve({.url = "http://127.0.0.1:1/shop.git"}), Code::kUnavailable,
              "git repository 'http://127.0.0.1:1/shop.git': unable to access 'http://127.0.0.1:1/shop.git/': Failed "
              "to connect to "
              "127.0.0.1 port 1 after 0 ms: Couldn't connect to server");
}

TEST_F(GitTroubleTest, SshThatIsRefused) {
  auto resolved = Resolve({.url = "ssh://git@127.0.0.1:1/shop.git"});
  ASSERT_FALSE(resolved.ok());
  if (resolved.error().code() == Code::kUnavailable && resolved.error().message().find("ssh: ") != std::string::npos &&
      resolved.error().message().find("not found") != std::string::npos) {
    GTEST_SKIP() << "no ssh client here";
  }
  ExpectError(resolved, Code::kUnavailable,
              "git repository 'ssh://git@127.0.0.1:1/shop.git': the host refuses the connection");
}

TEST_F(GitTroubleTest, CredentialFilesThatAreMissing) {
  ExpectError(Resolve({.url = "ssh://git@git.example/x", .credentials = {.ssh_key_file = "/no/key"}}), Code::kNotFound,
              "ssh key '/no/key' cannot be read");
  ExpectError(Resolve({.url = "https://git.example/x", .credentials = {.password = {.file = "/no/token"}}}),
              Code::kNotFound, "git credentials: secret file '/no/token': No such file or directory");
  ExpectError(Resolve({.url = "https://git.example/x", .credentials = {.password = {.env = "PLUMB_NO_SUCH"}}}),
              Code::kNotFound, "git credentials: environment variable 'PLUMB_NO_SUCH' is not set");
}

TEST_F(GitTroubleTest, SecretsNeverStandOnACommandLineOrInAnError) {
  FakeProcessRunner fake([](const Process&) -> Result<ProcessResult> {
    return ProcessResult{.status = 128, .err = "fatal: Authentication failed for 'https://git.example/x/'\n"};
  });
  auto resolved = Resolve(
      {.url = "https://ann:topsecret@git.example/x", .credentials = {.password = {.value = "rotated-secret"}}}, fake);
  ExpectError(resolved, Code::kDenied, "git repository 'https://git.example/x': the user name or password was refused");
  ASSERT_FALSE(fake.calls().empty());
  for (const Process& call : fake.calls()) {
    for (const std::string& word : call.argv) EXPECT_EQ(word.find("secret"), std::string::npos) << word;
    EXPECT_FALSE(call.inherit_env);
  }
}

TEST_F(GitTroubleTest, DamagedMirrorIsMadeAnew) {
  repo_.Commit("f", "1");
  ASSERT_TRUE(Resolve({.url = repo_.url()}).ok());
  const auto damage = [&](const std::string& what, auto how) {
    std::vector<int> numbers;
    for (const auto& entry : fs::directory_iterator(Mirror())) {
      if (entry.is_directory()) numbers.push_back(std::stoi(entry.path().filename()));
    }
    how(Mirror() / std::to_string(*std::max_element(numbers.begin(), numbers.end())));
    const std::string bytes = what + " survived";
    repo_.Commit("f", bytes);
    auto resolved = Resolve({.url = repo_.url()});
    ASSERT_TRUE(resolved.ok()) << what << ": " << resolved.error().message();
    EXPECT_EQ(*resolved->tree->Read("f"), bytes);
  };
  damage("no HEAD", [](const fs::path& repo) { fs::remove(repo / "HEAD"); });
  damage("broken config", [](const fs::path& repo) { std::ofstream(repo / "config") << "[[[\n"; });
  damage("left lock", [](const fs::path& repo) { std::ofstream(repo / "shallow.lock") << ""; });
  damage("no objects", [](const fs::path& repo) { fs::remove_all(repo / "objects"); });
  damage("cut packs", [](const fs::path& repo) {
    for (const auto& file : fs::recursive_directory_iterator(repo / "objects")) {
      if (file.path().extension() == ".pack") {
        fs::permissions(file.path(), fs::perms::owner_all);
        fs::resize_file(file.path(), 20);
      }
    }
  });
}

TEST_F(GitTroubleTest, UnreadableObjectIsFoundWhenReadAndHealedByTheNextResolve) {
  const std::string large(100'000, 'x');
  repo_.Commit("f", large);
  auto source = *GitSource::Make({.url = repo_.url()}, options_);
  auto before = source->Resolve();
  ASSERT_TRUE(before.ok());
  for (const auto& file : fs::recursive_directory_iterator(Mirror() / "1/objects")) {
    if (file.path().extension() == ".pack") {
      fs::permissions(file.path(), fs::perms::owner_all);
      std::fstream bytes(file.path());
      bytes.seekp(12);
      bytes << std::string(static_cast<size_t>(file.file_size()) - 32, '\xff');
    }
  }
  auto read = before->tree->Read("f");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), Code::kUnavailable);

  auto fresh = *GitSource::Make({.url = repo_.url()}, options_);
  auto after = fresh->Resolve();
  ASSERT_TRUE(after.ok()) << after.error().message();
  EXPECT_EQ(*after->tree->Read("f"), large);
  auto same = source->Resolve();
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(*same->tree->Read("f"), large) << "a source that holds the damaged tree lets it go";
}

TEST_F(GitTroubleTest, PackAboveTheBoundIsRefused) {
  std::string noise(300'000, ' ');
  unsigned state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  repo_.Commit("noise", noise);
  options_.fetch_bytes = 100'000;
  ExpectError(Resolve({.url = repo_.url()}), Code::kLimit,
              "git repository '" + repo_.url() + "': the pack is larger than the bound on one fetch");
  EXPECT_FALSE(fs::exists(Mirror() / "new")) << "nothing half-made is left";
}

TEST_F(GitTroubleTest, CacheThatCannotBeMade) {
  repo_.Commit("f", "1");
  WriteFile(cache_ / "file", "");
  options_.cache_directory = cache_ / "file";
  auto resolved = Resolve({.url = repo_.url()});
  ASSERT_FALSE(resolved.ok());
  EXPECT_EQ(resolved.error().code(), Code::kUnavailable);
  EXPECT_TRUE(resolved.error().message().ends_with("cannot be made: Not a directory")) << resolved.error().message();
}

// A file system of 256 KiB, where this user may mount one.
TEST_F(GitTroubleTest, DiskOfTheCacheIsFull) {
  std::string noise(1'000'000, ' ');
  unsigned state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  repo_.Commit("noise", noise);
  const std::string small = cache_ / "small";
  fs::create_directories(small);
  if (mount("none", small.c_str(), "tmpfs", 0, "size=256k") != 0) GTEST_SKIP() << "may not mount a file system here";
  options_.cache_directory = small;
  auto resolved = Resolve({.url = repo_.url()});
  umount(small.c_str());
  ExpectError(resolved, Code::kUnavailable,
              "git repository '" + repo_.url() + "': the disk of the cache directory is full");
}

TEST_F(GitTroubleTest, GitThatIsNotInstalled) {
  const std::string path = getenv("PATH");
  setenv("PATH", "/no/such", 1);
  auto resolved = Resolve({.url = repo_.url()});
  setenv("PATH", path.c_str(), 1);
  ExpectError(resolved, Code::kNotFound,
              "git repository '" + repo_.url() +
                  "': program 'git' not found in PATH: install the package 'git' (Debian: apt-get install git)");
}

TEST_F(GitTroubleTest, CancellationEndsIt) {
  repo_.Commit("f", "1");
  std::stop_source stop;
  stop.request_stop();
  auto source = *GitSource::Make({.url = repo_.url()}, options_);
  EXPECT_EQ(source->Resolve(stop.get_token()).error().code(), Code::kCancelled);
}

TEST(GitFailure, WhatGitSaysIsUnderstood) {
  const struct {
    std::string_view text;
    Code code;
    GitTrouble trouble;
    std::string_view want;
  } kCases[] = {
      {"unknown option: --config-env=plumb.locale=LC_ALL\nusage: git", Code::kInvalid, GitTrouble::kRemote,
       "the git program is older than 2.31; install a newer one"},
      {"fatal: write error: No space left on device\nfatal: index-pack failed", Code::kUnavailable, GitTrouble::kRemote,
       "the disk of the cache directory is full"},
      {"Host key verification failed.\r\nfatal: Could not read from remote repository.", Code::kDenied,
       GitTrouble::kRemote,
       "the host's ssh key is not known; check it and add it to the known_hosts file (ssh-keyscan HOST shows it)"},
      {"git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.", Code::kDenied,
       GitTrouble::kRemote, "the ssh key was refused; check the key and its rights"},
      {"ERROR: Repository not found.\nfatal: Could not read from remote repository.", Code::kNotFound,
       GitTrouble::kRemote, "no such repository, or no right to see it"},
      {"remote: Not Found\nfatal: repository 'https://h/x/' not found", Code::kNotFound, GitTrouble::kRemote,
       "repository 'https://h/x/' not found"},
      {"fatal: could not read Username for 'https://h': terminal prompts disabled", Code::kDenied, GitTrouble::kRemote,
       "it needs credentials, and none are configured"},
      {"fatal: unable to access 'https://h/x/': Could not resolve host: h", Code::kUnavailable, GitTrouble::kRemote,
       "the host's name cannot be resolved"},
      {"fatal: unable to access 'https://h/x/': The requested URL returned error: 503", Code::kUnavailable,
       GitTrouble::kRemote, "unable to access 'https://h/x/': The requested URL returned error: 503"},
      {"fatal: unable to access 'https://h/x/': SSL certificate problem: self-signed certificate", Code::kDenied,
       GitTrouble::kRemote, "its certificate is not trusted; name its authority with the credentials' CA file"},
      {"fatal: remote error: upload-pack: not our ref 1234", Code::kNotFound, GitTrouble::kRevisionGone,
       "the commit is not there (any more)"},
      {"error: Server does not allow request for unadvertised object 1234", Code::kNotFound,
       GitTrouble::kShallowRefused, "the commit cannot be asked for by its id"},
      {"fatal: dumb http transport does not support shallow capabilities", Code::kUnavailable,
       GitTrouble::kShallowRefused, "the server cannot send a part of the history"},
      {"fatal: bad object HEAD", Code::kUnavailable, GitTrouble::kMirrorDamaged, "bad object HEAD"},
      {"remote: fatal: bad object HEAD", Code::kUnavailable, GitTrouble::kRemote, "remote: fatal: bad object HEAD"},
      {"", Code::kUnavailable, GitTrouble::kRemote, "git ended with status 128"},
  };
  for (const auto& c : kCases) {
    const GitFailure failure = ExplainGitFailure("https://h/x", 128, c.text);
    EXPECT_EQ(failure.error.message(), "git repository 'https://h/x': " + std::string(c.want)) << c.text;
    EXPECT_EQ(failure.error.code(), c.code) << c.text;
    EXPECT_EQ(failure.trouble, c.trouble) << c.text;
  }
}

}  // namespace
}  // namespace plumb
