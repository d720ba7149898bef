// A snapshot: what a review needs of a cluster, in one file, so that a pipeline needs no credentials for it.
//
// It holds what the cluster serves, the objects that somebody wrote (those with a controlling owner only by name), and the
// definitions of custom kinds. Secrets and other sensitive values are hashed with a salt; without status, but of Jobs.
//
// The salt is in the file, unless the snapshot was taken with a key of its own ($PLUMB_SNAPSHOT_KEY): then a reader needs
// the same key, and who has the file alone cannot try passwords against it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "core/arena.h"
#include "diff/mask.h"
#include "engine/kube/client.h"
#include "engine/kube/discovery.h"
#include "engine/loop/application_plan.h"

namespace plumb::cli {

struct SnapshotOptions {
  std::vector<std::string> namespaces;  // only these, and what is cluster-scoped; empty: all
  std::string key;                      // "" for a random salt that goes into the file
  std::string time;                     // RFC 3339
  size_t objects = 200'000;             // of all kinds; more is kLimit
};

// Reads the cluster. Kinds that may not be read, or cannot be, are written down as unknown with the reason.
// Errors: of discovery; kLimit.
Result<Document> TakeSnapshot(kube::Client& client, kube::Discovery& discovery, const SnapshotOptions& options);

// A snapshot to compare with. Immutable; thread-safe.
class Snapshot {
 public:
  // `key`: $PLUMB_SNAPSHOT_KEY. Errors: kInvalid (no snapshot; another version), kDenied (it was taken with another key).
  static Result<std::shared_ptr<const Snapshot>> Read(Document document, std::string_view key);

  const std::string& time() const { return time_; }
  // The lookups of a plan. The snapshot must outlive them.
  LiveLookup Live() const;
  ScopeLookup Scopes() const;
  SchemaLookup Schemas() const;
  // What makes a manifest comparable with the snapshot's objects: its sensitive values hashed in the same way.
  const Masker& masker() const { return *masker_; }
  // The manifest as the snapshot would hold it.
  Manifest Hashed(const Manifest& manifest) const;

 private:
  struct Kind {
    bool namespaced = false;
    std::string unknown;  // why it could not be read; "" where it was
  };

  LiveObject Find(const WantedObject& wanted) const;

  Document document_;
  std::string time_;
  std::set<std::string> namespaces_;
  std::unique_ptr<Masker> masker_;
  std::map<Gvk, Kind> kinds_;
  std::map<ObjectId, Document> objects_;
  std::set<ObjectId> owned_;  // there, and left out
  SchemaPtr schema_;          // of the custom kinds
};

// The text of a file, unpacked where it is gzip. Errors: kNotFound, kInvalid, kLimit.
Result<Document> ReadSnapshotFile(const std::string& file);
// Packed where the name ends in ".gz"; whole or not at all. Errors: kUnavailable.
Status WriteSnapshotFile(const std::string& file, Value snapshot);

}  // namespace plumb::cli
