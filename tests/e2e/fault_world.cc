#include "tests/e2e/fault_world.h"

#include <fmt/core.h>

#include <cstdlib>
#include <regex>
#include <thread>

#include "core/json.h"

namespace plumb::e2e {

namespace fs = std::filesystem;

bool AllFaults() {
  const char* faults = std::getenv("PLUMB_FAULTS");
  return faults && std::string_view(faults) == "all";
}

std::map<std::string, std::string> Workload::Items(int round) const {
  std::map<std::string, std::string> found;
  for (int i = 0; i < items; ++i) found[fmt::format("{}item-{}", prefix, round % 2 * items / 2 + i)] = std::to_string(round);
  return found;
}

std::string Workload::Manifests(int round) const {
  std::string text = declares_namespace ? "apiVersion: v1\nkind: Namespace\nmetadata: {name: fault}\n" : "";
  int i = 0;
  for (const auto& [name, revision] : Items(round))
    text += fmt::format("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {}, namespace: fault, annotations: {{argocd.argoproj.io/sync-wave: '{}'}}}}\ndata: {{revision: '{}'}}\n",
                        name, i++ % 3, revision);
  const auto job = [&](const std::string& hook, const std::string& naming, const std::string& annotations) {
    text += fmt::format("---\napiVersion: batch/v1\nkind: Job\nmetadata:\n  {}\n  namespace: fault\n  labels: {{fault-hook: '{}{}', fault-round: '{}'}}\n  annotations: {{{}}}\n"
                        "spec: {{backoffLimit: 0, template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: 'work:1'}}]}}}}}}\n",
                        naming, prefix, hook, round, annotations);
  };
  job("migrate", fmt::format("name: {}migrate", prefix), "argocd.argoproj.io/hook: PreSync");
  job("load", fmt::format("generateName: {}load-", prefix), "argocd.argoproj.io/hook: Sync, argocd.argoproj.io/sync-wave: '1'");
  job("smoke", fmt::format("name: {}smoke", prefix), "argocd.argoproj.io/hook: PostSync, argocd.argoproj.io/hook-delete-policy: 'BeforeHookCreation,HookSucceeded'");
  return text;
}

namespace {

void AddHook(Value object, HookRuns& to) {
  const Value metadata = object.Get("metadata"), labels = metadata.Get("labels");
  if (const std::string_view hook = labels.GetString("fault-hook"); !hook.empty())
    to[fmt::format("{} of round {}", hook, labels.GetString("fault-round"))].emplace(metadata.GetString("uid"));
}

}  // namespace

HookRuns HooksIn(const std::vector<Audit::Write>& writes) {
  HookRuns runs;
  for (const Audit::Write& write : writes)
    if (write.resource == "jobs") AddHook(write.event->Get("responseObject"), runs);
  return runs;
}

std::vector<std::string> NotOnce(const HookRuns& runs, const std::vector<Workload>& workloads, int last) {
  std::vector<std::string> wrong;
  std::set<std::string> expected;
  for (const Workload& workload : workloads)
    for (int round = 1; round <= last; ++round)
      for (const char* hook : kHooks) {
        const std::string name = fmt::format("{}{} of round {}", workload.prefix, hook, round);
        expected.insert(name);
        const auto found = runs.find(name);
        const size_t times = found == runs.end() ? 0 : found->second.size();
        if (times != 1) wrong.push_back(fmt::format("{} ran {} times", name, times));
      }
  for (const auto& [name, uids] : runs)
    if (!expected.contains(name)) wrong.push_back(name + " ran, and is no hook of these rounds");
  return wrong;
}

void Recording::Watch() {
  for (const char* path : {"api/v1/configmaps", "apis/batch/v1/jobs"}) {
    std::vector<std::string> watch = curl_;
    watch.insert(watch.end(), {"-N", fmt::format("{}/{}?watch=true", server_, path)});
    watches_.push_back(std::make_unique<Background>(std::move(watch), directory_ / fmt::format("watch-{}.jsonl", fs::path(path).filename().string()), "/dev/null"));
  }
}

std::vector<Document> Recording::Events(const std::string& kind) const {
  std::vector<Document> events;
  const std::string text = ReadAll(directory_ / fmt::format("watch-{}.jsonl", kind));
  for (size_t from = 0, end; (end = text.find('\n', from)) != std::string::npos; from = end + 1)
    if (auto event = ParseJson(std::string_view(text).substr(from, end - from)); event.ok()) events.push_back(*std::move(event));
  return events;
}

std::vector<std::string> Recording::Twice() const {
  std::vector<std::string> found;
  std::map<std::string, std::string> revision;  // name -> last seen
  std::map<std::string, int> came;
  for (const Document& event : Events("configmaps")) {
    const Value object = event->Get("object");
    const std::string name(object.Get("metadata").GetString("name")), now(object.Get("data").GetString("revision"));
    if (name.find("item-") == std::string::npos) continue;
    if (event->GetString("type") == "DELETED") {
      revision.erase(name);
      continue;
    }
    if (revision.contains(name) && revision[name] == now) found.push_back(name + " was written again at " + now);
    else if (++came[name + " at " + now] > 1) found.push_back(name + " came to " + now + " twice");
    revision[name] = now;
  }
  return found;
}

HookRuns Recording::Hooks() const {
  HookRuns runs;
  for (const Document& event : Events("jobs")) AddHook(event->Get("object"), runs);
  return runs;
}

// Of generated names.
static const std::regex kRunInName("-[0-9a-f]{10}-(presync|sync|postsync|syncfail)$");

std::vector<std::string> Recording::Story(const std::string& ns) const {
  std::map<int64_t, std::string> story;
  std::set<std::string> made, ended;
  for (const char* kind : {"configmaps", "jobs"})
    for (const Document& event : Events(kind)) {
      const Value object = event->Get("object"), metadata = object.Get("metadata");
      if (metadata.GetString("namespace") != ns) continue;
      const int64_t at = std::strtoll(std::string(metadata.GetString("resourceVersion")).c_str(), nullptr, 10);
      const std::string uid(metadata.GetString("uid"));
      std::string name(metadata.GetString("name"));
      if (name == "kube-root-ca.crt" || name.starts_with("plumb-inventory-")) continue;
      name = std::regex_replace(name, kRunInName, "-");
      if (made.insert(uid).second) story[at] = "made " + name;
      for (const Value condition : object.Get("status").Get("conditions").items())
        if ((condition.GetString("type") == "Complete" || condition.GetString("type") == "Failed") && condition.GetString("status") == "True" && ended.insert(uid).second) story[at] = "ended " + name;
      if (event->GetString("type") == "DELETED") story[at] = "gone " + name;
    }
  std::vector<std::string> lines;
  for (auto& [at, line] : story) lines.push_back(std::move(line));
  return lines;
}

void FaultWorld::SetUp() {
  seed_ = std::random_device{}();
  if (const char* given = std::getenv("PLUMB_SEED")) seed_ = static_cast<unsigned>(std::strtoul(given, nullptr, 10));
  fmt::print("PLUMB_SEED={}\n", seed_);
  random_.seed(seed_);
  Git({"init", "-q", "-b", "main"});
}

void FaultWorld::StartSandbox() {
  const fs::path file = directory_ / "kubeconfig";
  fs::remove(file);
  sandbox_ = std::make_unique<Background>(
      std::vector<std::string>{PlumbProgram(), "sandbox", "--listen", fmt::format("127.0.0.1:{}", port_), "--write-kubeconfig", file, "--data", directory_ / "sandbox.db"},
      directory_ / "sandbox.out", directory_ / "sandbox.err");
  ASSERT_TRUE(Eventually([&] { return fs::exists(file) && fs::file_size(file) > 0; })) << ReadAll(directory_ / "sandbox.err");
  const std::string text = ReadAll(file);
  const size_t at = text.find("http://127.0.0.1:") + 17;
  port_ = static_cast<uint16_t>(std::strtoul(text.c_str() + at, nullptr, 10));
  kubeconfig_ = file;
  server_ = fmt::format("http://127.0.0.1:{}", port_);
}

bool FaultWorld::StartReal(std::string* why_not, const std::vector<std::string>& more) {
  real_ = TestCluster::Real(why_not, more);
  if (!real_) return false;
  kubeconfig_ = real_->kubeconfig;
  server_ = real_->server;
  curl_ = real_->curl;
  return true;
}

void FaultWorld::Git(std::vector<std::string> arguments) const {
  fs::create_directories(Repository());
  arguments.insert(arguments.begin(), {"git", "-C", Repository(), "-c", "user.name=t", "-c", "user.email=t@example.com"});
  ASSERT_EQ(Execute(arguments).status, 0);
}

std::string FaultWorld::CommitAll(int round) const {
  Git({"add", "."});
  Git({"commit", "-q", "-m", std::to_string(round)});
  return Execute({"git", "-C", Repository(), "rev-parse", "HEAD"}).out.substr(0, 40);
}

void FaultWorld::Pause(int most_microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution<int>(0, most_microseconds)(random_)));
}

Document FaultWorld::Ask(const std::string& path) const {
  std::vector<std::string> curl = curl_;
  curl.push_back(server_ + path);
  auto answer = ParseJson(Execute(curl).out);
  return answer.ok() ? *answer : Document();
}

std::map<std::string, std::string> FaultWorld::Live(const Workload& workload) const {
  std::map<std::string, std::string> found;
  const Document list = Ask("/api/v1/namespaces/fault/configmaps");
  for (const Value item : list->Get("items").items())
    if (const std::string name(item.Get("metadata").GetString("name")); name.starts_with(workload.prefix + "item-")) found[name] = item.Get("data").GetString("revision");
  return found;
}

std::set<std::string> FaultWorld::Owned(const std::string& application) const {
  std::set<std::string> names;
  const Document record = Ask("/api/v1/namespaces/default/configmaps/plumb-inventory-" + application);
  const auto entries = ParseJson(record->Get("data").GetString("inventory.json"));
  if (!entries.ok()) return names;
  for (const Value entry : entries->root().items())
    if (entry.GetString("kind") == "ConfigMap") names.insert(std::string(entry.GetString("name")));
  return names;
}

void FaultWorld::ExpectRound(const Workload& workload, const std::string& application, int round) const {
  EXPECT_TRUE(Eventually([&] { return Live(workload) == workload.Items(round); })) << "objects are missing, orphaned or of another revision, round " << round;
  std::set<std::string> names;
  for (const auto& [name, revision] : workload.Items(round)) names.insert(name);
  EXPECT_EQ(Owned(application), names) << "the inventory is of something else";
}

}  // namespace plumb::e2e
