#include "engine/apply/hook_cleaner.h"

#include <fmt/core.h>

#include "core/edit.h"
#include "engine/plan/hooks.h"

namespace plumb {
namespace {

constexpr int kReads = 5;  // others write finalizers too: as often the patch may meet another list than was read

// Refused by the server where the object or its list of finalizers is another one by now.
Document ReleasePatch(const std::string& uid, size_t index) {
  return BuildDocument([&](Arena& a) {
    const std::string path = fmt::format("/metadata/finalizers/{}", index);
    const Value op = Arena::Borrow("test");
    return a.List({a.Map({{"op", op}, {"path", Arena::Borrow("/metadata/uid")}, {"value", a.String(uid)}}),
                   a.Map({{"op", op}, {"path", a.String(path)}, {"value", Arena::Borrow(kHookFinalizer)}}),
                   a.Map({{"op", Arena::Borrow("remove")}, {"path", a.String(path)}})});
  });
}

}  // namespace

void HookCleaner::Add(Item item) {
  work_.push_back({std::move(item)});
  ++busy_;
  Read(work_.size() - 1);
}

void HookCleaner::Read(size_t i) {
  work_[i].state = State::kReading;
  ++work_[i].reads;
  client_.Get(work_[i].item.ref, reply_(i));
}

HookCleaner::Result HookCleaner::Finish(End end, std::string error, Document object) {
  --busy_;
  return {end, std::move(object), std::move(error)};
}

std::optional<HookCleaner::Result> HookCleaner::Handle(size_t i, const kube::Answer& answer) {
  Work& work = work_[i];
  if (answer.object.ok()) {
    if (work.state == State::kReading) return AfterRead(i, *answer.object);
    if (work.state == State::kReleasing) return AfterRelease(i);
    if ((*answer.object)->Get("metadata").Get("deletionTimestamp").is_null()) return Finish(End::kGone);
    return Finish(End::kDeleting, "", *answer.object);
  }
  const Code code = answer.object.error().code();
  if (code == Code::kNotFound) return Finish(End::kGone);
  if (code == Code::kConflict && work.state == State::kDeleting) return Finish(End::kGone);  // another object of the name
  if (work.state == State::kReleasing && (code == Code::kConflict || code == Code::kInvalid) && work.reads < kReads) {
    Read(i);
    return std::nullopt;
  }
  return Finish(End::kFailed, answer.object.error().message());
}

std::optional<HookCleaner::Result> HookCleaner::AfterRead(size_t i, const Document& object) {
  Work& work = work_[i];
  const Value metadata = object->Get("metadata");
  if (metadata.GetString("uid") != work.item.uid) return Finish(End::kGone);
  const Value finalizers = metadata.Get("finalizers");
  for (size_t f = 0; f < finalizers.size(); ++f) {
    if (finalizers[f].AsString() != kHookFinalizer) continue;
    work.state = State::kReleasing;
    client_.Patch(work.item.ref, kube::PatchType::kJson, ReleasePatch(work.item.uid, f).root(), {}, reply_(i));
    return std::nullopt;
  }
  return AfterRelease(i);
}

std::optional<HookCleaner::Result> HookCleaner::AfterRelease(size_t i) {
  Work& work = work_[i];
  if (!work.item.remove) return Finish(End::kReleased);
  work.state = State::kDeleting;
  // In the foreground where a new run waits: the pods of two runs must not meet.
  client_.Delete(work.item.ref, {.uid = work.item.uid, .propagation = work.item.step >= 0 ? "Foreground" : "Background"}, reply_(i));
  return std::nullopt;
}

}  // namespace plumb
