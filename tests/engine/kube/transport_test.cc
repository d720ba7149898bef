// The transport on a plain HTTP server in this process: what goes over the wire, streams, proxies, credentials.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <latch>
#include <map>
#include <optional>

#include "core/mutex.h"
#include "engine/http/server.h"
#include "engine/kube/curl_transport.h"
#include "engine/kube/kubeconfig.h"

namespace plumb::kube {
namespace {

using testing::HasSubstr;
using std::chrono::seconds;

// A server that remembers requests and answers from a function.
class TestServer {
 public:
  using Answer = std::function<void(const http::Request&, const std::shared_ptr<http::Responder>&)>;

  explicit TestServer(Answer answer) : answer_(std::move(answer)) {
    auto server = http::Server::Start({}, [this](http::Request request, std::shared_ptr<http::Responder> responder) {
      {
        MutexLock lock(mu_);
        requests_.push_back(request);
      }
      answer_(request, responder);
    });
    EXPECT_TRUE(server.ok()) << server.error().message();
    server_ = *std::move(server);
  }

  Connection connection() const { return SandboxConnection("127.0.0.1:" + std::to_string(server_->port())); }
  std::vector<http::Request> requests() const {
    MutexLock lock(mu_);
    return requests_;
  }

 private:
  const Answer answer_;
  mutable Mutex mu_;
  std::vector<http::Request> requests_ GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;  // last: stops before the rest goes
};

void Fine(const http::Request&, const std::shared_ptr<http::Responder>& responder) { responder->Send({200, {}, "fine"}); }

std::unique_ptr<CurlTransport> Connect(Connection connection, TransportOptions options = {}) {
  auto transport = CurlTransport::Create(std::move(connection), std::move(options));
  EXPECT_TRUE(transport.ok());
  return *std::move(transport);
}

Result<http::Response> Send(Transport& transport, http::Request request) {
  std::promise<Result<http::Response>> promise;
  transport.Send(std::move(request), seconds(20), [&](Result<http::Response> response) { promise.set_value(std::move(response)); });
  return promise.get_future().get();
}

TEST(CurlTransport, RequestsArriveAsGiven) {
  TestServer server(Fine);
  Connection connection = server.connection();
  connection.username = "user";
  connection.password = "pass";
  connection.impersonate = {{"Impersonate-User", "jane"}};
  const auto transport = Connect(connection);
  const std::string target = "/api/v1/namespaces/../x?limit=5&labelSelector=a%3Db";
  const auto response = Send(*transport, {"PATCH", target, {{"Content-Type", "application/apply-patch+yaml"}}, std::string(100'000, 'x')});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "fine");
  const http::Request got = server.requests().at(0);
  EXPECT_EQ(got.method, "PATCH");
  EXPECT_EQ(got.target, target) << "dots are not resolved: they may be a name";
  EXPECT_EQ(got.body.size(), 100'000u);
  EXPECT_EQ(http::Find(got.headers, "Content-Type"), "application/apply-patch+yaml");
  EXPECT_EQ(http::Find(got.headers, "Authorization"), "Basic dXNlcjpwYXNz");
  EXPECT_EQ(http::Find(got.headers, "Impersonate-User"), "jane");
  EXPECT_TRUE(http::Find(got.headers, "User-Agent").starts_with("plumb/"));
  EXPECT_EQ(http::Find(got.headers, "Expect"), "");
}

TEST(CurlTransport, HandlesAreUsedAgainWithoutTracesOfTheLastRequest) {
  TestServer server(Fine);
  const auto transport = Connect(server.connection());
  (void)Send(*transport, {"POST", "/a", {{"X-Mine", "1"}}, "body"});
  (void)Send(*transport, {"GET", "/b", {}, ""});
  (void)Send(*transport, {"DELETE", "/c", {}, ""});
  (void)Send(*transport, {"DELETE", "/d", {}, "{}"});
  (void)Send(*transport, {"PUT", "/e", {}, ""});
  std::vector<std::string> seen;
  for (const http::Request& r : server.requests()) seen.push_back(r.method + " " + r.target + " " + r.body + std::string(http::Find(r.headers, "X-Mine")));
  EXPECT_THAT(seen, testing::ElementsAre("POST /a body1", "GET /b ", "DELETE /c ", "DELETE /d {}", "PUT /e "));
}

TEST(CurlTransport, NoCredentialFollowsARedirect) {
  TestServer elsewhere(Fine);
  TestServer server([&](const http::Request&, const std::shared_ptr<http::Responder>& responder) {
    responder->Send({307, {{"Location", elsewhere.connection().server + "/steal"}}, ""});
  });
  Connection connection = server.connection();
  connection.token = "secret";
  const auto response = Send(*Connect(connection), {"GET", "/", {}, ""});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 307);
  EXPECT_TRUE(elsewhere.requests().empty());
}

TEST(CurlTransport, AProxyIsUsedWhereTheKubeconfigNamesOne) {
  TestServer proxy(Fine);
  Connection connection = SandboxConnection("api.invalid:8080");
  connection.proxy_url = proxy.connection().server;
  const auto response = Send(*Connect(connection), {"GET", "/version", {}, ""});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(proxy.requests().at(0).target, "http://api.invalid:8080/version");
}

TEST(CurlTransport, PluginCredentialsAreRenewedAfter401) {
  std::string folder = (std::filesystem::temp_directory_path() / "plumb-plugin-XXXXXX").string();
  ASSERT_TRUE(mkdtemp(folder.data()));
  std::ofstream(folder + "/login") << "#!/bin/sh\necho x >> " << folder << "/runs\n"
                                   << R"(printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t%s"}}' $(wc -l < )" << folder << "/runs)\n";
  std::filesystem::permissions(folder + "/login", std::filesystem::perms::owner_all);
  TestServer server([](const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
    responder->Send({http::Find(request.headers, "Authorization") == "Bearer t2" ? 200 : 401, {}, "answer"});
  });
  Connection connection = server.connection();
  connection.exec.command = folder + "/login";
  connection.exec.api_version = "client.authentication.k8s.io/v1";
  const auto transport = Connect(connection);
  for (int i = 0; i < 2; ++i) {
    const auto response = Send(*transport, {"GET", "/", {}, ""});
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(response->status, 200);
  }
  EXPECT_EQ(server.requests().size(), 3u) << "t1 was refused once, t2 is kept";

  std::ofstream(folder + "/login") << "#!/bin/sh\necho 'log in first' >&2\nexit 1\n";
  const auto denied = Send(*Connect(connection), {"GET", "/", {}, ""});
  ASSERT_FALSE(denied.ok());
  EXPECT_EQ(denied.error().code(), Code::kDenied);
  EXPECT_THAT(denied.error().message(), HasSubstr("log in first"));
  std::filesystem::remove_all(folder);
}

// The server's side of streams: keeps responders, in order.
struct Streams {
  void Keep(const std::shared_ptr<http::Responder>& responder) {
    responder->Begin(200, {{"Content-Type", "application/json"}});
    MutexLock lock(mu);
    open.push_back(responder);
    changed.notify_all();
  }
  std::shared_ptr<http::Responder> Await(size_t count) {
    MutexLock lock(mu);
    while (open.size() < count) changed.wait(mu);
    return open[count - 1];
  }
  Mutex mu;
  CondVar changed;
  std::vector<std::shared_ptr<http::Responder>> open GUARDED_BY(mu);
};

TEST(CurlTransport, AStreamDeliversPiecesAndItsEnd) {
  Streams streams;
  TestServer server([&](const http::Request&, const std::shared_ptr<http::Responder>& responder) { streams.Keep(responder); });
  const auto transport = Connect(server.connection());
  std::promise<int> head;
  std::promise<std::string> all;
  std::string got;
  std::promise<Status> end;
  const auto stream = transport->Open({"GET", "/watch", {}, ""}, {[&](const http::Response& response) { head.set_value(response.status); },
                                                                  [&](std::string_view data) {
                                                                    got += data;
                                                                    if (got == "onetwo") all.set_value(got);
                                                                  },
                                                                  [&](Status status) { end.set_value(std::move(status)); }});
  const auto responder = streams.Await(1);
  EXPECT_EQ(head.get_future().get(), 200);
  responder->Write("one");
  responder->Write("two");
  all.get_future().wait();
  responder->End();
  EXPECT_TRUE(end.get_future().get().ok());
}

TEST(CurlTransport, ARefusedStreamGivesStatusAndReason) {
  TestServer server([](const http::Request&, const std::shared_ptr<http::Responder>& responder) { responder->Send({410, {}, "too old"}); });
  const auto transport = Connect(server.connection());
  std::string told;
  std::promise<void> end;
  const auto stream = transport->Open({"GET", "/watch", {}, ""}, {[&](const http::Response& response) { told += std::to_string(response.status); },
                                                                  [&](std::string_view data) { told += data; }, [&](Status) { end.set_value(); }});
  end.get_future().wait();
  EXPECT_EQ(told, "410too old");
}

TEST(CurlTransport, AStreamMayBeDroppedByItsOwnHandler) {
  Streams streams;
  TestServer server([&](const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
    if (request.target == "/watch") return streams.Keep(responder);
    responder->Send({200, {}, "fine"});
  });
  const auto transport = Connect(server.connection());
  std::unique_ptr<Transport::Stream> stream;
  std::promise<void> dropped;
  std::atomic<int> calls = 0;
  Mutex mu;
  {
    MutexLock lock(mu);  // the handler must not see the pointer before it is set
    stream = transport->Open({"GET", "/watch", {}, ""}, {nullptr,
                                                         [&](std::string_view) {
                                                           MutexLock wait(mu);
                                                           if (++calls == 1) {
                                                             stream.reset();
                                                             dropped.set_value();
                                                           }
                                                         },
                                                         [&](Status) { ++calls; }});
  }
  const auto responder = streams.Await(1);
  responder->Write("event");
  dropped.get_future().wait();
  for (int i = 0; i < 100 && responder->Write("more"); ++i) {}
  EXPECT_TRUE(Send(*transport, {"GET", "/", {}, ""}).ok()) << "the transport goes on";
  EXPECT_EQ(calls, 1) << "nothing is called after the drop, not even the end";
}

TEST(CurlTransport, OpenStreamsDoNotHoldUpRequests) {
  Streams streams;
  TestServer server([&](const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
    if (request.target == "/watch") return streams.Keep(responder);
    responder->Send({200, {}, "fine"});
  });
  const auto transport = Connect(server.connection(), {.in_flight = 2, .connections = 2});
  std::vector<std::unique_ptr<Transport::Stream>> open;
  for (int i = 0; i < 60; ++i) open.push_back(transport->Open({"GET", "/watch", {}, ""}, {}));
  streams.Await(60);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Send(*transport, {"GET", "/", {}, ""}).ok());
}

TEST(CurlTransport, OfThoseThatWaitWritesGoFirstAndNowAndThenARead) {
  std::promise<void> first_came, all_wait;
  std::shared_future<void> waiting = all_wait.get_future();
  TestServer server([&](const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
    if (request.target == "/first") {
      first_came.set_value();
      waiting.wait();
    }
    responder->Send({200, {}, ""});
  });
  TransportOptions options;
  options.in_flight = 1;
  options.writes_before_read = 3;
  const auto transport = Connect(server.connection(), options);
  std::latch answered(11);
  const auto send = [&](const char* method, const std::string& target) {
    transport->Send({method, target, {}, ""}, seconds(20), [&](const Result<http::Response>& response) {
      EXPECT_TRUE(response.ok());
      answered.count_down();
    });
  };
  send("GET", "/first");
  first_came.get_future().wait();
  for (int i = 0; i < 5; ++i) send("GET", "/read");
  for (int i = 0; i < 5; ++i) send("PATCH", "/write");
  EXPECT_EQ(transport->outstanding(), 11u) << "the one on the wire, and those that wait";
  all_wait.set_value();
  answered.wait();
  EXPECT_EQ(transport->outstanding(), 0u);
  std::string order;
  for (const http::Request& request : server.requests()) order += request.target == "/first" ? 'F' : request.target == "/read" ? 'r' : 'W';
  EXPECT_EQ(order, "FWWWrWWrrrr");
}

TEST(CurlTransport, AStreamMayOutliveItsTransport) {
  Streams streams;
  TestServer server([&](const http::Request&, const std::shared_ptr<http::Responder>& responder) { streams.Keep(responder); });
  std::promise<Status> end;
  std::unique_ptr<Transport::Stream> stream;
  {
    const auto transport = Connect(server.connection());
    stream = transport->Open({"GET", "/watch", {}, ""}, {nullptr, nullptr, [&](Status status) { end.set_value(std::move(status)); }});
    streams.Await(1);
  }
  EXPECT_EQ(end.get_future().get().error().code(), Code::kCancelled);
}

}  // namespace
}  // namespace plumb::kube
