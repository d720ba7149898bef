// A cluster in memory behind a Transport, for tests of apply: requests wait in a queue until the test lets the server
// handle one, so that order, loss and delay are in the test's hand. It knows as much of Kubernetes as order depends on:
// namespaces and CRDs have to be there (and ready) before what needs them, deletes check UIDs, finalizers hold objects.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/object.h"
#include "engine/kube/resource.h"
#include "engine/kube/transport.h"

namespace plumb::testing {

class FakeCluster final : public kube::Transport {
 public:
  struct Pending {
    http::Request request;
    Done done;
  };
  struct Entry {
    Document object;
    int generation = 0;
  };

  void Send(http::Request request, std::chrono::milliseconds, Done done) override { pending.push_back({std::move(request), std::move(done)}); }
  std::unique_ptr<Stream> Open(http::Request request, kube::StreamHandler handler) override;

  // Handles the request at `index` of the queue and answers it. With `answer` false the answer is lost on the way.
  void Handle(size_t index = 0, bool answer = true);
  // Controllers do one round of work: namespaces become active, CRDs established, Deployments and Jobs ready. A Job with the
  // annotation test/fails fails, one with test/hangs runs on; what is over and has a ttlSecondsAfterFinished is deleted.
  void Tick();

  const Entry* Find(const ObjectId& id) const;
  Document Get(const ObjectId& id) const;  // null where absent
  void Put(Document object);               // as somebody else would, with a fresh UID
  void Remove(const ObjectId& id);
  void Notify(std::string_view type, const Document& object) const;  // tells who watches; of an older object: too late
  void ExpireNext(const ObjectId& id) { expires_.insert(id); }  // somebody deletes it at the next Tick

  std::vector<Pending> pending;
  std::map<ObjectId, Entry> objects;
  struct Creation {
    ObjectId id;
    std::string uid, run;  // run: the annotation plumb.dev/hook-run
  };
  std::vector<Creation> creations;  // of everything that was made by a request
  std::vector<std::string> log;  // "PATCH Deployment shop/web", in the order of handling
  // What the server answers instead, where it answers something: "403 {...}".
  std::function<std::optional<http::Response>(const http::Request&)> intercept;
  bool controllers = true;  // false: nothing becomes ready
  std::function<bool(const Entry&)> due;  // where set: the controllers have got to this object by now
  bool watches = true;      // false: lists and watches are refused, as by RBAC

 private:
  http::Response Serve(const http::Request& request);
  struct OpenStream {
    kube::ObjectRef collection;
    std::string label;
    kube::StreamHandler handler;
  };
  class StreamHandle;
  http::Response List(const kube::ObjectRef& collection, std::string_view label) const;
  Document Store(const Document& object, int generation);
  http::Response Patch(const kube::ObjectRef& ref, const http::Request& request);
  http::Response JsonPatch(const kube::ObjectRef& ref, const http::Request& request);
  void Expire(const ObjectId& id);
  http::Response Delete(const kube::ObjectRef& ref, const http::Request& request);
  std::optional<http::Response> Refuse(const kube::ObjectRef& ref) const;
  std::set<ObjectId> expires_;
  int next_uid_ = 1, revision_ = 0;
  std::vector<std::shared_ptr<OpenStream>> streams_;
};

// The kinds the fake serves, as discovery would tell them; kinds of CRDs are not among them.
std::optional<kube::Resource> FakeResources(const Gvk& gvk);

}  // namespace plumb::testing
