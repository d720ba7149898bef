#include "engine/kube/curl_transport.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <thread>
#include <unordered_map>

#include "engine/kube/credentials.h"
#include "engine/kube/curl_exchange.h"
#include "engine/kube/curl_loop.h"

namespace plumb::kube {

using ExchangePtr = std::shared_ptr<Exchange>;

namespace {

constexpr size_t kIdleHandles = 4;  // of each lane; each keeps its buffers, 32 KB, and a new one costs microseconds

// What other threads hand to the I/O thread. Outlives the transport where a Stream does.
class Inbox {
 public:
  struct Orders {
    std::vector<ExchangePtr> fresh, dropped;
    std::optional<Result<CredentialPtr>> refreshed;
    bool closing = false;
  };

  Inbox(CurlLoop& loop, size_t bound) : loop_(&loop), bound_(bound) {}

  // The reason why not, or nothing.
  std::optional<Error> Submit(const ExchangePtr& exchange) {
    MutexLock lock(mu_);
    if (orders_.closing) return Cancelled("the connection is closing");
    if (!exchange->is_stream() && ++requests_ > bound_) {
      --requests_;
      return LimitExceeded(fmt::format("{} requests wait to be sent; the bound is 'queued'", bound_));
    }
    orders_.fresh.push_back(exchange);
    loop_->Wake();
    return std::nullopt;
  }

  void Drop(ExchangePtr exchange) {
    MutexLock lock(mu_);
    if (orders_.closing) return;
    orders_.dropped.push_back(std::move(exchange));
    loop_->Wake();
  }

  void Refreshed(Result<CredentialPtr> credential) {
    MutexLock lock(mu_);
    orders_.refreshed = std::move(credential);
    if (!orders_.closing) loop_->Wake();
  }

  void Close() {
    MutexLock lock(mu_);
    orders_.closing = true;
    loop_->Wake();
  }

  Orders Take() {
    MutexLock lock(mu_);
    Orders taken = std::exchange(orders_, {});
    orders_.closing = taken.closing;
    return taken;
  }

  size_t requests() const {
    MutexLock lock(mu_);
    return requests_;
  }

  void RequestsDone(size_t count) {
    MutexLock lock(mu_);
    requests_ -= count;
  }

 private:
  mutable Mutex mu_;
  CurlLoop* const loop_;  // touched only while not closing
  const size_t bound_;
  Orders orders_ GUARDED_BY(mu_);
  size_t requests_ GUARDED_BY(mu_) = 0;  // submitted and not done
};

// Dropping it silences the handler, then lets the I/O thread take the stream off the wire.
class CurlStream final : public Transport::Stream {
 public:
  CurlStream(ExchangePtr exchange, std::shared_ptr<Inbox> inbox) : exchange_(std::move(exchange)), inbox_(std::move(inbox)) {}
  ~CurlStream() override {
    exchange_->Silence();
    inbox_->Drop(std::move(exchange_));
  }

 private:
  ExchangePtr exchange_;
  std::shared_ptr<Inbox> inbox_;
};

}  // namespace

// An exchange (a request or a stream) goes: inbox -> waiting (for a slot, or for credentials) -> running -> done.
// Everything but the inbox belongs to the I/O thread alone, so that no callback runs under a lock.
class CurlTransport::Impl {
 public:
  Impl(Connection connection, TransportOptions options, Clock& clock)
      : connection_(std::move(connection)), options_(std::move(options)), credentials_(connection_, clock),
        loop_([this](CURL* easy, CURLcode code) { Finish(easy, code); }),
        inbox_(std::make_shared<Inbox>(loop_, options_.queued)),
        protocol_(connection_.server.starts_with("https://") ? Protocol::kUnknown : Protocol::kHttp1) {
    CURLM* requests = loop_.multi(CurlLoop::kRequests);
    curl_multi_setopt(requests, CURLMOPT_MAX_CONCURRENT_STREAMS, static_cast<long>(options_.streams_per_connection));
    curl_multi_setopt(requests, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options_.connections));
    thread_ = std::jthread([this] { Run(); });
  }

  ~Impl() {
    inbox_->Close();
    thread_.join();
  }

  const Connection& connection() const { return connection_; }
  const std::shared_ptr<Inbox>& inbox() const { return inbox_; }

 private:
  // Where HTTP/2 is spoken, requests wait for a connection to share (CURLOPT_PIPEWAIT). On HTTP/1.1 those that wait would
  // do so until another transfer ends, and a watch does not end. So the first exchange goes alone and tells.
  enum class Protocol : uint8_t { kUnknown, kHttp1, kHttp2 };

  // Those that wait, by what they are. A read may wait for a write, as the writes are what brings the cluster to its state.
  enum Queue : size_t { kStreams, kWrites, kReads, kQueues };
  std::deque<ExchangePtr>& waiting(const ExchangePtr& exchange) {
    return waiting_[exchange->is_stream() ? kStreams : exchange->writes() ? kWrites : kReads];
  }

  // The queue whose turn it is: writes first, but every so often a read.
  std::deque<ExchangePtr>* Next() {
    if (!waiting_[kStreams].empty()) return &waiting_[kStreams];
    if (requests_running_ >= options_.in_flight) return nullptr;
    auto &writes = waiting_[kWrites], &reads = waiting_[kReads];
    if (writes.empty() && reads.empty()) return nullptr;
    const bool read = writes.empty() || (!reads.empty() && writes_in_a_row_ >= options_.writes_before_read);
    writes_in_a_row_ = read || reads.empty() ? 0 : writes_in_a_row_ + 1;
    return read ? &reads : &writes;
  }

  void Run() {
    while (TakeOrders()) {
      StartWaiting();
      loop_.RunOnce();
      if (protocol_ == Protocol::kUnknown)
        for (const auto& [easy, exchange] : running_) Learn(*exchange);
    }
    refresher_.request_stop();
    if (refresher_.joinable()) refresher_.join();
    // Callbacks may still submit: the inbox refuses, now that it is closing.
    for (auto& [easy, exchange] : running_) {
      loop_.Cancel(exchange->lane(), easy);
      waiting(exchange).push_back(exchange);
    }
    running_.clear();
    FailWaiting(Cancelled("the connection is closing"));
    idle_ = {};
  }

  // False when closing.
  bool TakeOrders() {
    Inbox::Orders orders = inbox_->Take();
    for (ExchangePtr& exchange : orders.fresh) waiting(exchange).push_back(std::move(exchange));
    if (orders.refreshed) {
      refresher_.join();
      if (!orders.refreshed->ok()) FailWaiting(orders.refreshed->error());
    }
    for (const ExchangePtr& exchange : orders.dropped) {
      std::erase(waiting(exchange), exchange);
      if (!exchange->easy() || running_.erase(exchange->easy()) == 0) continue;
      loop_.Cancel(exchange->lane(), exchange->easy());
      Recycle(*exchange);
    }
    return !orders.closing;
  }

  void Learn(const Exchange& exchange) {
    if (exchange.answered()) protocol_ = exchange.http2() ? Protocol::kHttp2 : Protocol::kHttp1;
  }

  void StartWaiting() {
    while (protocol_ != Protocol::kUnknown || running_.empty()) {
      if (std::ranges::all_of(waiting_, [](const auto& queue) { return queue.empty(); })) return;
      CredentialPtr credential = credentials_.Cached();
      if (!credential) return RefreshCredentials();
      auto* queue = Next();
      if (!queue) return;
      ExchangePtr exchange = std::move(queue->front());
      queue->pop_front();
      Start(std::move(exchange), std::move(credential));
    }
  }

  void Start(ExchangePtr exchange, CredentialPtr credential) {
    auto& idle = idle_[exchange->lane()];
    EasyHandle easy;
    if (idle.empty()) {
      easy = NewEasyHandle(connection_, options_);
    } else {
      easy = std::move(idle.back());
      idle.pop_back();
    }
    CURL* const handle = easy.get();
    exchange->Prepare(std::move(easy), std::move(credential), connection_, options_, protocol_ == Protocol::kHttp2);
    if (!exchange->is_stream()) ++requests_running_;
    const CurlLoop::Lane lane = exchange->lane();
    running_.emplace(handle, std::move(exchange));
    loop_.Start(lane, handle);
  }

  void Finish(CURL* easy, CURLcode code) {
    const auto found = running_.find(easy);
    if (found == running_.end()) return;
    ExchangePtr exchange = std::move(found->second);
    running_.erase(found);
    if (!exchange->is_stream()) --requests_running_;
    Status outcome = exchange->Outcome(code, connection_);
    Learn(*exchange);
    if (protocol_ == Protocol::kUnknown) protocol_ = Protocol::kHttp1;  // no server there: the others need not queue up to see
    Recycle(*exchange);
    if (outcome.ok() && exchange->status() == 401 && credentials_.Rejected(exchange->credential()) && exchange->MayRepeat()) {
      waiting(exchange).push_front(std::move(exchange));  // once more, with fresh credentials
      return;
    }
    if (!exchange->is_stream()) inbox_->RequestsDone(1);
    exchange->End(std::move(outcome));
  }

  void Recycle(Exchange& exchange) {
    auto& idle = idle_[exchange.lane()];
    EasyHandle easy = exchange.TakeEasy();
    if (idle.size() < kIdleHandles) idle.push_back(std::move(easy));
  }

  void RefreshCredentials() {
    if (refresher_.joinable()) return;  // one is on its way
    refresher_ = std::jthread([this](const std::stop_token& stop) { inbox_->Refreshed(credentials_.Refresh(stop)); });
  }

  void FailWaiting(const Error& error) {
    for (auto& queue : waiting_) {
      const std::deque<ExchangePtr> failed = std::exchange(queue, {});
      if (!failed.empty() && !failed.front()->is_stream()) inbox_->RequestsDone(failed.size());
      for (const ExchangePtr& exchange : failed) exchange->End(error);
    }
  }

  const Connection connection_;
  const TransportOptions options_;
  Credentials credentials_;
  CurlLoop loop_;
  const std::shared_ptr<Inbox> inbox_;

  std::array<std::deque<ExchangePtr>, kQueues> waiting_;
  size_t writes_in_a_row_ = 0;  // while reads waited
  std::unordered_map<CURL*, ExchangePtr> running_;
  size_t requests_running_ = 0;
  Protocol protocol_;
  std::array<std::vector<EasyHandle>, CurlLoop::kLanes> idle_;
  std::jthread refresher_;  // reads a token file or runs a plugin, while requests wait
  std::jthread thread_;
};

CurlTransport::CurlTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlTransport::~CurlTransport() = default;

Result<std::unique_ptr<CurlTransport>> CurlTransport::Create(Connection connection, TransportOptions options, Clock& clock) {
  while (connection.server.ends_with('/')) connection.server.pop_back();
  if (!connection.server.starts_with("https://") && !connection.server.starts_with("http://"))
    return Invalid(fmt::format("server '{}' is not an http:// or https:// address", connection.server));
  if (options.user_agent.empty()) options.user_agent = "plumb/" PLUMB_VERSION;
  return std::unique_ptr<CurlTransport>(new CurlTransport(std::make_unique<Impl>(std::move(connection), std::move(options), clock)));
}

void CurlTransport::Send(http::Request request, std::chrono::milliseconds timeout, Done done) {
  const auto exchange = std::make_shared<Exchange>(std::move(request), timeout, std::move(done));
  if (auto refused = impl_->inbox()->Submit(exchange)) exchange->End(std::move(*refused));
}

std::unique_ptr<Transport::Stream> CurlTransport::Open(http::Request request, StreamHandler handler) {
  const auto exchange = std::make_shared<Exchange>(std::move(request), std::move(handler));
  auto stream = std::make_unique<CurlStream>(exchange, impl_->inbox());
  if (auto refused = impl_->inbox()->Submit(exchange)) exchange->End(std::move(*refused));
  return stream;
}

size_t CurlTransport::outstanding() const { return impl_->inbox()->requests(); }

const Connection& CurlTransport::connection() const { return impl_->connection(); }

}  // namespace plumb::kube
