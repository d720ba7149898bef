// The Kubernetes API as typed calls on a Transport: objects in and out as document trees, refusals as errors, retries
// where they can do no harm.
//
// Each call has two forms. With a callback it returns at once; the callback comes once, on the transport's thread (or
// inline): do not block in it. Without one it blocks; never call that form from a callback.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/clock.h"
#include "engine/kube/api_error.h"
#include "engine/kube/resource.h"
#include "engine/kube/transport.h"

namespace plumb::kube {

// One attempt of a request, for metrics and traces.
struct RequestEvent {
  std::string_view verb;    // get list watch create update patch apply delete
  std::string_view plural;  // "deployments"; "" for paths without a resource
  int code = 0;             // HTTP status; 0 where no server answered
  Duration took{};
};

struct ClientOptions {
  std::chrono::milliseconds timeout{30'000};  // of one attempt
  int attempts = 4;                           // of one request: 1 is no retry
  Duration retry_first = std::chrono::milliseconds(100);  // doubles; jitter up to half is added
  Duration retry_max = std::chrono::seconds(10);
  Duration retry_after_max = std::chrono::seconds(30);  // a server that asks for a longer pause gets an error at once
  size_t page = 500;                          // objects of one page of a list
  size_t list_objects = 1'000'000;            // more in one list are kLimit
  std::function<void(const RequestEvent&)> on_request{};  // called on the transport's thread
};

// What came of a write or a read of one object.
struct Answer {
  Result<Document> object;            // what the server stored (or would), or why not
  ApiStatus status;                   // the details of a refusal; http is 0 where no server answered
  std::vector<std::string> warnings;  // the server's, of success and refusal
  bool created = false;               // 201
};

enum class FieldValidation : uint8_t { kStrict, kWarn, kIgnore };  // of fields the schema does not know, or given twice

struct WriteOptions {
  std::string field_manager = "plumb";
  bool force = false;          // Apply: take fields over from other managers
  bool dry_run = false;
  FieldValidation validation = FieldValidation::kStrict;
  bool metadata_only = false;  // answer with PartialObjectMetadata: 10-30 % less work for the server
};

enum class PatchType : uint8_t { kJson, kMerge, kStrategic };

struct DeleteOptions {
  std::string uid{};               // delete only this very object: another of the name is kConflict
  std::string resource_version{};  // and only in this state
  std::string propagation = "Background";  // Background, Foreground, Orphan; "" for the kind's default
  bool dry_run = false;
};

struct ListOptions {
  std::string ns{};  // "": all
  std::string label_selector{}, field_selector{};
  std::string resource_version{};  // "": the newest state
  bool metadata_only = false;
};

struct ObjectList {
  std::vector<Document> items;   // with apiVersion and kind, which servers leave out within lists
  std::string resource_version;  // to watch from
};

// Thread-safe. Objects handed in are written out before the call returns.
class Client {
 public:
  using Callback = std::function<void(Answer)>;
  using ListCallback = std::function<void(Result<ObjectList>)>;
  using RawCallback = std::function<void(Result<http::Response>)>;

  explicit Client(std::shared_ptr<Transport> transport, ClientOptions options = {}, Clock& clock = Clock::Real());
  // Requests that wait for a retry end with kCancelled. Those on the wire end as the transport says.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Get(const ObjectRef& ref, Callback done);
  Answer Get(const ObjectRef& ref);

  // All pages, or an error: never a part. A continue token that expired on the way (410) starts again, the third time
  // without pages. Errors: also kLimit.
  void List(const Resource& resource, const ListOptions& options, ListCallback done);
  Result<ObjectList> List(const Resource& resource, const ListOptions& options = {});

  // Retried only where the server says that it did nothing (429, 503 with Retry-After).
  void Create(const Resource& resource, std::string_view ns, Value object, const WriteOptions& options, Callback done);
  Answer Create(const Resource& resource, std::string_view ns, Value object, const WriteOptions& options = {});

  // With metadata.resourceVersion in `object`: kConflict where it changed since.
  void Update(const ObjectRef& ref, Value object, const WriteOptions& options, Callback done);
  Answer Update(const ObjectRef& ref, Value object, const WriteOptions& options = {});

  void Patch(const ObjectRef& ref, PatchType type, Value patch, const WriteOptions& options, Callback done);
  Answer Patch(const ObjectRef& ref, PatchType type, Value patch, const WriteOptions& options = {});

  // Server-side apply: creates what is not there. Conflicts: kConflict, see ApiStatus::ApplyConflict().
  void Apply(const ObjectRef& ref, Value object, const WriteOptions& options, Callback done);
  Answer Apply(const ObjectRef& ref, Value object, const WriteOptions& options = {});

  // The answer's object is the server's Status, or the object where finalizers or foreground deletion keep it.
  // kNotFound where it is gone already.
  void Delete(const ObjectRef& ref, const DeleteOptions& options, Callback done);
  Answer Delete(const ObjectRef& ref, const DeleteOptions& options = {});

  // A GET of any path, for discovery, OpenAPI and health. Statuses of 400 and above are errors as everywhere.
  void GetRaw(std::string target, std::string accept, RawCallback done);
  Result<http::Response> GetRaw(std::string target, std::string accept = "application/json");

  Transport& transport() const;
  const ClientOptions& options() const;

  // Sends retries that are due. Only for tests with a fake clock; with the real one a thread does it.
  size_t RunDueRetries();

 private:
  class Core;
  std::shared_ptr<Core> core_;
  std::shared_ptr<Transport> transport_;
};

}  // namespace plumb::kube
