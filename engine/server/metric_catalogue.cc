#include "engine/server/metric_catalogue.h"

#include <fmt/core.h>

namespace plumb {
namespace {

using enum MetricInfo::Type;

constexpr MetricInfo kCatalogue[] = {
    {"plumb_build_info", kGauge, "version", "Always 1; the label tells the version of Plumb."},
    {"plumb_applications", kGauge, "", "Applications that this process follows."},
    {"plumb_applications_in_phase", kGauge, "phase",
     "Applications by the first word of their summary: Waiting, Progressing, Synced, Held, Failed, Suspended."},
    {"plumb_application_synced", kGauge, "application",
     "1 where the cluster is as git says, 0 where not or not known."},
    {"plumb_application_healthy", kGauge, "application",
     "1 where everything applied is ready, 0 where not or not known."},
    {"plumb_application_failing", kGauge, "application", "1 where the last pass failed and is tried again."},
    {"plumb_managed_objects", kGauge, "application", "Objects that git declares for the application."},
    {"plumb_ready_objects", kGauge, "application", "Objects among the managed ones that are ready."},
    {"plumb_drifted_objects", kGauge, "application,kind",
     "Objects of which a declared field differs from what git says."},
    {"plumb_drifted_fields", kGauge, "application,kind", "Declared fields that differ from what git says."},
    {"plumb_drift_oldest_age_seconds", kGauge, "application",
     "Age of the oldest drift that is not healed yet, in seconds; 0 without drift."},
    {"plumb_holds", kGauge, "application,reason",
     "What holds the application back at present, by the id of the hold; docs/operations.md has a row for each."},
    {"plumb_drifts_total", kCounter, "application,kind", "Objects that were found drifted."},
    {"plumb_self_heals_total", kCounter, "application,kind", "Drifted objects that were put back."},
    {"plumb_self_heal_duration_seconds", kHistogram, "",
     "From the live event that showed a drift to the object put back, in seconds."},
    {"plumb_syncs_total", kCounter, "application,result", "Plans carried out, by result: succeeded, failed or held."},
    {"plumb_sync_duration_seconds", kHistogram, "result", "Time to carry out a plan, in seconds."},
    {"plumb_commit_to_healthy_seconds", kHistogram, "application",
     "From the time a revision was seen to everything of it ready, in seconds."},
    {"plumb_git_requests_total", kCounter, "operation,result",
     "Runs of git against a remote: list asks for the references, fetch gets a commit."},
    {"plumb_git_request_duration_seconds", kHistogram, "operation",
     "Time of one run of git against a remote, in seconds."},
    {"plumb_api_requests_total", kCounter, "verb,code",
     "Requests to Kubernetes API servers; code 0 where none answered."},
    {"plumb_api_request_duration_seconds", kHistogram, "verb",
     "Time of one request to an API server, in seconds; watches are not counted."},
    {"plumb_api_requests_outstanding", kGauge, "cluster",
     "Requests to the API server of a cluster that wait for their turn or for their answer."},
    {"plumb_members", kGauge, "", "Replicas that share the applications, as this one sees them; 0 without sharing, or without a Lease of its own."},
    {"plumb_queue_depth", kGauge, "", "Applications that wait for a worker."},
    {"plumb_waiting_passes", kGauge, "", "Passes that only wait, for a rollout, a hook or a server, and whose places others have taken; --waiting bounds them."},
    {"plumb_queue_wait_seconds", kHistogram, "", "Time an application waited for a worker, in seconds."},
    {"plumb_pass_duration_seconds", kHistogram, "", "Time of one pass over an application, in seconds."},
    {"plumb_webhooks_total", kCounter, "provider,result", "Webhook calls: accepted, ignored (no push) or refused."},
    {"process_start_time_seconds", kGauge, "", "Start of the process, in seconds since 1970."},
    {"process_cpu_seconds_total", kCounter, "", "Processor time used, in seconds."},
    {"process_resident_memory_bytes", kGauge, "", "Resident memory, in bytes."},
    {"process_open_fds", kGauge, "", "Open file descriptors."},
};

std::string_view TypeName(MetricInfo::Type type) {
  switch (type) {
    case kGauge: return "gauge";
    case kCounter: return "counter";
    case kHistogram: return "histogram";
  }
  return "";
}

}  // namespace

std::span<const MetricInfo> MetricCatalogue() { return kCatalogue; }

std::string MetricTable() {
  std::string table = "| metric | type | labels | meaning |\n|---|---|---|---|\n";
  for (const MetricInfo& info : kCatalogue) {
    std::string labels;
    for (const char c : info.labels) labels.append(c == ',' ? ", " : std::string(1, c));
    table += fmt::format("| `{}` | {} | {} | {} |\n", info.name, TypeName(info.type), labels, info.help);
  }
  return table;
}

}  // namespace plumb
