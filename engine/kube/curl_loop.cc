#include "engine/kube/curl_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace plumb::kube {
namespace {

// An epoll event carries the socket and its lane; the wakeup has a lane that no multi has.
constexpr uint64_t kWakeup = ~uint64_t{0};
uint64_t Tag(size_t lane, curl_socket_t socket) { return uint64_t{lane} << 32 | static_cast<uint32_t>(socket); }

constexpr Duration kLongestWait = std::chrono::seconds(1);

int WaitMillis(TimePoint now, TimePoint until) {
  if (until <= now) return 0;
  const Duration wait = std::min<Duration>(until - now, kLongestWait);
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

}  // namespace

CurlLoop::CurlLoop(OnFinished on_finished) : on_finished_(std::move(on_finished)) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_ALL);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wakeup_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (initialised != CURLE_OK || epoll_ < 0 || wakeup_ < 0)
    throw std::system_error(errno, std::generic_category(), "cannot start the HTTP client");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeup;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event);
  for (LaneState& lane : lanes_) {
    lane.multi.reset(curl_multi_init());
    lane.loop = this;
    curl_multi_setopt(lane.multi.get(), CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(lane.multi.get(), CURLMOPT_SOCKETFUNCTION, &OnSocket);
    curl_multi_setopt(lane.multi.get(), CURLMOPT_SOCKETDATA, &lane);
    curl_multi_setopt(lane.multi.get(), CURLMOPT_TIMERFUNCTION, &OnTimer);
    curl_multi_setopt(lane.multi.get(), CURLMOPT_TIMERDATA, &lane);
  }
}

CurlLoop::~CurlLoop() {
  for (LaneState& lane : lanes_) lane.multi.reset();  // closes connections: calls OnSocket
  close(wakeup_);
  close(epoll_);
}

int CurlLoop::OnSocket(CURL*, curl_socket_t socket, int what, void* lane_pointer, void* known) {
  auto& lane = *static_cast<LaneState*>(lane_pointer);
  CurlLoop& loop = *lane.loop;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(loop.epoll_, EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event event{};
  event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
  event.data.u64 = Tag(static_cast<size_t>(&lane - loop.lanes_.data()), socket);
  // A number may come back for a new socket before curl took the old one off: then one of the two calls fits.
  if (epoll_ctl(loop.epoll_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) != 0)
    epoll_ctl(loop.epoll_, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
  if (!known) curl_multi_assign(lane.multi.get(), socket, &lane);
  return 0;
}

int CurlLoop::OnTimer(CURLM*, long timeout_ms, void* lane_pointer) {
  auto& lane = *static_cast<LaneState*>(lane_pointer);
  lane.timer = timeout_ms < 0 ? TimePoint::max() : Clock::Real().Now() + std::chrono::milliseconds(timeout_ms);
  return 0;
}

void CurlLoop::Start(Lane lane, CURL* easy) { curl_multi_add_handle(multi(lane), easy); }

void CurlLoop::Cancel(Lane lane, CURL* easy) { curl_multi_remove_handle(multi(lane), easy); }

void CurlLoop::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wakeup_, &one, sizeof(one));  // full already: it will wake
}

void CurlLoop::RunOnce() {
  TimePoint next = TimePoint::max();
  for (const LaneState& lane : lanes_) next = std::min(next, lane.timer);
  std::array<epoll_event, 64> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                               next == TimePoint::max() ? 1000 : WaitMillis(Clock::Real().Now(), next));
  int running = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.u64 == kWakeup) {
      uint64_t ignored = 0;
      [[maybe_unused]] const ssize_t got = read(wakeup_, &ignored, sizeof(ignored));
      continue;
    }
    const int what = (event.events & EPOLLIN ? CURL_CSELECT_IN : 0) | (event.events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                     (event.events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(lanes_[event.data.u64 >> 32].multi.get(), static_cast<curl_socket_t>(event.data.u64 & 0xffffffff),
                             what, &running);
  }
  for (LaneState& lane : lanes_) {
    if (lane.timer > Clock::Real().Now()) continue;
    lane.timer = TimePoint::max();  // before the call: curl sets the next one inside
    curl_multi_socket_action(lane.multi.get(), CURL_SOCKET_TIMEOUT, 0, &running);
  }
  for (LaneState& lane : lanes_) Report(lane);
}

void CurlLoop::Report(LaneState& lane) {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(lane.multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;  // the message dies with the removal
    const CURLcode code = message->data.result;
    curl_multi_remove_handle(lane.multi.get(), easy);
    on_finished_(easy, code);
  }
}

}  // namespace plumb::kube
