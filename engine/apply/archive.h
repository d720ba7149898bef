// What Plumb deleted and replaced, kept for some days so that `plumb undelete` brings it back.
//
// One compressed file in a folder for each plan, written before the first of its deletes is sent, readable by its owner alone.
// Values of Secrets are never in it in plain text: they are left out, or sealed under a key (core/seal.h). A folder may be
// shared by several processes. Bounded in age and size: the oldest files go first.
//
// Thread-safe: it has no state but the folder.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "engine/plan/plan.h"

namespace plumb {

struct ArchiveOptions {
  std::string folder;
  std::string key;                        // 32 bytes of LoadSealingKey; "": values of Secrets are left out
  Duration age = std::chrono::hours(24 * 14);
  size_t bytes = 256u << 20;              // of all files together, compressed
  size_t expanded_bytes = 256u << 20;     // of one file, uncompressed
};

struct ArchivedObject {
  Action action = Action::kDelete;        // or kReplace
  Document object;                        // as it was in the cluster, without managedFields; of a Secret without its values
  bool without_values = false;            // a Secret whose values were left out, or that the key at hand does not open
};

struct ArchivedPlan {
  std::string file;                       // its name in the folder
  WallTime time{};
  std::string ns, application, digest;
  std::string cluster;                    // UID of its kube-system namespace; "" where it was not known
  std::vector<ArchivedObject> objects;
};

class Archive {
 public:
  explicit Archive(ArchiveOptions options, Clock& clock = Clock::Real()) : options_(std::move(options)), clock_(clock) {}

  // Keeps these steps' live objects, and forgets what is too old or too much. Errors: kUnavailable (the folder cannot be
  // written), kLimit (this plan alone is too large): nothing may be deleted then.
  Status Put(const Plan& plan, const std::vector<size_t>& steps, const std::string& ns, const std::string& cluster) const;

  // The plans, the newest first. Files that are damaged, or of another program, are left out with a word in `trouble`.
  std::vector<ArchivedPlan> List(std::vector<std::string>* trouble) const;

 private:
  void Sweep(const std::string& keep) const;
  Result<ArchivedPlan> Read(const std::string& file) const;

  const ArchiveOptions options_;
  Clock& clock_;
};

// The object to create again: without what the server gave it (uid, status, addresses, node, bound volume), without the label
// of its ApplySet, so that no application deletes it again. Of what the object was the owner of, nothing comes back.
Document Restorable(const Document& object);

}  // namespace plumb
