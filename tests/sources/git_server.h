// Repositories over HTTP, served by git's own CGI program: what an Application in a cluster can name.
#pragma once

#include <memory>
#include <string>

#include "engine/http/server.h"

namespace plumb {

// Asks `git http-backend` for a repository below `root`. Without `new_protocol` the client is answered as by an old server.
http::Response AskGit(const http::Request& request, const std::string& root, bool new_protocol = true);

// Serves every repository below a folder until it goes.
class GitServer {
 public:
  explicit GitServer(const std::string& root);
  ~GitServer() { server_->Stop(); }
  std::string Url(const std::string& repository) const;  // of a work tree, by the name of its folder

 private:
  std::unique_ptr<http::Server> server_;
};

}  // namespace plumb
