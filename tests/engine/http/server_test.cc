// The server over real loopback sockets: keep-alive, limits, streams, and a clean stop.
#include "engine/http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include <fmt/core.h>

namespace plumb::http {
namespace {

// A client that sends bytes as given: tests need broken ones too.
class Client {
 public:
  explicit Client(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    timeval limit{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Client() { close(fd_); }
  void Send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      text.remove_prefix(static_cast<size_t>(n));
    }
  }
  // Reads until `until` was seen; with "" until the server closes.
  std::string Read(std::string_view until) {
    std::string got;
    char buffer[4096];
    while (until.empty() || got.find(until) == std::string::npos) {
      const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
      if (n <= 0) break;
      got.append(buffer, static_cast<size_t>(n));
    }
    return got;
  }
  bool connected() const { return connected_; }

 private:
  int fd_;
  bool connected_ = false;
};

std::unique_ptr<Server> Serve(Handler handler, ServerOptions options = {}) {
  auto server = Server::Start(options, std::move(handler));
  EXPECT_TRUE(server.ok());
  return *std::move(server);
}

void Echo(Request request, std::shared_ptr<Responder> responder) {
  responder->Send({200, {{"Content-Type", "text/plain"}}, request.method + " " + request.target + " " + request.body});
}

TEST(Server, AnswersTwoRequestsOnOneConnection) {
  auto server = Serve(Echo);
  Client client(server->port());
  client.Send("POST /a?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none");
  EXPECT_NE(client.Read("one").find("POST /a?x=1 one"), std::string::npos);
  client.Send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(client.Read("/b ").find("HTTP/1.1 200 OK"), std::string::npos);
}

// Requests that arrive in pieces of their own while an earlier one is handled: what a client does that has its answer
// before the server saw that its write ended.
TEST(Server, RequestsSentAheadInPiecesKeepTheirBytes) {
  std::mutex mu;
  std::vector<std::pair<std::string, std::shared_ptr<Responder>>> held;
  auto server = Serve([&](Request request, std::shared_ptr<Responder> responder) {
    std::lock_guard lock(mu);
    held.emplace_back(request.method + " " + request.target + " " + request.body + ";", std::move(responder));
  });
  Client client(server->port());
  auto answer_next = [&] {
    std::pair<std::string, std::shared_ptr<Responder>> next;
    while (!next.second) {
      std::lock_guard lock(mu);
      if (!held.empty()) next = std::move(held.front()), held.erase(held.begin());
      else std::this_thread::yield();
    }
    next.second->Send({200, {}, next.first});
    return next.first;
  };
  const auto piece = [] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); };
  for (int round = 0; round < 20; ++round) {
    const std::string a = fmt::format("/a{}", round), b = fmt::format("/bbbbbb{}", round), c = fmt::format("/c{}", round);
    client.Send(fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", a));
    piece();
    client.Send(fmt::format("DELETE {} HTTP/1.1\r\nHost: h\r\n\r\n", b));
    piece();
    client.Send(fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbo", c));
    piece();
    EXPECT_EQ(answer_next(), fmt::format("GET {} ;", a));
    EXPECT_EQ(answer_next(), fmt::format("DELETE {} ;", b));
    client.Send("dy");
    EXPECT_EQ(answer_next(), fmt::format("POST {} body;", c));
    client.Read("body;");
  }
}

TEST(Server, PipelinedRequestsAreAnsweredInOrder) {
  auto server = Serve(Echo);
  Client client(server->port());
  client.Send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nGET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string all = client.Read("");
  EXPECT_LT(all.find("GET /1"), all.find("GET /2"));
  EXPECT_LT(all.find("GET /2"), all.find("GET /3"));
  EXPECT_NE(all.find("GET /3"), std::string::npos);
}

TEST(Server, RefusesWhatPassesItsLimits) {
  auto server = Serve(Echo, {.body_bytes = 100, .header_bytes = 1000});
  const struct { std::string request, want; } kCases[] = {
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n", "413 Payload Too Large"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x') + "\r\n0\r\n\r\n", "413"},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(2000, 'x') + "\r\n\r\n", "431"},
      {"GET /" + std::string(3000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", "431"},
      {"this is not http\r\n\r\n", "400 Bad Request"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "400"},
  };
  for (const auto& c : kCases) {
    Client client(server->port());
    client.Send(c.request);
    EXPECT_NE(client.Read("").find(c.want), std::string::npos) << c.request.substr(0, 80);
  }
}

TEST(Server, SilentClientIsCutAfterTheIdleTime) {
  auto server = Serve(Echo, {.idle = std::chrono::seconds(1)});
  Client client(server->port());
  client.Send("GET / HTTP/1.1\r\nHo");
  EXPECT_EQ(client.Read(""), "");
}

TEST(Server, ExpectContinueIsAnsweredBeforeTheBody) {
  auto server = Serve(Echo);
  Client client(server->port());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Read("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ok");
  EXPECT_NE(client.Read("POST / ok").find("200"), std::string::npos);
}

TEST(Server, HeadHasNoBodyAndHeaderValuesCannotForgeHeaders) {
  auto server = Serve([](Request, std::shared_ptr<Responder> r) { r->Send({200, {{"X", "a\r\nEvil: 1"}}, "body"}); });
  Client client(server->port());
  client.Send("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string all = client.Read("");
  EXPECT_NE(all.find("Content-Length: 4\r\n"), std::string::npos);
  EXPECT_TRUE(all.ends_with("\r\n\r\n")) << all;
  EXPECT_EQ(all.find("\r\nEvil"), std::string::npos) << all;
}

TEST(Server, StreamsChunksAndKeepsTheConnection) {
  auto server = Serve([](Request request, std::shared_ptr<Responder> r) {
    if (request.target != "/stream") return Echo(std::move(request), r);
    r->Begin(200, {{"Content-Type", "application/json"}});
    EXPECT_TRUE(r->Write("hello"));
    EXPECT_TRUE(r->Write("world!"));
    r->End();
  });
  Client client(server->port());
  client.Send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.Read("0\r\n\r\n").ends_with("5\r\nhello\r\n6\r\nworld!\r\n0\r\n\r\n"));
  client.Send("GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(client.Read("/next").find("200 OK"), std::string::npos);
}

TEST(Server, StreamToASlowClientIsCutAtItsBound) {
  std::promise<size_t> written;
  auto server = Serve(
      [&](Request, std::shared_ptr<Responder> r) {
        r->Begin(200, {});
        const std::string block(64 << 10, 'x');
        size_t n = 0;
        while (r->Write(block)) n += block.size();
        EXPECT_TRUE(r->Gone());
        written.set_value(n);
      },
      {.stream_buffer_bytes = 1u << 20});
  Client client(server->port());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_LE(written.get_future().get(), 32u << 20) << "one mebibyte of ours, and what the kernel takes";
}

TEST(Server, StreamSeesThatTheClientWent) {
  std::promise<std::shared_ptr<Responder>> got;
  auto server = Serve([&](Request, std::shared_ptr<Responder> r) {
    r->Begin(200, {});
    got.set_value(r);
  });
  std::shared_ptr<Responder> responder;
  {
    Client client(server->port());
    client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    responder = got.get_future().get();
    EXPECT_FALSE(responder->Gone());
  }
  while (!responder->Gone()) std::this_thread::yield();
  EXPECT_FALSE(responder->Write("x"));
}

TEST(Server, DroppedRequestAnswers500) {
  auto server = Serve([](Request, std::shared_ptr<Responder>) {});
  Client client(server->port());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_NE(client.Read("").find("500 Internal Server Error"), std::string::npos);
}

TEST(Server, TooManyConnectionsAreRefused) {
  auto server = Serve(Echo, {.connections = 1});
  Client first(server->port());
  first.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  first.Read("GET /");
  Client second(server->port());
  second.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(second.Read(""), "");
}

TEST(Server, StopEndsStreamsAndAResponderMayOutliveIt) {
  std::promise<std::shared_ptr<Responder>> got;
  auto server = Serve([&](Request, std::shared_ptr<Responder> r) { got.set_value(r); });
  Client client(server->port());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  auto responder = got.get_future().get();
  server->Stop();
  server.reset();
  EXPECT_TRUE(responder->Gone());
  responder->Begin(200, {});
  EXPECT_FALSE(responder->Write("x"));
  EXPECT_EQ(client.Read(""), "");
}

TEST(Server, AddressInUseAndBadAddressAreSaid) {
  auto server = Serve(Echo);
  auto again = Server::Start({.port = server->port()}, Echo);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), Code::kUnavailable);
  EXPECT_NE(again.error().message().find(std::to_string(server->port())), std::string::npos);
  auto bad = Server::Start({.address = "nowhere"}, Echo);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code(), Code::kInvalid);
}

}  // namespace
}  // namespace plumb::http
