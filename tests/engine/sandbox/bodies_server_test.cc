// The sandbox beside a real API server, request by request: the status and the whole body of each answer are the same, but for
// uids, revisions and times. The requests are in requests.txt, in the order in which they are sent to both.
#include <fmt/core.h>

#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include "core/edit.h"
#include "core/json.h"
#include "engine/kube/curl_transport.h"
#include "engine/kube/kubeconfig.h"
#include "engine/sandbox/sandbox.h"
#include "tests/engine/kube/control_plane.h"

namespace plumb::sandbox {
namespace {

using std::chrono::seconds;

struct Ask {
  int line = 0;
  std::string section, method, type, path, body;
  bool status_only = false;   // the bodies differ by design: docs/sandbox.md says how
  bool until_served = false;  // asked again until it is 200: a custom kind is served a moment after it is made
};

std::string FullType(const std::string& name) {
  if (name == "merge") return "application/merge-patch+json";
  if (name == "strategic") return "application/strategic-merge-patch+json";
  if (name == "jsonpatch") return "application/json-patch+json";
  if (name == "apply") return "application/apply-patch+yaml";
  if (name == "yaml") return "application/yaml";
  return name == "json" ? "application/json" : name;
}

std::vector<Ask> ReadScript(const std::string& file, const std::string& ns) {
  std::vector<Ask> asks;
  std::ifstream in(file);
  std::string section, text;
  bool inside = false;
  for (int number = 1; std::getline(in, text); ++number) {
    for (size_t at; (at = text.find("NS")) != std::string::npos;) text.replace(at, 2, ns);
    if (text.empty()) {
      inside = false;
    } else if (inside) {
      if (text == "until 200") asks.back().until_served = true;
      else if (text == "status only") asks.back().status_only = true;
      else asks.back().body += text + "\n";
    } else if (text.starts_with("== ")) {
      section = text.substr(3);
    } else if (!text.starts_with("#")) {
      std::istringstream words(text);
      std::vector<std::string> parts;
      for (std::string word; words >> word;) parts.push_back(word);
      asks.push_back({number, section, parts[0], FullType(parts.size() == 3 ? parts[1] : "json"), parts.back(), ""});
      inside = true;
    }
  }
  return asks;
}

// One of the two servers, with what its last answer said of the object.
struct Server {
  std::shared_ptr<kube::Transport> transport;
  std::string uid, revision;

  http::Response Send(const Ask& ask) {
    std::promise<http::Response> answer;
    http::Headers headers = {{"Accept", "application/json"}, {"User-Agent", "tester/1"}};
    if (!ask.body.empty()) headers.emplace_back("Content-Type", ask.type);
    std::string body = ask.body;
    for (const auto& [name, value] : {std::pair("{uid}", &uid), {"{revision}", &revision}})
      if (const size_t at = body.find(name); at != std::string::npos) body.replace(at, std::string_view(name).size(), *value);
    transport->Send({ask.method, ask.path, headers, body}, seconds(20), [&](Result<http::Response> response) {
      answer.set_value(response.ok() ? *response : http::Response{0, {}, response.error().message()});
    });
    http::Response response = answer.get_future().get();
    if (const auto read = ParseJson(response.body); read.ok() && !GetAt(**read, {"metadata", "uid"}).is_null()) {
      uid = GetAt(**read, {"metadata", "uid"}).AsString();
      revision = GetAt(**read, {"metadata", "resourceVersion"}).AsString();
    }
    return response;
  }
};

// Messages up to where they quote their implementation: a parser's own words, a dump of Go structs, another object's uid.
std::string Cut(std::string message) {
  for (const char* from : {"json parse error: ", "continue key is not valid", "UID in object meta: ", "match the UID in record (", "typed patch object (", "previously negative)"})
    if (const size_t at = message.find(from); at != std::string::npos) message.resize(at + std::string_view(from).size());
  return message;
}

// What differs from server to server becomes a word: uids, revisions, times, addresses, tokens of pages.
Value Normal(Arena& a, Value value, std::string_view key) {
  if (value.is_map()) {
    std::vector<Member> members;
    for (const Member& m : value.members())
      if (m.key != "storageVersionHash") members.push_back({m.key, Normal(a, m.value, m.key)});
    return a.Map(members);
  }
  if (value.is_list()) {
    std::vector<Value> items;
    for (const Value item : value.items()) items.push_back(Normal(a, item, key));
    return a.List(items);
  }
  for (const char* word : {"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "time", "lastTransitionTime", "continue", "clusterIP", "clusterIPs", "hash"})
    if (key == word && value.is_string() && value.AsString() != "None") return a.String(fmt::format("<{}>", word));
  if (key == "message" && value.is_string()) return a.String(Cut(std::string(value.AsString())));
  return value;
}

std::string Normal(const std::string& body) {
  const auto read = ParseJson(body);
  if (!read.ok()) return body;
  Arena a;
  return WriteCanonicalJson(Normal(a, a.Adopt(*read), ""));
}

// Every place where two values differ, one a line.
void Differences(Value got, Value want, const std::string& path, std::string& out) {
  if (got == want) return;
  if (got.is_map() && want.is_map()) {
    for (const Member& m : want.members()) Differences(got.Get(m.key), m.value, fmt::format("{}.{}", path, m.key), out);
    for (const Member& m : got.members())
      if (!want.Has(m.key)) Differences(m.value, Value(), fmt::format("{}.{}", path, m.key), out);
  } else if (got.is_list() && want.is_list() && got.size() == want.size()) {
    for (size_t i = 0; i < got.size(); ++i) Differences(got[i], want[i], fmt::format("{}[{}]", path, i), out);
  } else {
    out += fmt::format("  {}: the sandbox has {:.600}, the real one {:.600}\n", path, got.is_null() ? "nothing" : WriteJson(got), want.is_null() ? "nothing" : WriteJson(want));
  }
}

std::string Differences(const std::string& got, const std::string& want) {
  const auto a = ParseJson(got), b = ParseJson(want);
  std::string out;
  if (a.ok() && b.ok()) Differences(a->root(), b->root(), "", out);
  else out = "  " + got + "\n  " + want;
  return out;
}

class BodiesBesideARealServer : public testing::Test {
 protected:
  void Open(ControlPlane* cluster) {
    const auto connection = kube::LoadConnection({.kubeconfig = cluster->kubeconfig()}, {});
    ASSERT_TRUE(connection.ok()) << connection.error().message();
    real_.transport = *kube::CurlTransport::Create(*connection);
    box_ = *Sandbox::Start({.controllers = false});
    kube::Connection here;
    here.server = box_->url();
    sandbox_.transport = *kube::CurlTransport::Create(here);
    ns_ = UniqueName("bodies");
    for (Server* server : {&real_, &sandbox_}) {
      server->Send({0, "", "POST", "application/json", "/api/v1/namespaces", fmt::format(R"({{"metadata":{{"name":"{}"}}}})", ns_)});
      server->Send({0, "", "POST", "application/json", fmt::format("/api/v1/namespaces/{}/serviceaccounts", ns_), R"({"metadata":{"name":"default"}})"});
    }
  }
  void TearDown() override {
    if (real_.transport) real_.Send({0, "", "DELETE", "application/json", "/api/v1/namespaces/" + ns_, ""});
  }

  Server real_, sandbox_;
  std::unique_ptr<Sandbox> box_;
  std::string ns_;
};

TEST_F(BodiesBesideARealServer, EveryRequestOfTheScriptIsAnsweredAlike) {
  Open(PLUMB_NEED_CONTROL_PLANE());
  const std::vector<Ask> script = ReadScript("tests/engine/sandbox/requests.txt", ns_);
  ASSERT_GT(script.size(), 120u);
  for (const Ask& ask : script) {
    SCOPED_TRACE(fmt::format("requests.txt:{} ({}) {} {}\n{}", ask.line, ask.section, ask.method, ask.path, ask.body.substr(0, 300)));
    http::Response want = real_.Send(ask), got = sandbox_.Send(ask);
    for (int tries = 0; ask.until_served && want.status != 200 && tries < 100; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the real server's own pace
      want = real_.Send(ask);
    }
    EXPECT_EQ(got.status, want.status);
    const std::string a = Normal(got.body), b = Normal(want.body);
    EXPECT_TRUE(a == b || ask.status_only) << Differences(a, b);
  }
}

// Two pages and what a watch says of the changes in between: the same events with the same objects, in the same order.
TEST_F(BodiesBesideARealServer, AWatchTellsTheSameChanges) {
  Open(PLUMB_NEED_CONTROL_PLANE());
  const std::string maps = fmt::format("/api/v1/namespaces/{}/configmaps", ns_);
  std::map<Server*, std::string> events;
  for (Server* server : {&real_, &sandbox_}) {
    const auto list = ParseJson(server->Send({0, "", "GET", "", maps, ""}).body);
    ASSERT_TRUE(list.ok());
    const std::string revision(GetAt(**list, {"metadata", "resourceVersion"}).AsString());
    const auto send = [&](const char* method, const char* type, const std::string& path, const char* body) { server->Send({0, "", method, FullType(type), path, body}); };
    send("POST", "json", maps, R"({"metadata":{"name":"w","labels":{"on":"yes"},"finalizers":["example.com/hold"]}})");
    send("PATCH", "merge", maps + "/w", R"({"data":{"k":"v"}})");
    send("PATCH", "merge", maps + "/w", R"({"data":{"k":"v"}})");                      // no change, no event
    send("PATCH", "merge", maps + "/w", R"({"metadata":{"labels":{"on":"no"}}})");      // leaves the selection: DELETED
    send("PATCH", "merge", maps + "/w", R"({"metadata":{"labels":{"on":"yes"}}})");     // comes back: ADDED
    send("DELETE", "json", maps + "/w", "");                                           // MODIFIED, held by its finalizer
    send("PATCH", "merge", maps + "/w", R"({"metadata":{"finalizers":null}})");         // DELETED
    const std::string body = server->Send({0, "", "GET", "", fmt::format("{}?watch=true&resourceVersion={}&timeoutSeconds=1&labelSelector=on%3Dyes", maps, revision), ""}).body;
    std::istringstream lines(body);
    for (std::string line; std::getline(lines, line);) events[server] += Normal(line) + "\n";
    events[server] += Normal(server->Send({0, "", "GET", "", maps + "?watch=true&resourceVersion=abc", ""}).body);
    events[server] += Normal(server->Send({0, "", "GET", "", maps + "?watch=true&resourceVersion=1&timeoutSeconds=1&sendInitialEvents=true", ""}).body);
  }
  EXPECT_EQ(events[&sandbox_], events[&real_]);
  EXPECT_NE(events[&real_].find("DELETED"), std::string::npos);
}

}  // namespace
}  // namespace plumb::sandbox
