// An embedded Kubernetes-like cluster: the API over HTTP and in process, in memory or in one file, with the controllers
// that make a Deployment's pods ready.
//
// Thread-safe. Threads, unless Options::step: the HTTP server's, "sandbox-watch" (streams) and "sandbox-ctrl" (controllers).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "engine/kube/transport.h"

namespace plumb::sandbox {

struct Options {
  bool listen = true;                  // serve HTTP; without, only transport()
  std::string address = "127.0.0.1";
  uint16_t port = 0;                   // 0: any free one
  std::string data_file = {};          // SQLite; "": in memory
  Clock* clock = &Clock::Real();
  Duration pod_start = std::chrono::milliseconds(300);  // from scheduled to ready
  bool controllers = true;
  bool step = false;                   // no threads of its own: the owner calls Step()
  uint64_t seed = 0;                   // of names and UIDs; 0: of the machine's randomness
};

class Sandbox {
 public:
  // Errors: kUnavailable (address or data file in use), kInvalid (no such address; not a data file).
  static Result<std::unique_ptr<Sandbox>> Start(Options options = {});
  virtual ~Sandbox() = default;  // stops

  // Lives until the sandbox stops; streams it opened must be gone by then.
  virtual kube::Transport& transport() = 0;
  virtual std::string url() const = 0;  // "http://127.0.0.1:40000"; "" without listen
  // A kubeconfig with this cluster as its current context, written whole or not at all. Errors: kUnavailable, kInvalid.
  virtual Status WriteKubeconfig(const std::string& path) const = 0;
  // Runs controllers and streams until nothing is left to do at the clock's present; true where something was done.
  virtual bool Step() = 0;
  virtual void Stop() = 0;
};

}  // namespace plumb::sandbox
