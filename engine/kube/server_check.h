// Asks the server about the objects that a diff is not sure of: a dry run of the apply, and of its answer a diff that is exact.
// Objects of which the diff is sure cost nothing; a verdict is kept as long as nothing changes that it depends on.
//
// A dry run runs admission and validation as the real apply would; it needs the right to patch. One that fails is an error to
// show: ObjectDiff::unanswered says why, and the object is as uncertain as it was, never "in sync". Where the server quotes sensitive
// values of the object they are masked.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "diff/mask.h"
#include "engine/kube/client.h"
#include "engine/kube/resource.h"

namespace plumb::kube {

// What is asked about.
enum class ServerCheckScope : uint8_t {
  kUncertain,  // objects that are there and of which the diff is not sure
  kAll,        // every object, creates too: what webhooks, quotas and validation say of it
};

struct ServerCheckOptions {
  ServerCheckScope scope = ServerCheckScope::kUncertain;
  size_t in_flight = 8;       // dry runs at a time
  size_t max_checks = 1'000;  // of one call; the rest stay as they are, and an error says how many
  size_t cache = 10'000;      // verdicts kept; the one that was used longest ago goes first
  Duration max_age = std::chrono::minutes(10);  // of a verdict: webhooks and policies, which nothing tells of, may answer another way by then
  std::string manager = "plumb";
  bool force = true;          // as the apply would be
};

// What a verdict depends on, beside the schema: the object's uid, the live object without status, resourceVersion and the times of
// managedFields, and what is applied. "" where there is no live object with a uid: creates are asked each time.
std::string VerdictKey(const ObjectDiff& diff);

// Thread-safe.
class ServerCheck {
 public:
  // `client` and `clock` must outlive it.
  explicit ServerCheck(Client& client, ServerCheckOptions options = {}, Clock& clock = Clock::Real())
      : client_(client), options_(std::move(options)), clock_(clock) {}

  struct Item {
    ObjectDiff* diff = nullptr;  // replaced by the server's verdict; left as it is where there is nothing to ask
    const Type* type = nullptr;  // as in DiffInput
    SchemaPtr schema;
  };
  using ResourceOf = std::function<std::optional<Resource>(const Gvk&)>;

  // Blocks until all are answered. The errors, one for each object that could not be checked: "Deployment shop/web: the server
  // refuses it: ...".
  std::vector<Error> Check(const std::vector<Item>& items, const ResourceOf& resource_of);

  size_t asked() const;  // dry runs sent so far

 private:
  struct Entry {
    Document answer;
    std::weak_ptr<const Schema> schema;  // of another schema the verdict is another
    TimePoint time;
    std::list<std::string>::iterator age;
  };

  bool IsAsked(const ObjectDiff& diff) const;
  Document Known(const std::string& key, const SchemaPtr& schema);
  void Keep(const std::string& key, const SchemaPtr& schema, const Document& answer);

  Client& client_;
  const ServerCheckOptions options_;
  const Masker masker_;
  Clock& clock_;
  mutable Mutex mu_;
  std::unordered_map<std::string, Entry> verdicts_ GUARDED_BY(mu_);
  std::list<std::string> ages_ GUARDED_BY(mu_);  // the one used longest ago first
  size_t asked_ GUARDED_BY(mu_) = 0;
};

}  // namespace plumb::kube
