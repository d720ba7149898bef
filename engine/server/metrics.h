// Plumb's metrics, in the conventions of Prometheus: what they are is metric_catalogue.h, how they are kept is here.
//
// Plain setters: who reports does not see the metrics library, which only metrics.cc includes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace plumb {

struct MetricsOptions {
  std::string version = "unknown";  // of plumb_build_info
  size_t applications = 500;        // above this many, further ones are counted together as "other"
  size_t kinds = 100;               // the same for kinds of objects
  size_t clusters = 100;            // and for clusters
};

// What an application is like now.
struct ApplicationState {
  struct Drift {
    size_t objects = 0;
    size_t fields = 0;
  };
  std::string name;
  std::string phase{};  // PhaseName of the loop
  bool synced = false;
  bool healthy = false;
  bool failing = false;
  size_t objects = 0;
  size_t ready = 0;
  std::map<std::string, Drift> drift{};    // by kind
  std::optional<WallTime> oldest_drift{};  // since when
  std::map<std::string, size_t> holds{};   // by their id
};

// Thread-safe. Values of secrets never come here: names, kinds, counts and times only.
class Metrics {
 public:
  explicit Metrics(MetricsOptions options, Clock& clock = Clock::Real());
  ~Metrics();

  // Replaces everything known of every application, so that one that is gone leaves no gauge behind. Of applications
  // counted together the sums are told, and of synced, healthy and failing how many of them are.
  void SetApplications(std::vector<ApplicationState> applications);

  void AddDrift(const std::string& application, const std::string& kind);
  void AddSelfHeal(const std::string& application, const std::string& kind, Duration took);
  void AddSync(const std::string& application, std::string_view result,
               Duration took);  // "succeeded", "failed", "held"
  void AddCommitToHealthy(const std::string& application, Duration took);

  void AddGitRequest(std::string_view operation, std::string_view result,
                     Duration took);  // "list" or "fetch"; "ok" or a code's name
  void AddApiRequest(std::string_view verb, int code, Duration took);
  void SetQueueDepth(size_t applications);
  void SetWaiting(size_t passes);
  // By cluster; replaces what was told before.
  void SetOutstandingRequests(std::map<std::string, size_t> requests);
  // Replicas that share the applications, this one included; 0: it shares them with nobody, or has no Lease at present.
  void SetMembers(size_t replicas);
  void AddPass(Duration waited, Duration took);
  void AddWebhook(std::string_view provider, std::string_view result);

  // The text exposition format, version 0.0.4, for Prometheus.
  std::string Text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace plumb
