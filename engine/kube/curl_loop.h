// The event loop under the transport: several curl multi handles, one epoll, one wakeup.
//
// Watches live on a multi handle of their own, so that a full set of streams never holds up a write; both are served
// by one thread. RunOnce() is called by that thread only; Wake() by any.
#pragma once

#include <curl/curl.h>

#include <array>
#include <functional>
#include <memory>

#include "core/clock.h"
#include "engine/kube/curl_handle.h"

namespace plumb::kube {

class CurlLoop {
 public:
  // Called from RunOnce for each transfer that ended; the handle is already out of its multi.
  using OnFinished = std::function<void(CURL* easy, CURLcode code)>;
  enum Lane : size_t { kRequests, kStreams, kLanes };

  explicit CurlLoop(OnFinished on_finished);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  CURLM* multi(Lane lane) { return lanes_[lane].multi.get(); }
  void Start(Lane lane, CURL* easy);   // loop thread only
  void Cancel(Lane lane, CURL* easy);  // loop thread only, not from within a curl callback

  // Waits for a socket, a timer or Wake, at most a second; then lets curl work and reports what ended.
  void RunOnce();
  void Wake();

 private:
  struct LaneState {
    MultiHandle multi;
    TimePoint timer = TimePoint::max();  // when curl wants to be called without an event
    CurlLoop* loop = nullptr;
  };
  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* lane, void* known);
  static int OnTimer(CURLM* multi, long timeout_ms, void* lane);
  void Report(LaneState& lane);

  OnFinished on_finished_;
  int epoll_ = -1, wakeup_ = -1;
  std::array<LaneState, kLanes> lanes_;
};

}  // namespace plumb::kube
