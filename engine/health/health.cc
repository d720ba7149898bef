#include "engine/health/health.h"

#include <algorithm>

#include <fmt/core.h>

#include "engine/health/health_rules.h"
#include "engine/health/rules.h"

namespace plumb {
namespace health {
namespace {

constexpr size_t kMessageBytes = 300;

// One line of bounded length, cut between characters.
std::string OneLine(std::string_view text) {
  std::string line(text.substr(0, text.find('\n')));
  if (line.size() <= kMessageBytes) return line;
  size_t cut = kMessageBytes;
  while (cut > 0 && (static_cast<uint8_t>(line[cut]) & 0xc0) == 0x80) --cut;
  return line.substr(0, cut) + "...";
}

const KindRule* FindRule(const Gvk& gvk) {
  for (const auto rules : {WorkloadRules(), ClusterRules()})
    for (const KindRule& rule : rules)
      if (rule.kind == gvk.kind && rule.group == gvk.group) return &rule;
  return nullptr;
}

Health BeingDeleted(Value object) {
  const std::string since = "is being deleted since " + OneLine(object.Get("metadata").GetString("deletionTimestamp"));
  std::string finalizers;
  for (Value f : object.Get("metadata").Get("finalizers").items())
    if (finalizers.size() < kMessageBytes) finalizers += fmt::format("{}'{}'", finalizers.empty() ? "" : ", ", OneLine(f.AsString()));
  for (std::string_view type : {"NamespaceContentRemaining", "NamespaceFinalizersRemaining", "NamespaceDeletionDiscoveryFailure"})
    if (const auto c = FindCondition(object, type); c && c->is_true()) return Progressing(since + ": " + c->Text());
  return Progressing(finalizers.empty() ? since : since + ", and waits for the finalizers " + finalizers);
}

}  // namespace

std::string Condition::Text() const { return OneLine(message.empty() ? reason : message); }

std::optional<Condition> FindCondition(Value object, std::string_view type) {
  for (Value c : object.Get("status").Get("conditions").items()) {
    if (c.GetString("type") != type) continue;
    const int64_t generation = Number(object.Get("metadata"), "generation");
    return Condition{c.GetString("status"), c.GetString("reason"), c.GetString("message"),
                     Number(c, "observedGeneration", generation) < generation};
  }
  return std::nullopt;
}

int64_t Number(Value map, std::string_view key, int64_t otherwise) {
  const Value v = map.Get(key);
  constexpr int64_t kMost = int64_t{1} << 53;  // so that sums and differences of hostile numbers stay numbers
  return v.is_int() ? std::clamp(v.AsInt(), -kMost, kMost) : otherwise;
}

Health Healthy(std::string message) { return {HealthStatus::kHealthy, std::move(message)}; }
Health Suspended(std::string message) { return {HealthStatus::kSuspended, std::move(message)}; }
Health Progressing(std::string message) { return {HealthStatus::kProgressing, std::move(message)}; }
Health Degraded(std::string message, bool final) { return {HealthStatus::kDegraded, std::move(message), final}; }

Health ByReadyCondition(Value object) {
  const auto ready = FindCondition(object, "Ready");
  if (!ready) return Healthy();
  if (ready->stale) return Progressing("its controller has not seen the last change yet");
  if (ready->is_true()) return Healthy();
  const std::string text = ready->Text();
  return Progressing(text.empty() ? "is not ready" : "is not ready: " + text);
}

}  // namespace health

std::string_view HealthStatusName(HealthStatus status) {
  constexpr std::string_view kNames[] = {"healthy", "suspended", "progressing", "unknown", "missing", "degraded"};
  return kNames[static_cast<size_t>(status)];
}

Health Assess(Value object, const HealthRules* own) {
  using namespace health;  // NOLINT: the words of the rules
  if (object.is_null()) return {HealthStatus::kMissing, "is not there"};
  if (!object.is_map()) return {HealthStatus::kUnknown, "is not an object"};
  const Value metadata = object.Get("metadata");
  if (!metadata.Get("deletionTimestamp").is_null()) return BeingDeleted(object);

  const Gvk gvk = GvkOf(object);
  const bool owned = own && own->Has(gvk);  // what a user says of a kind goes before all else
  const KindRule* rule = owned ? nullptr : FindRule(gvk);
  const int64_t generation = Number(metadata, "generation");
  const Value observed = object.Get("status").Get("observedGeneration");
  if (observed.is_int() ? observed.AsInt() < generation : rule && rule->observes)
    return Progressing("its controller has not seen the last change yet");
  if (rule) return rule->rule(object);
  if (auto health = owned ? own->Assess(object, gvk) : HealthRules::BuiltIn().Assess(object, gvk)) return *std::move(health);

  if (const auto stalled = FindCondition(object, "Stalled"); stalled && stalled->is_true() && !stalled->stale)
    return Degraded("is stalled: " + stalled->Text(), true);
  if (const auto reconciling = FindCondition(object, "Reconciling"); reconciling && reconciling->is_true())
    return Progressing("is reconciling: " + reconciling->Text());
  return ByReadyCondition(object);
}

}  // namespace plumb
