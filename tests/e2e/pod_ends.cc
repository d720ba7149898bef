#include "tests/e2e/pod_ends.h"

#include <fmt/core.h>

#include <chrono>

#include "core/json.h"

namespace plumb::e2e {

PodEnds::PodEnds(const TestCluster& cluster) : server_(cluster.server), curl_(cluster.curl), thread_([this](const std::stop_token& stop) { Work(stop); }) {}

void PodEnds::Work(const std::stop_token& stop) const {
  for (; !stop.stop_requested(); std::this_thread::sleep_for(std::chrono::milliseconds(100))) {
    std::vector<std::string> ask = curl_;
    ask.insert(ask.end(), {"--max-time", "5", server_ + "/api/v1/pods?fieldSelector=status.phase%3DPending&labelSelector=batch.kubernetes.io%2Fjob-name"});
    const auto pods = ParseJson(Execute(ask).out);
    if (!pods.ok()) continue;
    for (const Value pod : pods->root().Get("items").items()) {
      const Value metadata = pod.Get("metadata");
      const std::string_view image = pod.Get("spec").Get("containers")[0].GetString("image");
      if (image.ends_with(":broken") || metadata.Has("deletionTimestamp")) continue;
      std::vector<std::string> end = curl_;
      end.insert(end.end(), {"--max-time", "5", "-o", "/dev/null", "-X", "PATCH", "-H", "Content-Type: application/merge-patch+json", "-d",
                             fmt::format(R"({{"status":{{"phase":"{}"}}}})", image.ends_with(":fails") ? "Failed" : "Succeeded"),
                             fmt::format("{}/api/v1/namespaces/{}/pods/{}/status", server_, metadata.GetString("namespace"), metadata.GetString("name"))});
      Execute(end);
    }
  }
}

}  // namespace plumb::e2e
