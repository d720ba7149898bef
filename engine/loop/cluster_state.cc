#include "engine/loop/cluster_state.h"

#include <fmt/core.h>

#include <tuple>

#include "core/blocking.h"
#include "core/edit.h"

namespace plumb {

namespace {

constexpr std::string_view kFreeze = "plumb.dev/freeze";

}  // namespace

Result<ClusterState> ClusterProbe::Ask(Duration max_age) {
  uint64_t answers = 0;
  {
    MutexLock lock(mu_);
    if (known_ && clock_.Now() - asked_ < max_age) return *known_;
    answers = answers_;
  }
  const Blocking blocking;
  MutexLock asking(asking_);
  {
    MutexLock lock(mu_);
    if (answers_ != answers) return *answer_;
  }
  const TimePoint now = clock_.Now();
  Result<ClusterState> answer = Request();
  MutexLock lock(mu_);
  if (answer.ok()) std::tie(known_, asked_) = std::tie(*answer, now);
  answer_ = answer;
  ++answers_;
  return answer;
}

Result<ClusterState> ClusterProbe::Request() {
  const kube::Answer answer = client_.Get({*kube::BuiltIn("Namespace"), "", "kube-system", ""});
  ClusterState state;
  if (answer.object.ok()) {
    const Value metadata = answer.object->root().Get("metadata");
    state.identity = metadata.GetString("uid");
    if (const Value* freeze = metadata.Get("annotations").Find(kFreeze)) {
      const std::string_view why = freeze->AsString();
      state.frozen = fmt::format("the namespace 'kube-system' has the annotation '{}'{}{}", kFreeze, why.empty() ? "" : ": ", why);
    }
  } else if (answer.object.error().code() != Code::kDenied && answer.object.error().code() != Code::kNotFound) {
    return answer.object.error().Wrap("which cluster this is");
  }
  return state;
}

std::string WrongCluster(std::string_view cluster, const ClusterState& actual, const std::string& expected, const Inventory& inventory, const std::string& written_before) {
  if (!expected.empty()) {
    if (actual.identity == expected) return "";
    return fmt::format("cluster '{}' is not the one that is expected: {}", cluster,
                       actual.identity.empty() ? fmt::format("its namespace 'kube-system' cannot be read, and {} is expected", expected)
                                               : fmt::format("its kube-system namespace has the UID {}, expected is {}", actual.identity, expected));
  }
  if (actual.identity.empty()) return "";
  for (const auto& [known, from] : {std::pair(inventory.cluster(), "its inventory was written in"), std::pair(written_before, "it was applied to")})
    if (!known.empty() && known != actual.identity)
      return fmt::format("cluster '{}' is another one than before: its kube-system namespace has the UID {}; the cluster that {} has {}", cluster, actual.identity, from, known);
  return "";
}

}  // namespace plumb
