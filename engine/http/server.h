// An HTTP/1.1 server on Boost.Beast, the only file that includes it. Serves the sandbox's API and Plumb's own.
//
// Start() spawns the named threads; Stop() (or the destructor) closes every connection and joins them.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/result.h"
#include "engine/http/message.h"

namespace plumb::http {

// The answer to one request. Thread-safe: may be used from any thread, after the handler returned too.
// Dropped without Send or Begin, it answers 500.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void Send(Response response) = 0;  // a whole response, once
  // A streamed response (chunked): Begin, any number of Write, End. Write returns false once the client is gone or
  // its unsent data passed ServerOptions::stream_buffer_bytes (the stream is then cut): stop and drop the responder.
  virtual void Begin(int status, Headers headers) = 0;
  virtual bool Write(std::string_view data) = 0;
  virtual void End() = 0;
  virtual bool Gone() const = 0;  // the client closed the connection
};

using Handler = std::function<void(Request, std::shared_ptr<Responder>)>;  // called on a server thread; keep it short

struct ServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;  // 0: any free one
  int threads = 2;
  size_t body_bytes = 8u << 20;           // of a request; larger: 413
  size_t header_bytes = 64u << 10;        // larger: 431
  size_t connections = 1000;              // more are refused
  size_t stream_buffer_bytes = 64u << 20; // unsent data of one stream
  std::chrono::seconds idle{120};         // between requests of a connection, and for reading one
};

class Server {
 public:
  // Errors: kUnavailable (address in use: names it), kInvalid (no such address).
  static Result<std::unique_ptr<Server>> Start(ServerOptions options, Handler handler);
  virtual ~Server() = default;
  virtual uint16_t port() const = 0;
  virtual void Stop() = 0;
};

}  // namespace plumb::http
