#include "tests/e2e/audit.h"

#include <algorithm>

#include "core/json.h"
#include "tests/e2e/harness.h"

namespace plumb::e2e {

Audit::Audit(const std::filesystem::path& directory) : policy_(directory / "audit-policy.yaml"), log_(directory / "audit.jsonl") {
  WriteAll(policy_,
           "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
           "- {level: None, verbs: [get, list, watch]}\n"
           "- {level: RequestResponse, resources: [{group: batch, resources: [jobs]}]}\n"
           "- {level: Metadata, resources: [{group: '', resources: [configmaps]}, {group: plumb.dev, resources: [applications, applications/status]}]}\n"
           "- {level: None}\n");
}

std::vector<std::string> Audit::Flags() const {
  return {"--arg", "kube-apiserver:--audit-policy-file=" + policy_.string(), "--arg", "kube-apiserver:--audit-log-path=" + log_.string()};
}

std::vector<Audit::Write> Audit::Writes() const {
  std::vector<Write> writes;
  const std::string text = ReadAll(log_);
  for (size_t from = 0, end; (end = text.find('\n', from)) != std::string::npos; from = end + 1) {
    auto event = ParseJson(std::string_view(text).substr(from, end - from));
    if (!event.ok() || (*event)->GetString("requestURI").find("dryRun=") != std::string::npos) continue;
    const Value of = (*event)->Get("objectRef");
    Write write;
    write.user = (*event)->Get("user").GetString("username");
    write.verb = (*event)->GetString("verb");
    write.resource = of.GetString("resource");
    write.name = of.GetString("name");
    write.code = static_cast<int>((*event)->Get("responseStatus").Get("code").AsInt());
    const auto received = ParseTime((*event)->GetString("requestReceivedTimestamp")), answered = ParseTime((*event)->GetString("stageTimestamp"));
    if (write.code < 200 || write.code > 299 || !received.ok() || !answered.ok()) continue;
    write.from = *received;
    write.to = *answered;
    write.event = *event;
    writes.push_back(std::move(write));
  }
  std::stable_sort(writes.begin(), writes.end(), [](const Write& a, const Write& b) { return a.from < b.from; });
  return writes;
}

}  // namespace plumb::e2e
