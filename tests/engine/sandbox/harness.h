// A sandbox without socket or threads on a fake clock, and short ways to talk to it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/edit.h"
#include "core/json.h"
#include "engine/sandbox/sandbox.h"

namespace plumb::sandbox {

struct Reply {
  int status = 0;
  Document body;
  std::string text;
  http::Headers headers;

  std::string_view Str(std::initializer_list<std::string_view> path) const { return GetAt(*body, path).AsString(); }
  std::string_view message() const { return body->GetString("message"); }
  std::string_view reason() const { return body->GetString("reason"); }
};

// The lines of one watch.
struct Stream {
  int status = 0;
  std::string data;
  bool ended = false;
  std::unique_ptr<kube::Transport::Stream> stream;

  // "ADDED a", "MODIFIED a", "BOOKMARK ", "ERROR Expired": the events since the last call.
  std::vector<std::string> Take() {
    std::vector<std::string> out;
    for (size_t end; (end = data.find('\n')) != std::string::npos; data.erase(0, end + 1)) {
      const auto event = ParseJson(data.substr(0, end));
      EXPECT_TRUE(event.ok()) << data.substr(0, end);
      const Value object = (*event)->Get("object");
      const auto name = GetAt(object, {"metadata", "name"}).AsString();
      out.push_back(std::string((*event)->GetString("type")) + " " + std::string(name.empty() ? object.GetString("reason") : name));
    }
    return out;
  }
};

class SandboxTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open(const std::string& data_file = "", bool controllers = false) {
    box_.reset();
    auto started = Sandbox::Start({.listen = false, .data_file = data_file, .clock = &clock_, .controllers = controllers, .step = true, .seed = 1});
    ASSERT_TRUE(started.ok()) << started.error().message();
    box_ = *std::move(started);
  }

  Reply Do(const std::string& method, const std::string& target, const std::string& body = "", const std::string& type = "application/json",
           const std::string& accept = "application/json") {
    Reply reply;
    http::Headers headers = {{"Accept", accept}, {"User-Agent", "tester/1"}};
    if (!body.empty()) headers.emplace_back("Content-Type", type);
    box_->transport().Send({method, target, headers, body}, std::chrono::seconds(1), [&](Result<http::Response> got) {
      ASSERT_TRUE(got.ok()) << got.error().message();
      reply.status = got->status;
      reply.headers = got->headers;
      reply.text = got->body;
      if (auto parsed = ParseJson(got->body); parsed.ok()) reply.body = *std::move(parsed);
    });
    return reply;
  }
  Reply Get(const std::string& target) { return Do("GET", target); }
  Reply Post(const std::string& target, const std::string& body) { return Do("POST", target, body); }
  Reply Merge(const std::string& target, const std::string& body) { return Do("PATCH", target, body, "application/merge-patch+json"); }
  Reply Apply(const std::string& target, const std::string& body) { return Do("PATCH", target, body, "application/apply-patch+yaml"); }

  std::unique_ptr<Stream> Watch(const std::string& target) {
    auto s = std::make_unique<Stream>();
    Stream* at = s.get();
    s->stream = box_->transport().Open({"GET", target, {{"Accept", "application/json"}}, ""},
                                       {[at](const http::Response& head) { at->status = head.status; },
                                        [at](std::string_view data) { at->data += data; }, [at](Status) { at->ended = true; }});
    Settle();
    return s;
  }
  void Settle() {
    for (int i = 0; i < 1000 && box_->Step(); ++i) {
    }
  }
  void Advance(Duration by) {
    clock_.Advance(by);
    Settle();
  }

  FakeClock clock_;
  std::unique_ptr<Sandbox> box_;
};

inline const std::string kConfigMaps = "/api/v1/namespaces/default/configmaps";
inline const std::string kDeployments = "/apis/apps/v1/namespaces/default/deployments";

inline std::string ConfigMap(const std::string& name, const std::string& data = R"({"a":"1"})", const std::string& labels = "{}") {
  const std::string with_labels = labels == "{}" ? "" : R"(,"labels":)" + labels;
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name + "\"" + with_labels + R"(},"data":)" + data + "}";
}

inline std::string Deployment(const std::string& name, int replicas = 1, const std::string& image = "nginx:1.25") {
  return R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":")" + name + R"("},"spec":{"replicas":)" + std::to_string(replicas) +
         R"(,"selector":{"matchLabels":{"app":")" + name + R"("}},"template":{"metadata":{"labels":{"app":")" + name +
         R"("}},"spec":{"containers":[{"name":"c","image":")" + image + R"("}]}}}})";
}

}  // namespace plumb::sandbox
