#include "engine/cli/interrupt.h"

#include <pthread.h>

#include <csignal>
#include <thread>

namespace plumb::cli {

namespace {

// A thread waits for the signals: unlike a handler it may do anything, request_stop included.
std::stop_source* Install() {
  static std::stop_source source;
  static sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([] {
    int signal = 0;
    sigwait(&signals, &signal);
    // From here the default action is back: a second signal ends a process that will not stop.
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    source.request_stop();
    pthread_exit(nullptr);
  }).detach();
  return &source;
}

}  // namespace

std::stop_token Interrupted() {
  static std::stop_source* const source = Install();
  return source->get_token();
}

}  // namespace plumb::cli
