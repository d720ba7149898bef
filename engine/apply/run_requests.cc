// What a run sends: applies, deletes, looks and the record, with the references that they need.
#include <algorithm>

#include <fmt/core.h>

#include "engine/apply/run.h"

namespace plumb {

kube::ObjectRef RecordRef(const Inventory& inventory) {
  const ObjectId id = inventory.record();
  return {*kube::BuiltIn("ConfigMap"), id.ns, id.name, ""};
}

kube::WriteOptions RecordWrite(const ApplyOptions& options) { return {.field_manager = options.field_manager, .force = true, .metadata_only = true}; }

// Every version that the plan's CRDs serve, so that their objects need not wait for a new discovery.
void ApplyRun::FindKindsOfCrds() {
  for (const plumb::Step& step : plan_.steps) {
    if (step.id.kind != "CustomResourceDefinition") continue;
    const Value spec = (step.desired.root().is_null() ? step.live : step.desired)->Get("spec"), names = spec.Get("names");
    for (Value version : spec.Get("versions").items()) {
      kube::Resource resource;
      resource.gvk = {std::string(spec.GetString("group")), std::string(version.GetString("name")), std::string(names.GetString("kind"))};
      resource.plural = names.GetString("plural");
      resource.namespaced = spec.GetString("scope") != "Cluster";
      from_crds_.push_back(std::move(resource));
    }
  }
}

Result<kube::ObjectRef> ApplyRun::RefOf(const Gvk& gvk, const ObjectId& id) const {
  std::optional<kube::Resource> resource = resources_(gvk);
  if (!resource) {
    const auto found = std::find_if(from_crds_.begin(), from_crds_.end(), [&](const kube::Resource& r) { return r.gvk == gvk; });
    if (found == from_crds_.end()) return Invalid(fmt::format("the cluster does not serve kind '{}' of '{}'", gvk.kind, gvk.ApiVersion()));
    resource = *found;
  }
  return kube::ObjectRef{*std::move(resource), id.ns, id.name, ""};
}

void ApplyRun::SendStep(size_t step) {
  if (plan_.steps[step].hook && work_[step].replace == Replace::kNo) return SendHook(step);
  const Action action = plan_.steps[step].action;
  const bool remove = action == Action::kDelete || work_[step].replace == Replace::kDeleting ||
                      (action == Action::kReplace && work_[step].replace == Replace::kNo);
  if (remove) SendDelete(step);
  else SendApply(step);
}

void ApplyRun::SendApply(size_t step) {
  auto ref = RefOf(step);
  if (!ref.ok()) return FailStep(step, ref.error().message());
  kube::WriteOptions write;
  write.field_manager = options_.field_manager;
  write.force = options_.force;
  write.metadata_only = !schedule_.WantsObject(step);
  ++on_wire_;
  ++writes_on_wire_;
  ++report_.requests;
  // Where its kind is watched already, so is the object from here on: the answer is then all there is to know.
  if (schedule_.WantsObject(step) && !work_[step].watching && watches_.Open(*ref, WatchLabel(step))) StartWatch(step, false);
  client_.Apply(*ref, plan_.steps[step].desired.root(), write, ReplyTo(Purpose::kWrite, step));
}

void ApplyRun::SendDelete(size_t step) {
  auto ref = RefOf(step);
  if (!ref.ok()) return FailStep(step, ref.error().message());
  if (plan_.steps[step].uid.empty()) return FailStep(step, "is not deleted: its UID is not known");
  if (const Status archived = ArchiveFirst(step); !archived.ok()) return FailStep(step, "is not deleted: " + archived.error().message());
  if (plan_.steps[step].action != Action::kDelete) work_[step].replace = Replace::kDeleting;
  ++on_wire_;
  ++writes_on_wire_;
  ++report_.requests;
  client_.Delete(*ref, {.uid = plan_.steps[step].uid, .propagation = options_.propagation}, ReplyTo(Purpose::kDelete, step));
}

Status ApplyRun::ArchiveFirst(size_t step) {
  if (archive_error_) return *archive_error_;
  if (!options_.before_removal || work_[step].archived) return Ok();
  std::vector<size_t> steps;
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const Action action = plan_.steps[i].action;
    const bool removes = (action == Action::kDelete || action == Action::kReplace) && !plan_.steps[i].hook && schedule_.state(i) != Schedule::State::kHeld;
    if ((removes || i == step) && !std::exchange(work_[i].archived, true)) steps.push_back(i);
  }
  const Status kept = options_.before_removal(plan_, steps);
  if (!kept.ok()) archive_error_ = kept.error();
  return kept;
}

void ApplyRun::SendRead(size_t step) {
  auto ref = RefOf(step);
  if (!ref.ok()) return FailStep(step, ref.error().message());
  ++on_wire_;
  ++report_.requests;
  client_.Get(*ref, ReplyTo(Purpose::kRead, step));
}

void ApplyRun::SendInventory(const Inventory& inventory, Purpose purpose) {
  target_ = inventory;
  auto object = inventory.ToObject();
  if (!object.ok() && purpose == Purpose::kRecord) return OnRecorded({object.error(), {}, {}, false});
  if (!object.ok()) {
    error_ = object.error();
    if (phase_ == Phase::kAfter) report_.errors.push_back(error_->message());
    phase_ = Phase::kOver;
    return;
  }
  ++on_wire_;
  ++report_.requests;
  records().Apply(RecordRef(inventory), object->root(), RecordWrite(options_), ReplyTo(purpose, 0));
}

kube::Client::Callback ApplyRun::ReplyTo(Purpose purpose, size_t step) {
  return [mailbox = mailbox_, purpose, step](kube::Answer answer) { mailbox->Put({purpose, step, std::move(answer)}); };
}

}  // namespace plumb
