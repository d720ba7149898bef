#include "engine/apply/applier.h"

#include <algorithm>

#include "engine/apply/run.h"

namespace plumb {

Applier::Applier(kube::Client& client, ResourceLookup resources, ApplyOptions options, Clock& clock)
    : client_(client), resources_(std::move(resources)), options_(std::move(options)), clock_(clock) {}

Result<ApplyReport> Applier::Run(const Plan& plan, const Inventory& inventory, const ApplyProgress& progress, std::stop_token stop) {
  ApplyRun run(client_, resources_, options_, clock_, plan, inventory, progress);
  while (run.Step()) {
    if (stop.stop_requested()) {
      run.Cancel();
      if (!run.Step()) break;
    }
    const TimePoint timer = run.NextTimer();
    std::optional<Duration> longest;
    const TimePoint now = clock_.Now();
    if (timer != TimePoint::max()) longest = timer > now ? timer - now : Duration{};
    // After a cancel only answers count: `stop` would wake the wait at once, again and again.
    run.mailbox().Wait(longest, stop.stop_requested() ? std::stop_token() : stop);
  }
  return run.Finish();
}

Status Applier::Record(const Inventory& inventory) {
  PLUMB_TRY(object, inventory.ToObject());
  kube::Client& client = options_.records ? *options_.records : client_;
  const kube::Answer answer = client.Apply(RecordRef(inventory), object.root(), RecordWrite(options_));
  return answer.object.ok() ? Ok() : Status(answer.object.error().Wrap("inventory"));
}

}  // namespace plumb
