// The merge schemas of a cluster's kinds, read from its OpenAPI documents as they are needed and kept by their hash.
//
// OpenAPI v3 is one document a group-version (0.1 to 3 MB); servers before 1.24 have one v2 document for everything.
#pragma once

#include <map>
#include <string>

#include "core/clock.h"
#include "core/mutex.h"
#include "diff/schema.h"
#include "engine/kube/client.h"

namespace plumb::kube {

struct SchemaCacheOptions {
  std::string folder{};       // documents are kept here between runs; "": in memory only
  size_t folder_files = 512;  // the oldest beyond that are removed
  Duration index_interval = std::chrono::minutes(5);        // the index of documents is read again after this,
  Duration miss_interval = std::chrono::milliseconds(500);  // and after this where it lacks what is asked for
};

// Thread-safe; blocks while it asks the server, never call it from a transport's callback.
class SchemaCache {
 public:
  explicit SchemaCache(Client& client, SchemaCacheOptions options = {}, Clock& clock = Clock::Real());

  // A schema that knows the kinds of gvk's group-version. Find(gvk) in it may still be nullptr: a CRD without a schema.
  // Errors: kNotFound (the server has no document of that group-version), kUnavailable and others of the server.
  Result<SchemaPtr> ForKind(const Gvk& gvk);

  // A CustomResourceDefinition changed: read the index again at the next call. Documents whose hash stayed are kept.
  void Invalidate();

 private:
  struct Known {
    std::string url;   // with ?hash=
    std::string loaded;  // the url that `schema` is of
    SchemaPtr schema;
  };

  Status ReadIndex() REQUIRES(mu_);
  Result<SchemaPtr> LoadVersion3(Known& known) REQUIRES(mu_);
  Result<SchemaPtr> LoadVersion2() REQUIRES(mu_);

  Client& client_;
  const SchemaCacheOptions options_;
  Clock& clock_;
  Mutex mu_;  // held while asking: several threads that need one document ask for it once
  std::map<std::string, Known> known_ GUARDED_BY(mu_);  // by "apis/apps/v1"
  bool version2_ GUARDED_BY(mu_) = false;               // the server has no v3
  SchemaPtr all_ GUARDED_BY(mu_);                       // of v2
  bool type_at_reference_ GUARDED_BY(mu_) = true;
  bool have_index_ GUARDED_BY(mu_) = false;
  TimePoint index_read_ GUARDED_BY(mu_);
};

}  // namespace plumb::kube
