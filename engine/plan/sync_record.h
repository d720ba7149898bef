// What the inventory remembers of a sync, so that each hook runs once for it, whatever is killed when.
//
// The record is written before the first hook object is made, and again when the run ends. Between the two the hook objects
// are the record: they carry the sync that they belong to, and a finalizer, so that none can vanish before its end is noted.
//
// Plain values, no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/object.h"
#include "core/result.h"

namespace plumb {

// The phases of a sync (Argo CD's words), and those of an application's deletion.
enum class SyncPhase : uint8_t { kPreSync, kSync, kPostSync, kSyncFail, kPreDelete, kPostDelete };

// "PreSync", "Sync", "PostSync", "SyncFail", "PreDelete", "PostDelete".
std::string_view PhaseName(SyncPhase phase);

struct HookEntry {
  enum class State : uint8_t {
    kPending,    // not known to have ended
    kSucceeded,
    kFailed,
    kLeft,       // of an earlier sync: its object still has Plumb's finalizer
  };
  ObjectId id;
  std::string version;  // of the API
  SyncPhase phase = SyncPhase::kSync;
  State state = State::kPending;
  std::string uid;      // of the object that ran; "" while pending
  std::string message;  // of kFailed
  bool remove = false;  // of one that has ended: its delete policy says that its object goes

  bool operator==(const HookEntry&) const = default;
};

struct SyncRecord {
  std::string content;    // digest of everything that was to be applied: what makes two syncs the same
  std::string request;    // of a sync that somebody asked for: it runs hooks though the content is the same
  bool install = false;   // it began on a cluster without the application: Helm's install hooks run, else those of upgrades
  bool finished = false;  // everything was carried out, every hook has succeeded
  bool deletion_hooks = false;  // the source has PreDelete or PostDelete hooks: deleting the application needs it
  std::vector<HookEntry> hooks;

  // Stands in the annotation of this sync's hook objects and in generated names: 10 hexadecimal digits.
  std::string Token() const;
  const HookEntry* Find(const ObjectId& id, SyncPhase phase) const;
  bool operator==(const SyncRecord&) const = default;

  std::string ToJson() const;
  // Errors: kInvalid, naming the field. A damaged record is an error: hooks must not run twice for it.
  static Result<SyncRecord> Parse(std::string_view json);
};

}  // namespace plumb
