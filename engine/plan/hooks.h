// Hooks: objects that run at a point of a sync instead of being kept in the cluster. Argo CD's annotations and Helm's, as one
// model of phases.
//
// Sources: Argo CD 3.5 (argocd.argoproj.io/hook, hook-delete-policy, sync-wave), Helm 4.2 (helm.sh/hook, hook-weight,
// hook-delete-policy). Where an object has both, Argo CD's count. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/object.h"
#include "core/result.h"
#include "engine/plan/sync_record.h"

namespace plumb {

// "plumb.dev/hook-run: NAMESPACE/APPLICATION@TOKEN/PHASE" on hook objects: which run they belong to.
inline constexpr std::string_view kHookRunAnnotation = "plumb.dev/hook-run";
// On hook objects that run to an end, until that end is on record: a Job with a TTL must not be gone before it was seen.
inline constexpr std::string_view kHookFinalizer = "plumb.dev/hook";

struct HookSpec {
  enum class When : uint8_t { kAlways, kInstall, kUpgrade };  // Helm tells a first sync from later ones
  struct Run {
    SyncPhase phase = SyncPhase::kSync;
    When when = When::kAlways;
  };
  std::vector<Run> runs;  // each phase at most once for install and upgrade; empty: never (Skip, Helm's test and rollback hooks)
  int wave = 0;           // within the phase: sync-wave, else Helm's weight
  bool before_creation = true, on_success = false, on_failure = false;  // when its object is deleted
};

// Whether the object is a hook, and no ordinary object. Helm's crd-install is ordinary.
bool IsHook(Value object);
// What its annotations say; for hooks only. Errors: kInvalid, naming the annotation, the word and a near one.
Result<HookSpec> HookSpecOf(Value object);

// One run of a hook as it is sent.
struct HookInstance {
  size_t hook = 0;  // index of its manifest
  SyncPhase phase = SyncPhase::kSync;
  HookSpec spec;
  HookSpec::When when = HookSpec::When::kAlways;
  ObjectId id;         // with its name: generateName gets "<token>-<phase>", so that it is found again after a crash
  Document object;     // annotated, with its finalizer
};

// Every run that the hooks may have in the sync of `record` (its content and request) of the application "namespace/name".
// Errors: of HookSpecOf, naming the file and the object.
Result<std::vector<HookInstance>> ExpandHooks(std::span<const Manifest> hooks, const SyncRecord& record, const std::string& application);

// The run a live hook object belongs to, of this application and sync; nullopt where it is of another, or no hook of ours.
std::optional<SyncPhase> RunOf(Value live, const SyncRecord& record, const std::string& application);

// Whether somebody's hook made this object: only such ones are deleted to make room for a new run.
bool LooksLikeHook(Value live);
bool HasHookFinalizer(Value live);

// SHA-256 over what a sync applies, in any order of the files. Secret values enter as a hash only.
std::string ContentOf(std::span<const Manifest> manifests, std::span<const Manifest> hooks);

}  // namespace plumb
