// The end of an application whose object is deleted with the finalizer plumb.dev/delete: what it made goes, in reverse order.
#include "engine/kube/client.h"
#include "engine/loop/reconciler.h"

namespace plumb {

// A plan of which nothing is wanted any more, by the rules of every other: only what the inventory names, by UID, what is
// needed last. Neither the source nor its freshness matters, but for an application that had PreDelete or PostDelete hooks: without
// knowing them nothing is deleted. Protected kinds wait for approval.
Status Reconciler::DeleteAll(std::stop_token stop) {
  if (gone_) return Ok();
  fresh_ = {true, ""};
  source_failure_.clear();
  render_failure_.clear();
  waiting_.clear();
  {
    MutexLock lock(mu_);
    revision_synced_ = false;
    if (revision_.empty()) revision_ = status_.revision;
    // Whoever deleted the object asked for it; windows hold it where they hold people too.
    if (!request_) request_ = SyncRequest{status_.sync_handled, "deletion"};
  }
  bool finished = false;
  Status status = Ok();
  if (!inventory_) status = LoadInventory();
  if (status.ok() && inventory_->sync() && inventory_->sync()->deletion_hooks && !rendering_.rendered()) {
    RefreshSources();
    if (!rendering_.rendered())
      status = Unavailable("its PreDelete and PostDelete hooks are not known, as its source could not be read; without the finalizer "
                           "'plumb.dev/delete' it goes and leaves what it made");
    fresh_ = {true, ""};
  }
  if (status.ok()) status = CompleteManifests();
  if (status.ok()) status = SyncAll(stop, finished);
  if (status.ok() && finished && revision_synced_) {
    const kube::Answer answer = target_->record_client().Delete(RecordRef(*inventory_));
    if (!answer.object.ok() && answer.object.error().code() != Code::kNotFound) status = answer.object.error().Wrap("inventory");
    else gone_ = true;
  }
  if (stop.stop_requested() || (status.ok() && !finished)) return status;
  sync_failure_.clear();
  if (status.ok()) backoff_.Reset(application_.name);
  else if (retry_at_ == TimePoint::max()) Failed(status.error(), status.error().code() != Code::kInvalid);
  return status;
}

}  // namespace plumb
