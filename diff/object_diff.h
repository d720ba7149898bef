// The drift comparison: does a live object say what its manifest declares, and where it does not, why and who wrote it.
//
// It is an owned-field projection. Compared are the leaves of the manifest, and the fields that the manifest declared
// when it was applied last and no longer does. Fields that nobody declared (server defaults, controllers' writes, webhook
// additions) cannot drift. Equality follows the type of each field: quantities, times, base64, lists by key, sets in any
// order, empty against absent (diff/canonical.h), defaults inside atomic lists (diff/defaults.h). docs/diff.md has the rules.
//
// Pure functions over immutable trees: thread-safe, no I/O, no clock. An unchanged 3 KB Deployment takes about 10 us.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/object.h"
#include "core/path.h"
#include "diff/schema.h"

namespace plumb {

class IgnoreRules;  // diff/ignore.h

enum class DiffAction : uint8_t {
  kNone,
  kCreate,
  kPatch,
  kDelete,  // never of DiffObject: DeletionOf makes it, so that what a plan deletes is shown like the rest
};

// "none", "create", "patch", "delete".
std::string_view DiffActionName(DiffAction action);

// Why a field differs.
enum class Cause : uint8_t {
  kCreated,            // the object is not there yet
  kChangedInGit,       // live is what we wrote; the manifest says something new
  kDrift,              // someone else wrote it after us: FieldChange::writer
  kRemovedFromGit,     // we wrote it, the manifest has it no longer: it will go
  kReleased,           // as kRemovedFromGit, but `writer` declares it too: the value stays, our claim goes
  kNotDeclaredBefore,  // we never owned it: a field new in the manifest, or an object that is being adopted
  kConflict,           // never ours, and `writer` holds it by server-side apply of its own
  kRewritten,          // we own it, the manifest did not change, and yet it differs: the server or a webhook rewrites it
};

// "changed in git", "drift", "removed from git", ...: stable words for text and JSON.
std::string_view CauseName(Cause cause);

// An entry of managedFields.
struct FieldWriter {
  std::string manager;      // "kubectl-edit"; "" where no entry has the field
  std::string time;         // RFC 3339 as the server wrote it; "" where unknown
  std::string operation;    // "Apply" or "Update"
  std::string subresource;  // "scale", "status" or ""
};

struct FieldChange {
  FieldPath path;                  // list items by key: spec.template.spec.containers[name=web].image
  std::optional<Value> old_value;  // in the cluster; absent where it has none
  std::optional<Value> new_value;  // as declared; absent where it goes
  Cause cause = Cause::kChangedInGit;
  FieldWriter writer;              // of kDrift, kReleased and kConflict
  bool immutable = false;          // the server refuses this change: the object must be replaced
  std::string note;                // of ignored changes: which rule, or what in the live state says so; else ""
  bool by_rule = false;            // `note` is a rule's place

  // "changed in git", "drift: written by kubectl-edit at 2026-01-02T03:04:05Z", "immutable: must be replaced", ...
  std::string Explain() const;
};

struct ObjectDiff {
  ObjectId id;
  Gvk gvk;
  Origin origin;
  DiffAction action = DiffAction::kNone;
  std::vector<FieldChange> changes;  // in the manifest's order, then what is removed; empty for kCreate and kNone
  std::vector<FieldChange> ignored;  // differences that a rule, or the state of the live object, says to leave alone
  // Why the server's answer may be another than this one; empty: exact. "Widget is not in the schema: ...".
  std::vector<std::string> uncertain;
  // The server was asked what it would make of the object and gave no answer, or refuses it: why. "" where it was not asked, too.
  std::string unanswered;
  std::vector<std::string> warnings;  // about the manifest: "spec.foo is not in the schema of Deployment: ..."
  std::vector<uint32_t> rules;        // indices of the ignore rules that apply to a field of this object
  Document live;                      // null for kCreate
  // What to send for the declared state: the manifest without what the server owns (status, uid, ...), Secrets'
  // stringData as data, and ignored fields as they are in the cluster. The manifest's own document where nothing changed.
  Document desired;
  Document memory;  // of values in `changes` that neither document owns

  bool exact() const { return uncertain.empty(); }
  // Why only the server knows what becomes of this field: the reason of `uncertain` that speaks of it, or of the whole object;
  // "" where it is exact.
  std::string WhyUncertain(const FieldChange& change) const;
  bool must_replace() const;  // any immutable change
};

struct DiffInput {
  Manifest manifest;
  Document live;                   // null: not there
  // The type of the manifest's kind. nullptr: not known, compared by structure, and labelled uncertain. `schema` keeps it.
  const Type* type = nullptr;
  SchemaPtr schema;
  // Who we are in managedFields: the entry of this manager with operation Apply says what was declared last.
  std::string_view manager = "plumb";
  const IgnoreRules* ignore = nullptr;  // may be null
  // What scales the object, as far as the caller knows ("HorizontalPodAutoscaler shop/web"): its replicas are not ours then.
  std::string_view autoscaler = {};
  // The manifest as it was applied last, where the caller still has it: makes causes exact. Null: told from managedFields.
  Document declared_before;
};

// Never fails: what cannot be compared with certainty is compared by structure, and `uncertain` says so.
// Cost: O(manifest + our managedFields entry), and only differences build paths.
ObjectDiff DiffObject(const DiffInput& input);

// The diff of an object that goes.
ObjectDiff DeletionOf(const Document& live);

}  // namespace plumb
