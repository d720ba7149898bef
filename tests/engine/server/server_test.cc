#include "engine/server/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/json.h"

namespace plumb {
namespace {

using http::Find;
using testing::HasSubstr;
using testing::StartsWith;

struct OperationsTest : testing::Test {
  http::Response Ask(std::string method, std::string target, http::Headers headers = {}, std::string body = "") {
    return OperationsHandler(options, metrics, callbacks)
        .Answer({.method = std::move(method),
                 .target = std::move(target),
                 .headers = std::move(headers),
                 .body = std::move(body)});
  }

  Metrics metrics{{.version = "1.2.3"}};
  OperationsOptions options;
  OperationsCallbacks callbacks;
};

TEST_F(OperationsTest, MetricsAreBroughtUpToDateFirst) {
  callbacks.before_metrics = [](Metrics& m) { m.SetQueueDepth(7); };
  const auto response = Ask("GET", "/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Find(response.headers, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("plumb_queue_depth 7\n"));
}

TEST_F(OperationsTest, ReadinessTellsWhyNot) {
  EXPECT_EQ(Ask("GET", "/healthz").body, "ok\n");
  EXPECT_EQ(Ask("GET", "/readyz").status, 200);
  callbacks.ready = [](std::string* why_not) {
    *why_not = "shop: the source was not read yet";
    return false;
  };
  const auto response = Ask("GET", "/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "not ready\nshop: the source was not read yet\n");
  EXPECT_EQ(Ask("GET", "/healthz").status, 200) << "not ready is not dead";
}

TEST_F(OperationsTest, ApplicationsAreJson) {
  EXPECT_EQ(Ask("GET", "/api/v1/applications").body, "[]\n");
  callbacks.applications = [] { return std::string(R"([{"name":"shop"}])"); };
  const auto response = Ask("GET", "/api/v1/applications?x=1");
  EXPECT_EQ(response.body, R"([{"name":"shop"}])");
  EXPECT_EQ(Find(response.headers, "Content-Type"), "application/json");
}

TEST_F(OperationsTest, UnknownPathsAndMethodsAreErrorsInJson) {
  auto response = Ask("GET", "/nothing\"here");
  EXPECT_EQ(response.status, 404);
  auto body = ParseJson(response.body);
  ASSERT_TRUE(body.ok()) << response.body;
  EXPECT_EQ(body->root().Get("error").GetString("code"), "not found");
  EXPECT_EQ(body->root().Get("error").GetString("message"), "'/nothing\"here' is not served here; '/' lists what is");
  EXPECT_EQ(Ask("DELETE", "/metrics").status, 405);
  response = Ask("GET", "/webhook");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(Find(response.headers, "Allow"), "POST");
}

TEST_F(OperationsTest, PushReachesTheLoop) {
  std::vector<std::string> urls;
  callbacks.on_push = [&](const Push& push) {
    urls = push.urls;
    return size_t{2};
  };
  const auto response = Ask("POST", "/webhook?url=https://git.example/shop");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, "{\"applications\":2,\"push\":true}\n");
  EXPECT_THAT(urls, testing::ElementsAre("https://git.example/shop"));
  EXPECT_THAT(metrics.Text(), HasSubstr("plumb_webhooks_total{provider=\"plain\",result=\"accepted\"} 1\n"));
}

TEST_F(OperationsTest, PingIsAnsweredButNoPush) {
  callbacks.on_push = [](const Push&) -> size_t {
    ADD_FAILURE() << "a ping is no push";
    return 0;
  };
  EXPECT_EQ(Ask("POST", "/webhook", {{"X-GitHub-Event", "ping"}}, "{}").status, 200);
}

TEST_F(OperationsTest, WebhooksNeedASecretBeyondLoopback) {
  options.address = "0.0.0.0";
  EXPECT_EQ(Ask("POST", "/webhook").status, 401);
  options.accept_unsigned_webhooks = true;
  EXPECT_EQ(Ask("POST", "/webhook").status, 202);
  options.webhook_secrets = {{.value = "hush"}};
  EXPECT_EQ(Ask("POST", "/webhook").status, 401);
  EXPECT_EQ(Ask("POST", "/webhook", {{"Authorization", "Bearer hush"}}).status, 202);
  EXPECT_THAT(metrics.Text(), HasSubstr("result=\"refused\"} 2\n"));
}

TEST_F(OperationsTest, SecretThatCannotBeReadClosesTheDoor) {
  options.webhook_secrets = {{.file = "/no/such/file"}};
  const auto response = Ask("POST", "/webhook");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, testing::Not(HasSubstr("/no/such/file"))) << "no paths to callers";
  options.webhook_secrets = {{.file = "/dev/null"}};
  EXPECT_EQ(Ask("POST", "/webhook").status, 503) << "an empty secret is no open door";
}

TEST_F(OperationsTest, BodyIsBounded) {
  options.webhook_bytes = 10;
  EXPECT_EQ(Ask("POST", "/webhook", {}, std::string(11, ' ')).status, 413);
}

TEST(Operations, LoopbackAddresses) {
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"})
    EXPECT_TRUE(IsLoopback(address)) << address;
  for (const char* address : {"0.0.0.0", "::", "10.0.0.1", "", "128.0.0.1"})
    EXPECT_FALSE(IsLoopback(address)) << address;
}

// The same over a socket.
TEST_F(OperationsTest, ServesHttp) {
  auto server = OperationsServer::Start(options, metrics, callbacks);
  ASSERT_TRUE(server.ok()) << server.error().message();
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{.sin_family = AF_INET,
                      .sin_port = htons((*server)->port()),
                      .sin_addr = {htonl(INADDR_LOOPBACK)},
                      .sin_zero = {}};
  ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  ASSERT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[1000];
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) answer.append(buffer, static_cast<size_t>(n));
  close(fd);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nok\n"));
  (*server)->Stop();
}

}  // namespace
}  // namespace plumb
