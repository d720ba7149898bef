// The narrow waist between Plumb and any Kubernetes API: requests out, responses and streams back.
//
// Two implementations: CurlTransport (a real server, HTTP/2, one I/O thread) and the sandbox's in-process transport.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "core/result.h"
#include "engine/http/message.h"

namespace plumb::kube {

// What a stream tells its owner, on the transport's I/O thread: do not block. on_end comes exactly once, unless the
// Stream was destroyed first; after its destructor returns nothing is called any more.
struct StreamHandler {
  std::function<void(const http::Response& head)> on_head;  // status and headers; of an error the body follows as data
  std::function<void(std::string_view data)> on_data;
  std::function<void(Status end)> on_end;
};

// Thread-safe.
class Transport {
 public:
  virtual ~Transport() = default;

  using Done = std::function<void(Result<http::Response>)>;
  // Sends a request; `done` is called once, on the transport's thread (or inline): do not block in it.
  // An answer of any status is a Response; errors are of the network: kUnavailable, kDenied (TLS), kCancelled (closing),
  // kLimit (a body above the transport's bound).
  virtual void Send(http::Request request, std::chrono::milliseconds timeout, Done done) = 0;
  // Requests, not streams, that were handed in and have no answer yet. Of one that queues nothing: 0.
  virtual size_t outstanding() const { return 0; }

  class Stream {
   public:
    virtual ~Stream() = default;  // cancels
  };
  virtual std::unique_ptr<Stream> Open(http::Request request, StreamHandler handler) = 0;
};

}  // namespace plumb::kube
