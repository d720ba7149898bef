// Asks the server about the objects that a diff is not sure of: a dry run of the apply, and of its answer a diff that is exact.
// Objects of which the diff is sure cost nothing; a verdict is kept as long as nothing changes that it depends on.
//
// A dry run runs admission and validation as the real apply would; it needs the right to patch. One that fails is an error to
// show, and the object stays as uncertain as it was: never "in sync".
#pragma once

#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "diff/object_diff.h"
#include "engine/kube/client.h"
#include "engine/kube/resource_map.h"

namespace plumb::kube {

struct ServerCheckOptions {
  size_t in_flight = 8;       // dry runs at a time
  size_t max_checks = 1'000;  // of one call; the rest stay uncertain, and an error says how many
  size_t cache = 10'000;      // verdicts kept; the one that was used longest ago goes first
  std::string manager = "plumb";
  bool force = true;          // as the apply would be
};

// What a verdict depends on: the object's uid, the live object without status and the times of managedFields, what is applied,
// and the schema (its hash or revision). "" where there is no live object with a uid: creates are asked each time.
std::string VerdictKey(const ObjectDiff& diff, std::string_view schema);

// Thread-safe.
class ServerCheck {
 public:
  // `client` must outlive it.
  explicit ServerCheck(Client& client, ServerCheckOptions options = {}) : client_(client), options_(std::move(options)) {}

  struct Item {
    ObjectDiff* diff = nullptr;      // replaced by the server's verdict; left as it is where exact, or where asking failed
    const Type* type = nullptr;      // as in DiffInput
    SchemaPtr schema;
    std::string schema_revision;     // changes when the schema does
  };

  // Blocks until all are answered. The errors, one for each object that could not be checked: "Deployment shop/web: the server
  // refuses it: ...".
  std::vector<Error> Check(const std::vector<Item>& items, const ResourceMap& resources);

  size_t asked() const;  // dry runs sent so far

 private:
  struct Entry {
    Document answer;
    std::list<std::string>::iterator age;
  };

  Document Known(const std::string& key);
  void Keep(const std::string& key, const Document& answer);

  Client& client_;
  const ServerCheckOptions options_;
  mutable Mutex mu_;
  std::unordered_map<std::string, Entry> verdicts_ GUARDED_BY(mu_);
  std::list<std::string> ages_ GUARDED_BY(mu_);  // the one used longest ago first
  size_t asked_ GUARDED_BY(mu_) = 0;
};

}  // namespace plumb::kube
