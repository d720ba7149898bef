// A pull request as its reviewer sees it: real repositories, the real program, the sandbox as the cluster, and the pipeline's script
// against a fake host.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <mutex>

#include "core/json.h"
#include "core/yaml.h"
#include "engine/http/server.h"
#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

// A clone with `origin`, the base on main, a change on a branch `feature`.
class PullRequest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(directory_ / "bin");
    fs::create_symlink(fs::absolute(PlumbProgram()), directory_ / "bin" / "plumb");
    Shell("git init -q --bare -b main ../origin.git && git init -q -b main . && git remote add origin ../origin.git");
    Write("apps/shop.yaml",
          "apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: shop}\nspec:\n  sources: [{git: {url: .., revision: main}, path: deploy}]\n"
          "  target: {namespace: shop}\n");
    Write("deploy/web.yaml", Web("web:1", 3));
    Write("deploy/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {mode: slow}\n");
    Write("deploy/secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: QZJXbase}\n");
    Shell("git add -A && git commit -qm base && git push -q origin main && git checkout -qb feature");
    Write("deploy/web.yaml", Web("web:2", 1));
    Write("deploy/secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: QZJXhead}\n");
    fs::remove(clone() / "deploy/settings.yaml");
    Shell("git add -A && git commit -qm change");
    // Another change meets main meanwhile: it must not show.
    Shell("git checkout -q main");
    Write("deploy/later.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: later}\n");
    Shell("git add -A && git commit -qm later && git push -q origin main && git checkout -q feature");
  }

  static std::string Web(const std::string& image, int replicas) {
    return fmt::format(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {}\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n"
        "    metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: web, image: '{}'}}]}}\n",
        replicas, image);
  }

  fs::path clone() const { return directory_ / "clone"; }
  void Write(const std::string& file, const std::string& text) { WriteAll(clone() / file, text); }

  Outcome Shell(const std::string& script, int most = 0, std::vector<std::pair<std::string, std::string>> env = {}) {
    fs::create_directories(clone());
    env.insert(env.end(), {{"PATH", (directory_ / "bin").string() + ":" + getenv("PATH")}, {"GIT_CONFIG_GLOBAL", "/dev/null"}, {"GIT_AUTHOR_NAME", "Ann"}, {"GIT_AUTHOR_EMAIL", "a@example.com"},
                           {"GIT_COMMITTER_NAME", "Ann"}, {"GIT_COMMITTER_EMAIL", "a@example.com"}, {"KUBECONFIG", kubeconfig_}, {"XDG_CACHE_HOME", directory_ / "cache"}});
    Outcome outcome = Execute({"bash", "-c", fmt::format("cd '{}' && {}", clone().string(), script)}, env);
    EXPECT_TRUE(outcome.status >= 0 && outcome.status <= most) << script << ": " << outcome.status << "\n" << outcome.out << outcome.err;
    return outcome;
  }

  TempDirectory directory_;
  std::string kubeconfig_ = "/nonexistent";
};

TEST_F(PullRequest, WithoutAClusterTheChangeAlone) {
  const std::string text = Shell("plumb diff --base origin/main --head HEAD --offline", 1).out;
  EXPECT_THAT(text, HasSubstr("without a look at any cluster"));
  EXPECT_THAT(text, HasSubstr("2 to change, 1 to delete"));
  EXPECT_THAT(text, HasSubstr("availability lowered  Deployment shop/web"));
  EXPECT_THAT(text, HasSubstr("web:1  web:2  Deployment shop/web (container web)"));
  EXPECT_THAT(text, Not(HasSubstr("later"))) << "what main got since is not this change's";
  EXPECT_THAT(text, Not(HasSubstr("QZJX")));
  EXPECT_THAT(text, HasSubstr("data.password"));
  EXPECT_EQ(Shell("plumb diff --base HEAD --head HEAD --offline").status, 0);
}

TEST_F(PullRequest, TheFilesAsTheyAreAndOnePath) {
  Write("deploy/web.yaml", Web("web:3", 3));
  EXPECT_THAT(Shell("plumb diff --base main --offline", 1).out, HasSubstr("web:3"));
  const Outcome path = Shell("cd deploy && plumb diff --base main --offline --namespace shop .", 1);
  EXPECT_THAT(path.out, HasSubstr("leaves git and stays in the cluster: pruning is off"));
  EXPECT_THAT(Shell("plumb diff --base main --offline --prune deploy", 1).out, HasSubstr("1 to delete"));
}

TEST_F(PullRequest, BesideDriftAndFromASnapshotTheSame) {
  const auto cluster = TestCluster::Sandbox(directory_);
  kubeconfig_ = cluster->kubeconfig;
  ASSERT_FALSE(kubeconfig_.empty());
  Shell("git worktree add -q ../base \"$(git merge-base main feature)\" && plumb apply ../base/deploy --name shop --namespace shop --dry-run >/dev/null");
  Shell("plumb apply ../base/deploy --name shop --namespace shop --wait");
  const std::string server = [&] {
    const auto config = ParseYamlOne(ReadAll(kubeconfig_));
    return std::string(config->root().Get("clusters")[0].Get("cluster").GetString("server"));
  }();
  Shell("curl -fsS -X PATCH -H 'Content-Type: application/merge-patch+json' --data '{\"data\":{\"mode\":\"hacked\"}}' '" + server +
        "/api/v1/namespaces/shop/configmaps/settings?fieldManager=meddler'");
  Write("deploy/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {mode: slow, extra: x}\n");
  Write("deploy/lost.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lost, namespace: nowhere}\n");
  Shell("git add -A && git commit -qm more");

  const auto review = [&](const std::string& flags) {
    const auto json = ParseJson(Shell("plumb diff --base main --head HEAD --output json " + flags, 1).out);
    EXPECT_TRUE(json.ok());
    return json.ok() ? *json : Document();
  };
  const Document live = review("");
  EXPECT_EQ(live->GetString("against"), "cluster");
  const Value application = live->Get("applications")[0];
  ASSERT_EQ(application.Get("drift").size(), 1u) << WriteJson(application);
  EXPECT_EQ(application.Get("drift")[0].GetString("name"), "settings");
  EXPECT_THAT(std::string(application.Get("drift")[0].Get("changes")[0].GetString("explanation")), HasSubstr("drift: written by meddler"));
  EXPECT_EQ(application.Get("changes").size(), 4u) << "web, secret, settings, lost";
  ASSERT_EQ(application.Get("refused").size(), 1u) << WriteJson(application.Get("refused"));
  EXPECT_THAT(std::string(application.Get("refused")[0].GetString("reason")), HasSubstr("namespace 'nowhere'"));

  const std::string secret = "QZJX";
  for (const char* file : {"cluster.json", "cluster.json.gz"}) {
    Shell(fmt::format("plumb snapshot --out {}", file));
    EXPECT_THAT(Shell(fmt::format("(gunzip -c {0} 2>/dev/null || cat {0})", file)).out, Not(HasSubstr(secret)));
    EXPECT_THAT(Shell(fmt::format("(gunzip -c {0} 2>/dev/null || cat {0})", file)).out, Not(HasSubstr("UVpKW"))) << "nor its base64";
    kubeconfig_ = "/nonexistent";
    const Document saved = review(fmt::format("--snapshot {}", file));
    kubeconfig_ = cluster->kubeconfig;
    EXPECT_THAT(std::string(saved->GetString("against")), HasSubstr("snapshot of 20"));
    EXPECT_EQ(WriteJson(saved->Get("summary")), WriteJson(live->Get("summary")));
    const Value same = saved->Get("applications")[0];
    EXPECT_EQ(same.Get("drift").size(), 1u) << WriteJson(same.Get("drift"));
    EXPECT_EQ(same.Get("pending").size(), 0u) << "an unchanged secret is equal by its hash: " << WriteJson(same.Get("pending"));
    EXPECT_EQ(WriteJson(same.Get("refused")), WriteJson(application.Get("refused")));
    EXPECT_EQ(same.Get("unknown").size(), 0u) << WriteJson(same.Get("unknown"));
  }
  Shell("plumb snapshot --out keyed.json", 0, {{"PLUMB_SNAPSHOT_KEY", "a key"}});
  EXPECT_EQ(Shell("plumb diff --base main --head HEAD --snapshot keyed.json", 1, {{"PLUMB_SNAPSHOT_KEY", "a key"}}).status, 1);
  EXPECT_THAT(Shell("plumb diff --base main --snapshot keyed.json", 3).err, HasSubstr("set PLUMB_SNAPSHOT_KEY"));
  EXPECT_THAT(Shell("plumb diff --base main --snapshot keyed.json", 3, {{"PLUMB_SNAPSHOT_KEY", "other"}}).err, HasSubstr("another key"));
}

TEST_F(PullRequest, MistakesAreAnsweredWithWhatToDo) {
  const struct {
    std::string command;
    int status;
    std::string message;
  } kCases[] = {
      {"plumb diff --base mian --offline", 2, "no revision 'mian' in"},
      {"plumb diff --base mian --offline", 2, "did you mean 'main'?"},
      {"plumb diff --base mian --offline", 2, "fetch-depth 0"},
      {"plumb diff --base main --head nowhere --offline", 2, "--head: no revision 'nowhere'"},
      {"plumb diff --head HEAD", 2, "--head goes with --base REF"},
      {"plumb diff --snapshot x deploy", 2, "--snapshot goes with --base REF"},
      {"plumb diff --base main --offline nowhere", 3, "neither in"},
      {"plumb diff --base main --offline --config deploy", 2, "kind: Application"},
      {"plumb diff --base main --offline --config apps deploy", 2, "not both"},
      {"plumb diff --base main --offline --config /etc", 2, "lies in no git repository"},
      {"plumb diff --base main --offline --limit none", 2, "--limit: 'none'"},
      {"plumb diff --base main --offline --snapshot x", 2, "one of --snapshot and --offline"},
      {"plumb diff --base main --snapshot nowhere.json", 3, "'plumb snapshot' writes one"},
      {"echo '{}' >x.json; plumb diff --base main --snapshot x.json", 2, "not a snapshot"},
      {"plumb diff --base main", 3, "--offline compares base and head alone"},
      {"plumb diff --base main --ofline", 2, "did you mean '--offline'"},
      {"plumb snapshot", 2, "--out is missing"},
      {"git init -q ../empty; cd ../empty; plumb diff --base main --offline", 2, "no revision 'main'"},
      {"mkdir -p ../none; cd ../none; plumb diff --base main --offline", 2, "lies in no git repository"},
      {"git init -q -b main ../bare; cd ../bare; echo x >a; git add a; git commit -qm x; plumb diff --base main --offline", 2, "no Application in the repository"},
      {"git clone -q --depth 1 file://$(cd ../origin.git; pwd) ../shallow; cd ../shallow; git checkout -q --orphan other; git commit -qm x; plumb diff --base main --offline", 2, "this clone is shallow"},
  };
  for (const auto& c : kCases) {
    const Outcome outcome = Shell(c.command, 3);
    EXPECT_EQ(outcome.status, c.status) << c.command << "\n" << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(c.message)) << c.command;
    EXPECT_EQ(outcome.out.find("Differences"), std::string::npos);
  }
}

TEST_F(PullRequest, BrokenAtTheHeadIsReportedAndNothingCountsAsDeleted) {
  Write("deploy/web.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web\n");
  Shell("git add -A && git commit -qm broken");
  const Outcome outcome = Shell("plumb diff --base main --head HEAD --offline --output markdown", 2);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.out, HasSubstr("### This change cannot be rendered"));
  EXPECT_THAT(outcome.out, HasSubstr("deploy/web.yaml"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("delete")));
  Shell("git checkout -q main && cp ../clone/deploy/web.yaml /dev/null; git checkout -q feature -- deploy/web.yaml && git commit -qm 'base is broken' && git checkout -qb mend");
  Write("deploy/web.yaml", Web("web:2", 3));
  Shell("git add -A && git commit -qm mended");
  EXPECT_THAT(Shell("plumb diff --base main --head HEAD --offline", 1).out, HasSubstr("base: render"));
}

// Every line of the page's `sh` blocks, in a clone as a reader has it.
TEST_F(PullRequest, TheExamplesOfThePageRun) {
  const auto cluster = TestCluster::Sandbox(directory_);
  kubeconfig_ = cluster->kubeconfig;
  const std::string page = ReadAll("docs/pull-requests.md");
  size_t commands = 0;
  for (size_t at = 0; (at = page.find("```sh\n", at)) != std::string::npos;) {
    const size_t end = page.find("```\n", at + 6);
    std::istringstream block(page.substr(at + 6, end - at - 6));
    for (std::string line; std::getline(block, line);) {
      const Outcome outcome = Shell("set -o pipefail; " + line, 1);
      EXPECT_FALSE(outcome.out.empty() && line.find('>') == std::string::npos) << line;
      ++commands;
    }
    at = end;
  }
  EXPECT_GE(commands, 10u);
}

TEST_F(PullRequest, PipelinesAreWellFormedAndTheirScriptsToo) {
  for (const char* name : {"github-actions.yaml", "gitlab-ci.yaml", "snapshot.yaml"}) {
    const auto documents = ParseYaml(ReadAll(fs::path("examples/pull-request") / name), {.refuse_duplicate_keys = true});
    ASSERT_TRUE(documents.ok()) << name << ": " << documents.error().message();
  }
  const auto workflow = ParseYamlOne(ReadAll("examples/pull-request/github-actions.yaml"));
  size_t scripts = 0;
  for (Value step : workflow->root().Get("jobs").Get("diff").Get("steps").items()) {
    if (!step.Has("run")) continue;
    ++scripts;
    WriteAll(directory_ / "step.sh", std::string(step.GetString("run")));
    EXPECT_EQ(Execute({"bash", "-n", directory_ / "step.sh"}).status, 0);
    if (FindProgram("shellcheck", getenv("PATH")).ok()) {
      const Outcome checked = Execute({"shellcheck", "-s", "bash", directory_ / "step.sh"});
      EXPECT_EQ(checked.status, 0) << checked.out;
    }
  }
  EXPECT_EQ(scripts, 3u);
  // The step that makes the report, as the runner runs it.
  WriteAll(directory_ / "step.sh", std::string(workflow->root().Get("jobs").Get("diff").Get("steps")[1].GetString("run")));
  Shell("bash -e '" + (directory_ / "step.sh").string() + "'", 0, {{"BASE", "origin/main"}, {"HEAD", "HEAD"}, {"GITHUB_ENV", directory_ / "env"}, {"GITHUB_STEP_SUMMARY", directory_ / "summary"}});
  EXPECT_EQ(ReadAll(directory_ / "env"), "status=1\n");
  EXPECT_THAT(ReadAll(directory_ / "summary"), HasSubstr("<!-- plumb diff -->"));
}

// A host of pull requests with one list of comments.
class FakeHost {
 public:
  FakeHost() {
    auto started = http::Server::Start({}, [this](http::Request request, std::shared_ptr<http::Responder> responder) { responder->Send(Answer(request)); });
    server_ = std::move(*started);
  }
  std::string url() const { return fmt::format("http://127.0.0.1:{}", server_->port()); }
  std::vector<std::string> log() const {
    std::lock_guard lock(mu_);
    return log_;
  }
  std::vector<std::string> comments() const {
    std::lock_guard lock(mu_);
    return comments_;
  }

 private:
  http::Response Answer(const http::Request& request) {
    std::lock_guard lock(mu_);
    std::string authorization;
    for (const auto& [name, value] : request.headers)
      if (name == "Authorization" || name == "PRIVATE-TOKEN" || name == "authorization" || name == "private-token") authorization = value;
    log_.push_back(request.method + " " + request.target + " " + authorization);
    http::Response response;
    response.status = 200;
    if (request.method == "GET") {
      response.body = "[";
      for (size_t i = 0; i < comments_.size(); ++i) {
        Arena arena;
        response.body += (i ? "," : "") + fmt::format("{{\"id\":{},\"body\":{}}}", i + 100, WriteJson(arena.String(comments_[i])));
      }
      response.body += "]";
      return response;
    }
    const auto body = ParseJson(request.body);
    const std::string text = body.ok() ? std::string(body->root().GetString("body")) : "";
    if (request.method == "POST") comments_.push_back(text);
    else comments_.at(std::stoul(request.target.substr(request.target.rfind('/') + 1)) - 100) = text;
    response.body = "{}";
    return response;
  }

  mutable std::mutex mu_;
  std::vector<std::string> log_;
  std::vector<std::string> comments_ = {"somebody's comment"};
  std::unique_ptr<http::Server> server_;
};

TEST_F(PullRequest, OneCommentIsPostedAndThenUpdated) {
  for (const char* program : {"curl", "jq"})
    if (!FindProgram(program, getenv("PATH")).ok()) GTEST_SKIP() << "no `" << program << "` here";
  const std::string script = fs::absolute("examples/pull-request/comment");
  Shell("plumb diff --base main --head HEAD --offline --output markdown --marker 'plumb diff' >report.md", 1);
  for (const std::string host : {"github", "gitlab"}) {
    FakeHost fake;
    const std::vector<std::pair<std::string, std::string>> env = {
        {"GITHUB_API_URL", fake.url()}, {"GITHUB_REPOSITORY", "o/r"},          {"PR_NUMBER", "7"},    {"GITHUB_TOKEN", "t0ken"}, {"CI_API_V4_URL", fake.url()},
        {"CI_PROJECT_ID", "12"},        {"CI_MERGE_REQUEST_IID", "7"}, {"GITLAB_TOKEN", "t0ken"}, {"no_proxy", "*"}};
    EXPECT_THAT(Shell(script + " " + host + " report.md", 0, env).out, HasSubstr("comment posted"));
    ASSERT_EQ(fake.comments().size(), 2u);
    EXPECT_EQ(fake.comments()[1], ReadAll(clone() / "report.md"));
    Shell("echo 'newer' >>report.md");
    EXPECT_THAT(Shell(script + " " + host + " report.md", 0, env).out, HasSubstr("comment 101 updated"));
    ASSERT_EQ(fake.comments().size(), 2u) << "one comment, kept up to date";
    EXPECT_THAT(fake.comments()[1], HasSubstr("newer"));
    EXPECT_EQ(fake.comments()[0], "somebody's comment");
    const std::vector<std::string> log = fake.log();
    ASSERT_EQ(log.size(), 4u);
    EXPECT_EQ(log[3], host == "github" ? "PATCH /repos/o/r/issues/comments/101 Bearer t0ken" : "PUT /projects/12/merge_requests/7/notes/101 t0ken");
    Shell("head -n -1 report.md >r && mv r report.md");
  }
  EXPECT_THAT(Shell("echo text >plain.md; " + script + " github plain.md", 2).err, HasSubstr("no marker"));
}

}  // namespace
}  // namespace plumb::e2e
