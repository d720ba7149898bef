#include "engine/kube/curl_exchange.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <charconv>

namespace plumb::kube {
namespace {

// A peer that vanished without a word is noticed within about 30 s: nothing else would end a quiet watch.
int OnNewSocket(void*, curl_socket_t socket, curlsocktype) {
  const int probes = 3;
  const unsigned unacknowledged_ms = 30'000;
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof(unacknowledged_ms));
  return CURL_SOCKOPT_OK;
}

void SetBlob(CURL* easy, CURLoption option, const std::string& bytes) {
  curl_blob blob{const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_COPY};
  curl_easy_setopt(easy, option, &blob);
}

void SetClientCertificate(CURL* easy, const std::string& cert, const std::string& key) {
  SetBlob(easy, CURLOPT_SSLCERT_BLOB, cert);
  SetBlob(easy, CURLOPT_SSLKEY_BLOB, key);
  curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
  curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
}

// "https://host:6443/prefix" taken apart; brackets of an IPv6 address stay with the host.
struct Url {
  std::string_view scheme, host, port, path;
};

Url Split(std::string_view url) {
  Url out;
  const size_t after = std::min(url.find("://") + 3, url.size());
  out.scheme = url.substr(0, after);
  url.remove_prefix(after);
  out.path = url.substr(std::min(url.find('/'), url.size()));
  url.remove_suffix(out.path.size());
  const size_t colon = url.find(':', url.starts_with('[') ? std::min(url.find(']'), url.size()) : 0);
  out.host = url.substr(0, colon);
  out.port = colon == std::string_view::npos ? (out.scheme == "https://" ? "443" : "80") : url.substr(colon + 1);
  return out;
}

bool IsLoopback(std::string_view host) { return host == "localhost" || host == "[::1]" || host.starts_with("127."); }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r' || text.back() == '\n' || text.back() == '\t')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

}  // namespace

EasyHandle NewEasyHandle(const Connection& connection, const TransportOptions& options) {
  EasyHandle handle(curl_easy_init());
  if (!handle) throw std::bad_alloc();
  CURL* easy = handle.get();
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);  // an object named ".." must not reach its parent
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 15L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &OnNewSocket);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 16L << 10);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16L << 10);

  const bool loopback = IsLoopback(Split(connection.server).host);
  // Loopback is as fast as memory: there gzip only costs both sides time. Go's clients never proxy loopback either.
  if (connection.compression && !loopback) curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  if (!connection.proxy_url.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY, connection.proxy_url.c_str());
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  } else if (loopback) {
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  }

  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, connection.insecure ? 0L : 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, connection.insecure ? 0L : 2L);
  if (!connection.ca_pem.empty()) {
    SetBlob(easy, CURLOPT_CAINFO_BLOB, connection.ca_pem);
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);  // only this authority, not the system's as well
  }
  if (!connection.client_cert_pem.empty()) SetClientCertificate(easy, connection.client_cert_pem, connection.client_key_pem);
  return handle;
}

Exchange::Exchange(http::Request request, std::chrono::milliseconds timeout, Transport::Done done)
    : lane_(CurlLoop::kRequests), request_(std::move(request)), timeout_(timeout), done_(std::move(done)) {}

Exchange::Exchange(http::Request request, StreamHandler handler)
    : lane_(CurlLoop::kStreams), request_(std::move(request)), handler_(std::move(handler)) {}

void Exchange::Prepare(EasyHandle handle, CredentialPtr credential, const Connection& connection, const TransportOptions& options, bool share) {
  easy_ = std::move(handle);
  credential_ = std::move(credential);
  response_ = {};
  error_[0] = '\0';
  head_done_ = over_bound_ = answered_ = http2_ = false;
  body_bound_ = options.body_bytes;
  CURL* easy = easy_.get();

  headers_.reset();
  for (const auto& [name, value] : request_.headers) Append(headers_, name + ": " + value);
  for (const auto& [name, value] : connection.impersonate) Append(headers_, name + ": " + value);
  if (!credential_->authorization.empty()) Append(headers_, "Authorization: " + credential_->authorization);
  Append(headers_, "Expect:");  // curl's 100-continue costs a round trip and servers answer it late
  if (!credential_->cert_pem.empty()) SetClientCertificate(easy, credential_->cert_pem, credential_->key_pem);

  std::string url = connection.server + request_.target;
  if (!connection.tls_server_name.empty()) {
    // curl checks the certificate against the URL's host: name the one and connect to the other.
    const Url server = Split(connection.server);
    url = fmt::format("{}{}:{}{}{}", server.scheme, connection.tls_server_name, server.port, server.path, request_.target);
    connect_to_.reset();
    Append(connect_to_, fmt::format("::{}:{}", server.host, server.port));
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to_.get());
  }
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  if (request_.body.empty() && request_.method != "POST" && request_.method != "PUT" && request_.method != "PATCH") {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());  // not copied: request_ outlives the transfer
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  }
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, share ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count()));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_.data());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
}

EasyHandle Exchange::TakeEasy() {
  if (easy_) {
    curl_easy_setopt(easy_.get(), CURLOPT_ERRORBUFFER, nullptr);
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, nullptr);
    curl_easy_setopt(easy_.get(), CURLOPT_CONNECT_TO, nullptr);
    curl_easy_setopt(easy_.get(), CURLOPT_POSTFIELDS, nullptr);
  }
  return std::move(easy_);
}

size_t Exchange::OnHeader(char* data, size_t size, size_t count, void* exchange) {
  static_cast<Exchange*>(exchange)->Header({data, size * count});
  return size * count;
}

size_t Exchange::OnBody(char* data, size_t size, size_t count, void* exchange) {
  // Any other number than was given ends the transfer with CURLE_WRITE_ERROR.
  return static_cast<Exchange*>(exchange)->Body({data, size * count}) ? size * count : 0;
}

void Exchange::Header(std::string_view line) {
  if (head_done_) return;  // trailers
  line = Trimmed(line);
  if (line.empty()) {
    head_done_ = response_.status >= 200;  // 1xx: the real head is still to come
    if (head_done_ && PassesOn()) Handle([&](StreamHandler& h) { if (h.on_head) h.on_head(response_); });
    return;
  }
  if (line.starts_with("HTTP/")) {
    response_ = {};
    answered_ = true;
    http2_ = line.starts_with("HTTP/2");
    const size_t space = std::min(line.find(' ') + 1, line.size());
    std::from_chars(line.data() + space, line.data() + line.size(), response_.status);
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  response_.headers.emplace_back(line.substr(0, colon), Trimmed(line.substr(colon + 1)));
}

bool Exchange::Body(std::string_view data) {
  if (PassesOn()) {
    Handle([&](StreamHandler& h) { if (h.on_data) h.on_data(data); });
    return !silenced_;
  }
  if (response_.body.size() + data.size() > body_bound_) {
    over_bound_ = true;
    return false;
  }
  response_.body.append(data);
  return true;
}

Status Exchange::Outcome(CURLcode code, const Connection& connection) const {
  if (code == CURLE_OK) return Ok();
  if (over_bound_)
    return LimitExceeded(fmt::format("the answer of '{}' to {} is above {} MiB; the bound is 'body_bytes'", connection.server,
                                     request_.method, body_bound_ >> 20));
  return TransferError(code, connection.server, error_.data());
}

void Exchange::End(Status status) {
  if (!is_stream()) {
    const Transport::Done done = std::exchange(done_, nullptr);
    if (!done) return;
    if (status.ok()) return done(std::move(response_));
    return done(std::move(status).error());
  }
  if (status.ok() && response_.status >= 400) {
    Handle([&](StreamHandler& h) { if (h.on_head) h.on_head(response_); });
    Handle([&](StreamHandler& h) { if (h.on_data) h.on_data(response_.body); });
  }
  Handle([&](StreamHandler& h) {
    if (auto on_end = std::exchange(h.on_end, nullptr)) on_end(std::move(status));
  });
}

template <typename F>
void Exchange::Handle(F&& handler) {
  MutexLock lock(handling_);
  if (silenced_) return;
  handler_thread_ = std::this_thread::get_id();
  handler(handler_);
  handler_thread_ = std::thread::id();
}

void Exchange::Silence() {
  silenced_ = true;
  if (handler_thread_ == std::this_thread::get_id()) return;  // called from a handler, which goes on
  handling_.lock();  // a handler in progress on the I/O thread ends first
  handling_.unlock();
}

}  // namespace plumb::kube
