// The Kubernetes HTTP API over a Cluster: from requests to calls, from objects and errors to responses.
//
// Thread-safe. Serves the HTTP server and the in-process transport alike.
#pragma once

#include <memory>

#include "engine/http/server.h"
#include "engine/sandbox/cluster.h"
#include "engine/sandbox/request_info.h"
#include "engine/sandbox/watch.h"

namespace plumb::sandbox {

class ApiServer {
 public:
  // Both must outlive the server.
  ApiServer(Cluster& cluster, WatchHub& hub) : cluster_(cluster), hub_(hub) {}

  // Answers one request: at once, or for a watch with a stream.
  void Serve(const http::Request& request, std::shared_ptr<http::Responder> responder);

 private:
  struct Call;
  http::Response Static(const http::Request& request, const http::Target& target, const CrdSet& kinds);
  Answer<http::Response> Resources(Call& call);
  Answer<http::Response> GetOne(Call& call);
  Answer<http::Response> GetList(Call& call);
  Answer<http::Response> StartWatch(Call& call);
  Answer<http::Response> Create(Call& call);
  Answer<http::Response> Update(Call& call);
  Answer<http::Response> Patch(Call& call);
  Answer<http::Response> Delete(Call& call);
  Answer<http::Response> DeleteCollection(Call& call);
  Answer<http::Response> Scale(Call& call);
  Answer<http::Response> Eviction(Call& call);
  Answer<http::Response> Review(Call& call);

  Cluster& cluster_;
  WatchHub& hub_;
};

}  // namespace plumb::sandbox
