// What holds of every command: help in both forms, results and errors as JSON, log lines as JSON, exit codes.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "core/json.h"
#include "engine/cli/command.h"
#include "tests/e2e/harness.h"

namespace plumb::cli {
namespace {

using e2e::Execute;
using e2e::Outcome;
using e2e::PlumbProgram;

Outcome Plumb(std::vector<std::string> arguments, std::vector<std::pair<std::string, std::string>> env = {}) {
  arguments.insert(arguments.begin(), PlumbProgram());
  return Execute(std::move(arguments), std::move(env));
}

TEST(EveryCommand, ExplainsItselfInBothForms) {
  for (const Command& command : Commands()) {
    SCOPED_TRACE(command.name);
    const Outcome text = Plumb({command.name, "--help"});
    EXPECT_EQ(text.status, 0);
    EXPECT_TRUE(text.out.starts_with(fmt::format("plumb {} - {}\n", command.name, command.summary))) << text.out;
    for (const Flag& flag : command.flags) EXPECT_NE(text.out.find("--" + flag.name), std::string::npos) << flag.name;
    EXPECT_EQ(Plumb({"help", command.name}).out, text.out);

    const Outcome json = Plumb({command.name, "--help", "--output", "json"});
    const auto read = ParseJson(json.out);
    ASSERT_TRUE(read.ok()) << json.out;
    EXPECT_EQ((*read)->GetString("name"), command.name);
    EXPECT_EQ((*read)->Get("flags").size(), command.flags.size());
    EXPECT_EQ(Plumb({"help", command.name, "-o", "json"}).out, json.out);
  }
}

TEST(EveryCommand, HasTheFlagsOfAllAndRefusesAMisspeltOne) {
  for (const Command& command : Commands()) {
    SCOPED_TRACE(command.name);
    const Outcome wrong = Plumb({command.name, "--log-fromat", "json"});
    EXPECT_EQ(wrong.status, kExitUsage);
    EXPECT_NE(wrong.err.find("did you mean '--log-format'"), std::string::npos) << wrong.err;
    EXPECT_NE(wrong.err.find(fmt::format("usage: plumb {}", command.name)), std::string::npos) << wrong.err;
    EXPECT_EQ(wrong.out, "");
    const Outcome format = Plumb({command.name, "--output", "yml"});
    EXPECT_EQ(format.status, kExitUsage);
    EXPECT_NE(format.err.find("'yml' is not one of"), std::string::npos) << format.err;
  }
}

TEST(EveryCommand, SaysItsErrorsAsDataWhereDataIsAskedFor) {
  for (const Command& command : Commands()) {
    SCOPED_TRACE(command.name);
    const Outcome output = Plumb({command.name, "--bogus", "--output", "json"});
    EXPECT_EQ(output.status, kExitUsage);
    const auto error = ParseJson(output.err);
    ASSERT_TRUE(error.ok()) << output.err;
    EXPECT_EQ((*error)->Get("error").GetString("code"), "invalid");
    const Outcome log = Plumb({command.name, "--bogus", "--log-format=json"});
    const auto line = ParseJson(log.err);
    ASSERT_TRUE(line.ok()) << log.err;
    EXPECT_EQ((*line)->GetString("level"), "error");
    EXPECT_NE((*line)->GetString("message").find("--bogus"), std::string::npos) << log.err;
  }
  EXPECT_TRUE(ParseJson(Plumb({"aply", "--output", "json"}).err).ok()) << "an unknown command too";
  EXPECT_NE(Plumb({"aply"}).err.find("did you mean 'apply'"), std::string::npos);
}

// The result of each command that ends by itself, on a sandbox; the serving ones have their first line looked at.
TEST(EveryCommand, PrintsItsResultAsJson) {
  e2e::TempDirectory directory;
  const auto cluster = e2e::TestCluster::Sandbox(directory);
  ASSERT_FALSE(cluster->kubeconfig.empty());
  e2e::WriteAll(directory / "set/one.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n");
  const std::string set = directory / "set", at = "--kubeconfig=" + cluster->kubeconfig;
  const struct {
    std::vector<std::string> arguments;
    int status;
    const char* want;  // a key of the result
  } kCases[] = {
      {{"render", set}, 0, "items"},
      {{"diff", set, at}, 1, "objects"},
      {{"apply", set, at, "--dry-run"}, 0, "steps"},
      {{"apply", set, at, "--wait"}, 0, "result"},
      {{"diff", set, at}, 0, "objects"},
      {{"snapshot", "--out", directory / "snapshot.yaml", at}, 0, "file"},
      {{"explain", "application"}, 0, "spec"},
      {{"version"}, 0, "commit"},
      {{"completion", "bash"}, 0, "script"},
      {{"help"}, 0, "commands"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.arguments[0]);
    std::vector<std::string> arguments = c.arguments;
    arguments.insert(arguments.end(), {"--output", "json", "--log-format", "json", "--verbose"});
    const Outcome ran = Plumb(arguments);
    EXPECT_EQ(ran.status, c.status) << ran.err;
    const auto result = ParseJson(ran.out);
    ASSERT_TRUE(result.ok()) << ran.out;
    EXPECT_TRUE((*result)->Find(c.want) != nullptr) << c.want << " in " << ran.out;
    for (size_t from = 0, end; (end = ran.err.find('\n', from)) != std::string::npos; from = end + 1)
      EXPECT_TRUE(ParseJson(ran.err.substr(from, end - from)).ok()) << ran.err;
  }
  e2e::Background sandbox({PlumbProgram(), "sandbox", "--output", "json"}, directory / "out", directory / "err");
  EXPECT_TRUE(e2e::Eventually([&] { return e2e::ReadAll(directory / "out").ends_with("}\n"); }));
  EXPECT_TRUE(ParseJson(e2e::ReadAll(directory / "out")).ok());
  sandbox.Signal(SIGTERM);
  EXPECT_EQ(sandbox.Wait(std::chrono::seconds(10)), 0) << "SIGTERM is a clean stop";
}

TEST(Colours, AreForATerminalUnlessTheEnvironmentSaysOtherwise) {
  const auto coloured = [](std::vector<std::pair<std::string, std::string>> env) { return Plumb({"bogus"}, std::move(env)).err.find('\x1b') != std::string::npos; };
  EXPECT_FALSE(coloured({})) << "a pipe";
  EXPECT_TRUE(coloured({{"CLICOLOR_FORCE", "1"}}));
  EXPECT_FALSE(coloured({{"CLICOLOR_FORCE", "0"}}));
  EXPECT_FALSE(coloured({{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}}));
}

// The namespace that kubectl would use: the flag's, else the context's; the context, the flag's, else the current one.
TEST(ClusterFlags, MeanWhatTheyMeanToKubectl) {
  e2e::TempDirectory directory;
  const auto cluster = e2e::TestCluster::Sandbox(directory);
  std::string text = e2e::ReadAll(cluster->kubeconfig);
  const size_t server = text.find("server: ") + 8;
  const std::string url = text.substr(server, text.find_first_of("\n}", server) - server);
  e2e::WriteAll(directory / "two.yaml",
                fmt::format("apiVersion: v1\nkind: Config\ncurrent-context: dead\nclusters:\n- {{name: dead, cluster: {{server: 'http://127.0.0.1:1'}}}}\n"
                            "- {{name: box, cluster: {{server: {}}}}}\ncontexts:\n- {{name: dead, context: {{cluster: dead, user: u}}}}\n"
                            "- {{name: box, context: {{cluster: box, user: u, namespace: shop}}}}\nusers: [{{name: u, user: {{}}}}]\n", url));
  e2e::WriteAll(directory / "set/one.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n");
  const std::string set = directory / "set", config = directory / "two.yaml";
  const std::vector<std::pair<std::string, std::string>> env = {{"KUBECONFIG", config}};
  EXPECT_EQ(Plumb({"diff", set}, env).status, kExitTrouble) << "the current context is of a dead server";
  const Outcome context = Plumb({"diff", set, "--context", "box"}, env);
  EXPECT_NE(context.out.find("namespace shop\n  + ConfigMap one"), std::string::npos) << context.out << context.err;
  const Outcome ns = Plumb({"diff", set, "--context=box", "-n", "other", "--kubeconfig", config});
  EXPECT_NE(ns.out.find("namespace other\n  + ConfigMap one"), std::string::npos) << ns.out << ns.err;
  const Outcome none = Plumb({"diff", set, "--context", "bxo"}, env);
  EXPECT_EQ(none.status, kExitTrouble);
  EXPECT_NE(none.err.find("no context 'bxo'"), std::string::npos) << none.err;
}

}  // namespace
}  // namespace plumb::cli
