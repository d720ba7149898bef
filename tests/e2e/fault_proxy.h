// A TCP proxy on loopback that a test puts between Plumb and an API server, and that does what networks and servers do on
// bad days: cuts connections in the middle of an answer, holds watch streams back, answers 429 and 5xx itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <random>
#include <string>
#include <thread>

namespace plumb::e2e {

// Thread-safe. Everything ends with it. Faults that look into requests (storms, stalls) need plain HTTP/1.1 on the wire;
// cuts work on any bytes.
class FaultProxy {
 public:
  // Passes everything on to 127.0.0.1:`port` until a fault is set.
  explicit FaultProxy(uint16_t port, unsigned seed);
  ~FaultProxy();
  uint16_t port() const { return port_; }

  struct Faults {
    int cut_percent = 0;     // of the pieces of an answer that come from the server: half of it is sent, then both ends are closed
    int refuse_percent = 0;  // of the requests: answered with `refuse_with` and not passed on
    std::string refuse_with{};   // the whole answer, head and body
    bool stall_watches = false;  // what comes from the server on a watch is held back, the connection stays open
  };
  void Set(Faults faults);
  void Heal() { Set({}); }
  size_t faults() const { return faults_done_; }  // cuts, refusals and held pieces so far

 private:
  struct Line;
  void Accept();
  void Serve(Line& line);
  bool FromClient(Line& line);
  bool FromServer(Line& line);
  Faults Current();
  bool Chance(int percent);

  const uint16_t target_;
  uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> closing_ = false;
  std::atomic<size_t> faults_done_ = 0;
  std::mutex mu_;
  Faults faults_;
  std::mt19937 random_;
  std::list<std::jthread> threads_;  // the accepting thread's, but for the destructor
  std::jthread acceptor_;
};

// Answers for FaultProxy::Faults::refuse_with, as an API server writes them.
std::string TooManyRequests(int retry_after_seconds);
std::string ServerError(int status);  // 500, 502, 503, 504

}  // namespace plumb::e2e
