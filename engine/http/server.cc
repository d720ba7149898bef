// The server: one Session for each connection, all of its state touched on its strand; other threads only append to
// its outgoing text. A read is pending while a request is handled, so that a client that went is noticed - until the
// client sends ahead: a buffer that holds anything has no read pending while busy, so it may be consumed.
#include "engine/http/server.h"

#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <atomic>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include <fmt/core.h>
#include <pthread.h>

#include "core/log.h"
#include "core/mutex.h"

namespace plumb::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using asio::ip::tcp;

constexpr size_t kReadBytes = 64u << 10;          // of one read; also what is read ahead of an answer
constexpr std::chrono::seconds kDrainTime{1};     // reading on after an error answer, so that the client sees it

class Session;

// What all connections share. Sessions keep it alive: a Responder may outlive the Server.
struct Core {
  explicit Core(ServerOptions o, Handler h) : options(std::move(o)), handler(std::move(h)), acceptor(io) {}

  const ServerOptions options;
  const Handler handler;
  asio::io_context io;
  tcp::acceptor acceptor;
  Mutex mu;
  bool stopping GUARDED_BY(mu) = false;
  std::unordered_map<Session*, std::shared_ptr<Session>> sessions GUARDED_BY(mu);
};

std::string_view View(boost::string_view text) { return {text.data(), text.size()}; }

// The status line and headers. Line breaks in a value would let it forge headers: they become spaces.
std::string Head(int status, const Headers& headers) {
  const auto reason = beast::http::obsolete_reason(beast::http::int_to_status(static_cast<unsigned>(status)));
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", status, View(reason));
  for (const auto& [name, value] : headers) {
    const size_t from = out.size();
    out += name;
    out += ": ";
    out += value;
    for (size_t i = from; i < out.size(); ++i)
      if (out[i] == '\r' || out[i] == '\n') out[i] = ' ';
    out += "\r\n";
  }
  return out;
}

bool BodyAllowed(int status) { return status >= 200 && status != 204 && status != 304; }

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Core> core, tcp::socket socket)
      : core_(std::move(core)), socket_(std::move(socket)), timer_(socket_.get_executor()) {}

  void Start() {
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
      self->NewParser();
      self->Read();
    });
  }

  // From any thread, as everything down to Closed().
  void SendWhole(Response response) {
    std::string text = Head(response.status, response.headers);
    if (BodyAllowed(response.status)) text += fmt::format("Content-Length: {}\r\n", response.body.size());
    text += keep_alive_ ? "\r\n" : "Connection: close\r\n\r\n";
    if (!is_head_ && BodyAllowed(response.status)) text += response.body;
    Append(std::move(text), true);
  }
  void BeginStream(int status, const Headers& headers) {
    std::string text = Head(status, headers);
    if (chunked_) text += "Transfer-Encoding: chunked\r\n";
    text += keep_alive_ ? "\r\n" : "Connection: close\r\n\r\n";
    Append(std::move(text), false);
  }
  bool WriteStream(std::string_view data) {
    if (closed_) return false;
    if (data.empty() || is_head_) return true;
    if (unsent_.load() + data.size() > core_->options.stream_buffer_bytes) {
      Post([](Session& s) { s.Close(); });
      closed_ = true;
      return false;
    }
    Append(chunked_ ? fmt::format("{:x}\r\n{}\r\n", data.size(), data) : std::string(data), false);
    return true;
  }
  void EndStream() { Append(chunked_ && !is_head_ ? "0\r\n\r\n" : "", true); }
  bool Closed() const { return closed_; }
  void PostClose() {
    Post([](Session& s) { s.Close(); });
  }

 private:
  using Parser = beast::http::request_parser<beast::http::string_body>;

  // Weak: a call queued after the server stopped must not keep the session alive.
  template <typename F>
  void Post(F f) {
    asio::post(socket_.get_executor(), [weak = weak_from_this(), f] {
      if (auto self = weak.lock()) f(*self);
    });
  }

  void Append(std::string text, bool last) {
    unsent_ += text.size();
    {
      MutexLock lock(mu_);
      if (pending_.empty()) pending_ = std::move(text);
      else pending_ += text;
      finished_ = finished_ || last;
      if (flush_posted_) return;
      flush_posted_ = true;
    }
    Post([](Session& s) {
      {
        MutexLock lock(s.mu_);
        s.flush_posted_ = false;
      }
      s.Flush();
    });
  }

  void NewParser() {
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(static_cast<uint32_t>(core_->options.header_bytes));
    parser_->body_limit(core_->options.body_bytes);
    continue_sent_ = false;
    Arm(core_->options.idle);
  }

  // Closes the connection unless armed again or disarmed within `after`.
  void Arm(std::chrono::steady_clock::duration after) {
    timer_.expires_after(after);
    timer_.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec) self->Close();
    });
  }

  // flat_buffer::consume() of everything moves the place where a pending read would be committed: never both at once.
  void Read() {
    if (reading_ || !socket_.is_open() || (busy_ && buffer_.size() > 0)) return;
    reading_ = true;
    socket_.async_read_some(buffer_.prepare(kReadBytes), [self = shared_from_this()](error_code ec, size_t n) {
      self->reading_ = false;
      if (ec) return self->Close();
      self->buffer_.commit(n);
      if (self->draining_) self->buffer_.consume(self->buffer_.size());
      else if (!self->busy_) self->Parse();
      self->Read();
    });
  }

  // Feeds the parser with what was read. Hands over at most one request: the next waits until this one is answered.
  void Parse() {
    while (buffer_.size() > 0) {
      error_code ec;
      const size_t used = parser_->put(buffer_.data(), ec);
      buffer_.consume(used);
      if (ec == beast::http::error::need_more) {
        ec = {};
        if (used == 0) break;
      }
      if (ec) return Refuse(ec);
      if (parser_->is_done()) return Dispatch();
    }
    if (parser_->is_header_done() && !continue_sent_ &&
        beast::iequals(parser_->get()[beast::http::field::expect], "100-continue")) {
      continue_sent_ = true;
      Append("HTTP/1.1 100 Continue\r\n\r\n", false);
    }
  }

  void Refuse(error_code ec) {
    const int status = ec == beast::http::error::body_limit ? 413 : ec == beast::http::error::header_limit ? 431 : 400;
    busy_ = true;
    draining_ = true;
    keep_alive_ = false;
    is_head_ = false;
    buffer_.consume(buffer_.size());
    SendWhole({status, {{"Content-Type", "text/plain"}}, ec.message() + "\n"});
  }

  void Dispatch();

  // Sends what is pending; when a whole answer is out, goes on to the next request.
  void Flush() {
    if (writing_ || !socket_.is_open()) return;
    bool finished = false;
    {
      MutexLock lock(mu_);
      out_.swap(pending_);
      finished = out_.empty() && finished_;
      if (finished) finished_ = false;
    }
    if (finished) return NextRequest();
    if (out_.empty()) {
      if (busy_) timer_.cancel();  // a stream may be silent for as long as it likes
      return;
    }
    writing_ = true;
    Arm(core_->options.idle);
    asio::async_write(socket_, asio::buffer(out_), [self = shared_from_this()](error_code ec, size_t) {
      self->writing_ = false;
      if (ec) return self->Close();
      self->unsent_ -= self->out_.size();
      self->out_.clear();
      self->Flush();
    });
  }

  void NextRequest() {
    if (!keep_alive_) {
      error_code ignored;
      socket_.shutdown(tcp::socket::shutdown_send, ignored);
      draining_ = true;
      buffer_.consume(buffer_.size());
      Arm(kDrainTime);
      return Read();
    }
    busy_ = false;
    NewParser();
    Parse();
    Read();
  }

  void Close() {
    closed_ = true;
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
    MutexLock lock(core_->mu);
    core_->sessions.erase(this);
  }

  const std::shared_ptr<Core> core_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::string out_;  // being written
  bool reading_ = false, writing_ = false, busy_ = false, draining_ = false, continue_sent_ = false;
  // Set before the handler is called, constant until the answer ended: read by the answering thread.
  bool keep_alive_ = true, is_head_ = false, chunked_ = true;
  std::atomic<bool> closed_ = false;
  std::atomic<size_t> unsent_ = 0;
  Mutex mu_;
  std::string pending_ GUARDED_BY(mu_);
  bool finished_ GUARDED_BY(mu_) = false, flush_posted_ GUARDED_BY(mu_) = false;
};

class SessionResponder final : public Responder {
 public:
  explicit SessionResponder(std::shared_ptr<Session> session) : session_(std::move(session)) {}
  ~SessionResponder() override {
    if (state_ == State::kFresh) Send({500, {{"Content-Type", "text/plain"}}, "the request was dropped\n"});
    if (state_ == State::kStreaming) session_->PostClose();  // an unfinished stream must not look whole
  }
  void Send(Response response) override {
    if (Enter(State::kFresh, State::kDone)) session_->SendWhole(std::move(response));
  }
  void Begin(int status, Headers headers) override {
    if (Enter(State::kFresh, State::kStreaming)) session_->BeginStream(status, headers);
  }
  bool Write(std::string_view data) override { return state_ == State::kStreaming && session_->WriteStream(data); }
  void End() override {
    if (Enter(State::kStreaming, State::kDone)) session_->EndStream();
  }
  bool Gone() const override { return session_->Closed(); }

 private:
  enum class State { kFresh, kStreaming, kDone };
  bool Enter(State from, State to) { return state_.compare_exchange_strong(from, to); }

  const std::shared_ptr<Session> session_;
  std::atomic<State> state_ = State::kFresh;
};

void Session::Dispatch() {
  auto message = parser_->release();
  busy_ = true;
  keep_alive_ = message.keep_alive();
  is_head_ = message.method() == beast::http::verb::head;
  chunked_ = message.version() >= 11;
  if (!chunked_) keep_alive_ = false;
  timer_.cancel();
  Request request{std::string(View(message.method_string())), std::string(View(message.target())), {}, std::move(message.body())};
  for (const auto& field : message) request.headers.emplace_back(View(field.name_string()), View(field.value()));
  auto responder = std::make_shared<SessionResponder>(shared_from_this());
  try {
    core_->handler(std::move(request), responder);
  } catch (const std::exception& e) {
    log::Error("request handler failed", {{"error", e.what()}});
  }
}

class BeastServer final : public Server {
 public:
  explicit BeastServer(std::shared_ptr<Core> core) : core_(std::move(core)), port_(core_->acceptor.local_endpoint().port()) {
    Accept(core_);
    for (int i = 0; i < std::max(1, core_->options.threads); ++i)
      threads_.emplace_back([core = core_] {
        pthread_setname_np(pthread_self(), "http-server");
        core->io.run();
      });
  }
  ~BeastServer() override { Stop(); }
  uint16_t port() const override { return port_; }

  void Stop() override {
    if (threads_.empty()) return;  // stopped before: nobody would run what is posted
    std::unordered_map<Session*, std::shared_ptr<Session>> sessions;
    {
      MutexLock lock(core_->mu);
      core_->stopping = true;
      sessions = core_->sessions;
    }
    asio::post(core_->io, [core = core_] {
      error_code ignored;
      core->acceptor.close(ignored);
    });
    for (auto& [_, session] : sessions) session->PostClose();
    sessions.clear();
    threads_.clear();  // joins: with no connection and no acceptor, the loops run dry
  }

 private:
  static void Accept(const std::shared_ptr<Core>& core) {
    core->acceptor.async_accept(asio::make_strand(core->io), [core](error_code ec, tcp::socket socket) {
      if (ec == asio::error::operation_aborted || !core->acceptor.is_open()) return;
      if (!ec) Admit(core, std::move(socket));
      Accept(core);
    });
  }

  static void Admit(const std::shared_ptr<Core>& core, tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto session = std::make_shared<Session>(core, std::move(socket));
    {
      MutexLock lock(core->mu);
      if (core->stopping || core->sessions.size() >= core->options.connections) return;  // closed by its destructor
      core->sessions.emplace(session.get(), session);
    }
    session->Start();
  }

  const std::shared_ptr<Core> core_;
  const uint16_t port_;
  std::vector<std::jthread> threads_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(ServerOptions options, Handler handler) {
  error_code ec;
  const auto address = asio::ip::make_address(options.address, ec);
  if (ec) return Invalid(fmt::format("listen on '{}': not an IP address", options.address));
  const tcp::endpoint endpoint(address, options.port);
  auto core = std::make_shared<Core>(std::move(options), std::move(handler));
  auto check = [&]() -> Status {
    if (!ec) return Ok();
    return Unavailable(fmt::format("listen on '{}:{}': {}", core->options.address, core->options.port, ec.message()));
  };
  core->acceptor.open(endpoint.protocol(), ec);
  PLUMB_OK(check());
  core->acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  PLUMB_OK(check());
  core->acceptor.bind(endpoint, ec);
  PLUMB_OK(check());
  core->acceptor.listen(asio::socket_base::max_listen_connections, ec);
  PLUMB_OK(check());
  return std::unique_ptr<Server>(std::make_unique<BeastServer>(std::move(core)));
}

}  // namespace plumb::http
