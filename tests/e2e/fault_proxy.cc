#include "tests/e2e/fault_proxy.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

namespace plumb::e2e {

namespace {

constexpr int kPollMs = 20;  // how soon a change of faults, and the end, is noticed

class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }
  bool Send(std::string_view data) const {
    while (!data.empty()) {
      const ssize_t n = send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      data.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  // "" at the end of the connection.
  std::string Receive() const {
    char buffer[65536];
    const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : std::string();
  }

 private:
  int fd_;
};

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// The length of the first whole HTTP/1.1 request in `bytes`, body included; nullopt where it is not all there.
std::optional<size_t> WholeRequest(std::string_view bytes) {
  const size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return std::nullopt;
  std::string lower(bytes.substr(0, head));
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  size_t body = 0;
  if (const size_t at = lower.find("\r\ncontent-length:"); at != std::string::npos) body = std::strtoul(lower.c_str() + at + 17, nullptr, 10);
  return bytes.size() >= head + 4 + body ? std::optional(head + 4 + body) : std::nullopt;
}

std::string Answer(int status, std::string_view reason, std::string_view more_headers) {
  const std::string body = fmt::format(R"({{"kind":"Status","apiVersion":"v1","status":"Failure","message":"injected","reason":"{}","code":{}}})", reason, status);
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{}", status, reason, more_headers, body.size(), body);
}

}  // namespace

std::string TooManyRequests(int retry_after_seconds) { return Answer(429, "TooManyRequests", fmt::format("Retry-After: {}\r\n", retry_after_seconds)); }

std::string ServerError(int status) { return Answer(status, status == 503 ? "ServiceUnavailable" : status == 504 ? "Timeout" : "InternalError", ""); }

// One client and its connection to the server.
struct FaultProxy::Line {
  Socket client, server;
  bool http = true;     // requests can be read
  bool watch = false;   // the request on its way is a watch
  std::string asked{};  // of a request that is not all there yet
};

FaultProxy::FaultProxy(uint16_t port, unsigned seed) : target_(port), random_(seed) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 128) != 0) return;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { Accept(); });
}

FaultProxy::~FaultProxy() {
  closing_ = true;
  if (acceptor_.joinable()) acceptor_.join();
  threads_.clear();
  close(listener_);
}

void FaultProxy::Set(Faults faults) {
  std::lock_guard lock(mu_);
  faults_ = std::move(faults);
}

FaultProxy::Faults FaultProxy::Current() {
  std::lock_guard lock(mu_);
  return faults_;
}

bool FaultProxy::Chance(int percent) {
  std::lock_guard lock(mu_);
  return std::uniform_int_distribution<int>(0, 99)(random_) < percent;
}

void FaultProxy::Accept() {
  while (!closing_) {
    pollfd wait{listener_, POLLIN, 0};
    if (poll(&wait, 1, kPollMs) <= 0) continue;
    Socket client(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (client.fd() < 0) continue;
    threads_.emplace_back([this, client = std::move(client)]() mutable {
      Socket server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const sockaddr_in address = Loopback(target_);
      const int on = 1;
      setsockopt(client.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      setsockopt(server.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (connect(server.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;  // the client sees its end
      Line line{std::move(client), std::move(server)};
      Serve(line);
    });
  }
}

void FaultProxy::Serve(Line& line) {
  while (!closing_) {
    const bool held = line.watch && Current().stall_watches;
    pollfd wait[2] = {{line.client.fd(), POLLIN, 0}, {line.server.fd(), static_cast<short>(held ? 0 : POLLIN), 0}};
    if (poll(wait, 2, kPollMs) < 0) return;
    if (held) ++faults_done_;
    if (wait[0].revents != 0 && !FromClient(line)) return;
    if (!held && wait[1].revents != 0 && !FromServer(line)) return;
  }
}

bool FaultProxy::FromClient(Line& line) {
  const std::string piece = line.client.Receive();
  if (piece.empty()) return false;
  if (line.asked.empty() && !piece.empty() && !std::isupper(static_cast<unsigned char>(piece[0]))) line.http = false;  // TLS
  if (!line.http) return line.server.Send(piece);
  line.asked += piece;
  while (const auto length = WholeRequest(line.asked)) {
    const std::string request = line.asked.substr(0, *length);
    line.asked.erase(0, *length);
    const std::string target = request.substr(0, request.find("\r\n"));
    line.watch = target.find("watch=") != std::string::npos;
    const Faults faults = Current();
    const bool refused = faults.refuse_percent > 0 && Chance(faults.refuse_percent);
    if (refused) ++faults_done_;
    if (!(refused ? line.client.Send(faults.refuse_with) : line.server.Send(request))) return false;
  }
  return true;
}

bool FaultProxy::FromServer(Line& line) {
  const std::string piece = line.server.Receive();
  if (piece.empty()) return false;
  const Faults faults = Current();
  if (faults.cut_percent == 0 || !Chance(faults.cut_percent)) return line.client.Send(piece);
  ++faults_done_;
  line.client.Send(std::string_view(piece).substr(0, piece.size() / 2));
  return false;
}

}  // namespace plumb::e2e
