#include "core/process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <thread>

namespace plumb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Process Shell(std::string script) { return {.argv = {"/bin/sh", "-c", std::move(script)}}; }

Result<ProcessResult> Execute(const Process& process) { return ProcessRunner::Real().Run(process); }

TEST(Process, GivesStatusAndBothOutputs) {
  auto result = Execute(Shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->status, 3);
  EXPECT_EQ(result->out, "out\n");
  EXPECT_EQ(result->err, "err\n");
}

TEST(Process, ArgumentsAreNotReadByAShell) {
  auto result = Execute({.argv = {"printf", "%s", "$HOME; `id` 'x'"}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->out, "$HOME; `id` 'x'");
}

TEST(Process, InputLargerThanAPipeGoesThroughWhileOutputIsRead) {
  Process cat{.argv = {"cat"}};
  cat.input.assign(3u << 20, 'x');
  auto result = Execute(cat);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->out, cat.input);
}

TEST(Process, ProgramThatDoesNotReadItsInputIsNoTrouble) {
  Process process = Shell("exec 0<&-; echo done");
  process.input.assign(1u << 20, 'x');
  auto result = Execute(process);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->out, "done\n");
}

TEST(Process, WithoutInputStandardInputIsEmpty) {
  auto result = Execute({.argv = {"cat"}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->out, "");
}

TEST(Process, EnvironmentIsLaidOverOrReplaced) {
  setenv("PLUMB_TEST_INHERITED", "parent", 1);
  Process process = Shell("echo $PLUMB_TEST_INHERITED-$OWN");
  process.env = {{"OWN", "mine"}};
  EXPECT_EQ(Execute(process)->out, "parent-mine\n");
  process.env = {{"PLUMB_TEST_INHERITED", "changed"}};
  EXPECT_EQ(Execute(process)->out, "changed-\n");
  process.inherit_env = false;
  process.env = {{"OWN", "alone"}};
  EXPECT_EQ(Execute(process)->out, "-alone\n");
}

TEST(Process, StartsInItsDirectory) {
  Process process = Shell("pwd");
  process.directory = "/usr";
  EXPECT_EQ(Execute(process)->out, "/usr\n");
  process.argv[0] = "bin/sh";
  EXPECT_EQ(Execute(process)->out, "/usr\n") << "a path is read from the directory, too";
  process.directory = "/no/such/place";
  auto result = Execute(process);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), Code::kNotFound);
  EXPECT_EQ(result.error().message(), "no directory '/no/such/place' to run 'sh' in");
}

TEST(Process, MissingProgramSaysWhatToInstall) {
  const struct {
    std::string program, install, want;
  } kCases[] = {
      {"git", "", "program 'git' not found in PATH: install the package 'git' (Debian: apt-get install git)"},
      {"plumb-no-such", "", "program 'plumb-no-such' not found in PATH: install 'plumb-no-such' and put it into PATH"},
      {"plumb-no-such", "see https://plumb.example",
       "program 'plumb-no-such' not found in PATH: see https://plumb.example"},
  };
  for (const auto& c : kCases) {
    auto result = Execute({.argv = {c.program}, .env = {{"PATH", "/no/such"}}, .install = c.install});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code(), Code::kNotFound);
    EXPECT_EQ(result.error().message(), c.want);
  }
  EXPECT_EQ(Execute({.argv = {"core/process.h"}}).error().code(), Code::kDenied) << "there, but no program";
  EXPECT_EQ(Execute({}).error().code(), Code::kInvalid);
}

TEST(Process, TimeoutStopsTheWholeGroup) {
  Process process = Shell("sleep 600 & echo $!; wait");
  process.timeout = milliseconds(200);
  process.grace = milliseconds(100);
  const TimePoint before = Clock::Real().Now();
  auto result = Execute(process);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), Code::kUnavailable);
  EXPECT_EQ(result.error().message(), "'sh' took longer than 200ms");
  EXPECT_LT(Clock::Real().Now() - before, seconds(5));
}

TEST(Process, ProgramThatIgnoresTerminationIsKilled) {
  Process process = Shell("trap '' TERM; while :; do sleep 0.05; done");
  process.timeout = milliseconds(100);
  process.grace = milliseconds(100);
  const TimePoint before = Clock::Real().Now();
  EXPECT_EQ(Execute(process).error().code(), Code::kUnavailable);
  EXPECT_LT(Clock::Real().Now() - before, seconds(5));
}

TEST(Process, ChildrenLeftBehindAreKilled) {
  auto result = Execute(Shell("sleep 600 & echo $!"));  // the child keeps the pipe open: without the kill this waits
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_LT(result->elapsed, seconds(5));
}

TEST(Process, CancellationStopsIt) {
  std::stop_source source;
  std::jthread canceller([&] {
    std::this_thread::yield();
    source.request_stop();
  });
  Process process{.argv = {"sleep", "600"}};
  auto result = ProcessRunner::Real().Run(process, source.get_token());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), Code::kCancelled);
}

TEST(Process, OutputIsBounded) {
  Process process = Shell("yes");
  process.out_bytes = 100'000;
  auto result = Execute(process);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), Code::kLimit);
  EXPECT_EQ(result.error().message(), "'sh' wrote more than 100000 bytes to its standard output");

  process = Shell("head -c 300000 /dev/zero >&2; echo fine");
  process.err_bytes = 10;
  result = Execute(process);
  ASSERT_TRUE(result.ok()) << "chatter on standard error is cut, not fatal";
  EXPECT_EQ(result->err.size(), 10u);
  EXPECT_EQ(result->out, "fine\n");
}

TEST(Process, FilesItWritesAreBounded) {
  Process process = Shell("head -c 100000 /dev/zero > \"$1\"");
  const std::string file = testing::TempDir() + "process_test_bounded";
  process.argv.insert(process.argv.end(), {"sh", file});
  EXPECT_EQ(Execute(process)->status, 0);
  process.file_bytes = 4096;
  EXPECT_NE(Execute(process)->status, 0);
  std::filesystem::remove(file);
}

TEST(Process, SignalIsAStatus) { EXPECT_EQ(Execute(Shell("kill -9 $$"))->status, 128 + SIGKILL); }

TEST(Process, FakeAnswersAndRemembers) {
  FakeProcessRunner fake([](const Process& p) -> Result<ProcessResult> { return ProcessResult{.out = p.argv[0]}; });
  EXPECT_EQ(fake.Run({.argv = {"helm", "version"}})->out, "helm");
  ASSERT_EQ(fake.calls().size(), 1u);
  EXPECT_EQ(fake.calls()[0].argv[1], "version");
}

}  // namespace
}  // namespace plumb
