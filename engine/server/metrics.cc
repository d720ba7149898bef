#include "engine/server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <type_traits>

#include "core/mutex.h"
#include "engine/server/metric_catalogue.h"
#include "engine/server/process_stats.h"

namespace plumb {
namespace {

constexpr const char* kOther = "other";

using Buckets = prometheus::Histogram::BucketBoundaries;
// Seconds. Requests and passes are quick; syncs and roll-outs take minutes.
const Buckets kQuick = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
const Buckets kSlow = {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800};

double Seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

const MetricInfo& Info(std::string_view name) {
  for (const MetricInfo& info : MetricCatalogue()) {
    if (info.name == name) return info;
  }
  std::abort();  // a name that is not in the catalogue is a slip of this file
}

std::vector<std::string> LabelNames(std::string_view labels) {
  std::vector<std::string> names;
  while (!labels.empty()) {
    const size_t comma = std::min(labels.find(','), labels.size());
    names.emplace_back(labels.substr(0, comma));
    labels.remove_prefix(std::min(comma + 1, labels.size()));
  }
  return names;
}

// Label values that are seen, up to a bound; what comes later is "other".
class BoundedNames {
 public:
  explicit BoundedNames(size_t bound) : bound_(bound) {}
  std::string Admit(const std::string& name) {
    if (known_.contains(name)) return name;
    if (known_.size() >= bound_) return kOther;
    known_.insert(name);
    return name;
  }
  const std::set<std::string>& known() const { return known_; }
  void Forget(const std::string& name) { known_.erase(name); }

 private:
  size_t bound_;
  std::set<std::string> known_;
};

// A family of counters or histograms whose members are found by the values of their labels, in the catalogue's order.
template <typename T>
class Series {
 public:
  Series(prometheus::Registry& registry, std::string_view name, Buckets buckets = {})
      : names_(LabelNames(Info(name).labels)), buckets_(std::move(buckets)) {
    const std::string key(name), help(Info(name).help);
    if constexpr (std::is_same_v<T, prometheus::Counter>)
      family_ = &prometheus::BuildCounter().Name(key).Help(help).Register(registry);
    else
      family_ = &prometheus::BuildHistogram().Name(key).Help(help).Register(registry);
    if (names_.empty()) At({});  // without labels it is there from the start, with nothing counted
  }

  T& At(std::vector<std::string> values) {
    if (const auto found = members_.find(values); found != members_.end()) return *found->second;
    std::map<std::string, std::string> labels;
    for (size_t i = 0; i < names_.size(); ++i) labels[names_[i]] = values[i];
    T* member = nullptr;
    if constexpr (std::is_same_v<T, prometheus::Counter>)
      member = &family_->Add(labels);
    else
      member = &family_->Add(labels, buckets_);
    members_.emplace(std::move(values), member);
    return *member;
  }

  // Forgets the members whose first label, the application, has this value.
  void Remove(const std::string& first) {
    for (auto it = members_.begin(); it != members_.end();) {
      const bool gone = !it->first.empty() && it->first[0] == first;
      if (gone) family_->Remove(it->second);
      it = gone ? members_.erase(it) : std::next(it);
    }
  }

 private:
  std::vector<std::string> names_;
  Buckets buckets_;
  prometheus::Family<T>* family_ = nullptr;  // owned by the registry
  std::map<std::vector<std::string>, T*> members_;
};

using Counters = Series<prometheus::Counter>;
using Histograms = Series<prometheus::Histogram>;

// Gauges are told from the state at the time of asking: sums by label values.
class GaugeWriter {
 public:
  explicit GaugeWriter(std::vector<prometheus::MetricFamily>& out) : out_(out) {}

  void Write(std::string_view name, const std::map<std::vector<std::string>, double>& values) {
    const MetricInfo& info = Info(name);
    const bool counter = info.type == MetricInfo::Type::kCounter;
    prometheus::MetricFamily family{.name = std::string(name),
                                    .help = std::string(info.help),
                                    .type = counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge,
                                    .metric = {}};
    const std::vector<std::string> names = LabelNames(info.labels);
    for (const auto& [labels, value] : values) {
      prometheus::ClientMetric& metric = family.metric.emplace_back();
      for (size_t i = 0; i < names.size(); ++i) metric.label.push_back({names[i], labels[i]});
      (counter ? metric.counter.value : metric.gauge.value) = value;
    }
    out_.push_back(std::move(family));
  }
  void Write(std::string_view name, double value) { Write(name, {{{}, value}}); }

 private:
  std::vector<prometheus::MetricFamily>& out_;
};

}  // namespace

struct Metrics::State {
  State(MetricsOptions o, Clock& c)
      : options(std::move(o)), clock(c), applications_known(options.applications), kinds_known(options.kinds),
        clusters_known(options.clusters) {}

  const MetricsOptions options;
  Clock& clock;
  mutable Mutex mu;
  prometheus::Registry registry;
  BoundedNames applications_known GUARDED_BY(mu);
  BoundedNames kinds_known GUARDED_BY(mu);
  BoundedNames clusters_known GUARDED_BY(mu);
  std::map<std::string, size_t> outstanding GUARDED_BY(mu);
  std::vector<ApplicationState> applications GUARDED_BY(mu);
  double queue_depth GUARDED_BY(mu) = 0, waiting GUARDED_BY(mu) = 0, members GUARDED_BY(mu) = 0;

  Counters drifts GUARDED_BY(mu){registry, "plumb_drifts_total"};
  Counters self_heals GUARDED_BY(mu){registry, "plumb_self_heals_total"};
  Histograms self_heal_seconds GUARDED_BY(mu){registry, "plumb_self_heal_duration_seconds", kQuick};
  Counters syncs GUARDED_BY(mu){registry, "plumb_syncs_total"};
  Histograms sync_seconds GUARDED_BY(mu){registry, "plumb_sync_duration_seconds", kSlow};
  Histograms commit_to_healthy GUARDED_BY(mu){registry, "plumb_commit_to_healthy_seconds", kSlow};
  Counters git_requests GUARDED_BY(mu){registry, "plumb_git_requests_total"};
  Histograms git_seconds GUARDED_BY(mu){registry, "plumb_git_request_duration_seconds", kSlow};
  Counters api_requests GUARDED_BY(mu){registry, "plumb_api_requests_total"};
  Histograms api_seconds GUARDED_BY(mu){registry, "plumb_api_request_duration_seconds", kQuick};
  Histograms queue_wait GUARDED_BY(mu){registry, "plumb_queue_wait_seconds", kQuick};
  Histograms pass_seconds GUARDED_BY(mu){registry, "plumb_pass_duration_seconds", kQuick};
  Counters webhooks GUARDED_BY(mu){registry, "plumb_webhooks_total"};
};

Metrics::Metrics(MetricsOptions options, Clock& clock) : state_(std::make_unique<State>(std::move(options), clock)) {}
Metrics::~Metrics() = default;

void Metrics::SetApplications(std::vector<ApplicationState> applications) {
  State& s = *state_;
  MutexLock lock(s.mu);
  std::set<std::string> now;
  for (const ApplicationState& application : applications) now.insert(application.name);
  const std::set<std::string> before = s.applications_known.known();
  for (const std::string& name : before) {
    if (now.contains(name)) continue;
    s.applications_known.Forget(name);
    s.drifts.Remove(name);
    s.self_heals.Remove(name);
    s.syncs.Remove(name);
    s.commit_to_healthy.Remove(name);
  }
  s.applications = std::move(applications);
}

void Metrics::AddDrift(const std::string& application, const std::string& kind) {
  State& s = *state_;
  MutexLock lock(s.mu);
  s.drifts.At({s.applications_known.Admit(application), s.kinds_known.Admit(kind)}).Increment();
}

void Metrics::AddSelfHeal(const std::string& application, const std::string& kind, Duration took) {
  State& s = *state_;
  MutexLock lock(s.mu);
  s.self_heals.At({s.applications_known.Admit(application), s.kinds_known.Admit(kind)}).Increment();
  s.self_heal_seconds.At({}).Observe(Seconds(took));
}

void Metrics::AddSync(const std::string& application, std::string_view result, Duration took) {
  State& s = *state_;
  MutexLock lock(s.mu);
  s.syncs.At({s.applications_known.Admit(application), std::string(result)}).Increment();
  s.sync_seconds.At({std::string(result)}).Observe(Seconds(took));
}

void Metrics::AddCommitToHealthy(const std::string& application, Duration took) {
  State& s = *state_;
  MutexLock lock(s.mu);
  s.commit_to_healthy.At({s.applications_known.Admit(application)}).Observe(Seconds(took));
}

void Metrics::AddGitRequest(std::string_view operation, std::string_view result, Duration took) {
  State& s = *state_;
  MutexLock lock(s.mu);
  s.git_requests.At({std::string(operation), std::string(result)}).Increment();
  s.git_seconds.At({std::string(operation)}).Observe(Seconds(took));
}

void Metrics::AddApiRequest(std::string_view verb, int code, Duration took) {
  State& s = *state_;
  MutexLock lock(s.mu);
  s.api_requests.At({std::string(verb), std::to_string(code)}).Increment();
  if (verb != "watch") s.api_seconds.At({std::string(verb)}).Observe(Seconds(took));  // a watch lasts as long as it may
}

void Metrics::SetQueueDepth(size_t applications) {
  MutexLock lock(state_->mu);
  state_->queue_depth = static_cast<double>(applications);
}

void Metrics::SetWaiting(size_t passes) {
  MutexLock lock(state_->mu);
  state_->waiting = static_cast<double>(passes);
}

void Metrics::SetMembers(size_t replicas) {
  MutexLock lock(state_->mu);
  state_->members = static_cast<double>(replicas);
}

void Metrics::SetOutstandingRequests(std::map<std::string, size_t> requests) {
  State& s = *state_;
  MutexLock lock(s.mu);
  const std::set<std::string> before = s.clusters_known.known();
  for (const std::string& cluster : before)
    if (!requests.contains(cluster)) s.clusters_known.Forget(cluster);
  s.outstanding = std::move(requests);
}

void Metrics::AddPass(Duration waited, Duration took) {
  MutexLock lock(state_->mu);
  state_->queue_wait.At({}).Observe(Seconds(waited));
  state_->pass_seconds.At({}).Observe(Seconds(took));
}

void Metrics::AddWebhook(std::string_view provider, std::string_view result) {
  MutexLock lock(state_->mu);
  state_->webhooks.At({std::string(provider), std::string(result)}).Increment();
}

std::string Metrics::Text() const {
  State& s = *state_;
  std::vector<prometheus::MetricFamily> families;
  GaugeWriter writer(families);
  writer.Write("plumb_build_info", {{{s.options.version}, 1}});
  {
    MutexLock lock(s.mu);
    using Sums = std::map<std::vector<std::string>, double>;
    Sums phases, outstanding;
    for (const auto& [cluster, requests] : s.outstanding) outstanding[{s.clusters_known.Admit(cluster)}] += static_cast<double>(requests);
    Sums synced, healthy, failing, objects, ready, drifted, fields, oldest, holds;
    for (const ApplicationState& a : s.applications) {
      const std::string name = s.applications_known.Admit(a.name);
      if (!a.phase.empty()) ++phases[{a.phase}];
      synced[{name}] += a.synced;
      healthy[{name}] += a.healthy;
      failing[{name}] += a.failing;
      objects[{name}] += static_cast<double>(a.objects);
      ready[{name}] += static_cast<double>(a.ready);
      const Duration age =
          a.oldest_drift ? std::max(s.clock.Wall() - *a.oldest_drift, Duration::zero()) : Duration::zero();
      oldest[{name}] = std::max(oldest[{name}], Seconds(age));
      for (const auto& [reason, count] : a.holds) holds[{name, reason}] += static_cast<double>(count);
      for (const auto& [kind, drift] : a.drift) {
        const std::vector<std::string> labels = {name, s.kinds_known.Admit(kind)};
        drifted[labels] += static_cast<double>(drift.objects);
        fields[labels] += static_cast<double>(drift.fields);
      }
    }
    writer.Write("plumb_applications", static_cast<double>(s.applications.size()));
    writer.Write("plumb_applications_in_phase", phases);
    writer.Write("plumb_application_synced", synced);
    writer.Write("plumb_application_healthy", healthy);
    writer.Write("plumb_application_failing", failing);
    writer.Write("plumb_managed_objects", objects);
    writer.Write("plumb_ready_objects", ready);
    writer.Write("plumb_drifted_objects", drifted);
    writer.Write("plumb_drifted_fields", fields);
    writer.Write("plumb_drift_oldest_age_seconds", oldest);
    writer.Write("plumb_holds", holds);
    writer.Write("plumb_api_requests_outstanding", outstanding);
    writer.Write("plumb_members", s.members);
    writer.Write("plumb_queue_depth", s.queue_depth);
    writer.Write("plumb_waiting_passes", s.waiting);
    for (prometheus::MetricFamily& family : s.registry.Collect()) families.push_back(std::move(family));
  }
  const ProcessStats process = ReadProcessStats();
  writer.Write("process_start_time_seconds", process.start_seconds);
  writer.Write("process_cpu_seconds_total", process.cpu_seconds);
  writer.Write("process_resident_memory_bytes", process.resident_bytes);
  writer.Write("process_open_fds", process.open_fds);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace plumb
