// What several controllers need: owners, pods of an owner, conditions, and writes in the controllers' name.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/edit.h"
#include "engine/sandbox/cluster.h"
#include "engine/sandbox/controllers/manager.h"

namespace plumb::sandbox {

constexpr std::string_view kNodeName = "sandbox-node";

StoreKey KeyOf(const std::string& resource, Value object);
inline std::string_view NameOf(Value object) { return GetAt(object, {"metadata", "name"}).AsString(); }
inline std::string_view NamespaceOf(Value object) { return GetAt(object, {"metadata", "namespace"}).AsString(); }
inline std::string_view UidOf(Value object) { return GetAt(object, {"metadata", "uid"}).AsString(); }
inline bool Terminating(Value object) { return object.Get("metadata").Has("deletionTimestamp"); }

// The reference with `controller: true`, or null.
Value ControllerRef(Value object);
// Enqueues an object of `resource` itself, and the controller of one of `dependent`.
void Enqueues(const Change& change, std::string_view resource, std::string_view kind, std::string_view dependent,
              const std::function<void(const StoreKey&)>& enqueue);

// The objects of a resource that `owner` controls, oldest first.
std::vector<Document> Controlled(const Cluster& cluster, Value owner, std::string_view resource);

bool PodReady(Value pod);
bool PodActive(Value pod);  // neither finished nor going
// Ready for at least `min_ready_seconds`; where it is ready but not yet so long, `*wait` says how long it takes.
bool PodAvailable(const Cluster& cluster, Value pod, int64_t min_ready_seconds, std::optional<Duration>* wait);

// A pod of `template`, owned by `owner`; its name is `name`, or generated from the owner's where that is empty.
Document PodFrom(Value owner, Value pod_template, std::string_view name, const std::vector<Member>& labels);

// `conditions` with one set; its transition time changes with its status only.
Value WithCondition(Arena& arena, Value conditions, WallTime now, std::string_view type, bool status, std::string_view reason,
                    std::string_view message);
Value FindCondition(Value conditions, std::string_view type);  // null where there is none

// Writes in the name of the controllers; what fails is left to the next reconcile. Each returns whether it was done.
// Functions given run inside of the cluster's transaction: they must not call it.
bool CreateObject(Cluster& cluster, std::string_view resource, std::string_view ns, const Document& object);
bool ChangeObject(Cluster& cluster, const StoreKey& key, const std::string& subresource, const std::function<Value(Arena&, Value)>& change);
bool DeleteObject(Cluster& cluster, const StoreKey& key, Value object, const std::string& propagation = "Background", int64_t grace = -1);
// Replaces the status where it differs.
void SetStatus(Cluster& cluster, const StoreKey& key, const std::function<Value(Arena&, Value)>& status_of);

// Counters as Go writes them: zero is left out.
void AddCount(std::vector<Member>& members, std::string_view field, int64_t count);

// A short stable name for a template: the same for equal ones.
std::string TemplateHash(Value pod_template, int64_t collisions);

// A number, or a percentage of `total` (rounded up or down).
int64_t ResolveCount(Value number_or_percent, int64_t total, bool up);

}  // namespace plumb::sandbox
