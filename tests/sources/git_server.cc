#include "tests/sources/git_server.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "core/process.h"

namespace plumb {

namespace {

http::Response FromCgi(std::string_view output) {
  http::Response response{200, {}, ""};
  for (size_t end; (end = output.find("\r\n")) != std::string_view::npos && end > 0; output.remove_prefix(end + 2)) {
    const std::string_view line = output.substr(0, end);
    const size_t colon = line.find(": ");
    if (line.starts_with("Status: ")) response.status = std::stoi(std::string(line.substr(8)));
    else response.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  response.body = output.substr(std::min<size_t>(2, output.size()));
  return response;
}

}  // namespace

http::Response AskGit(const http::Request& request, const std::string& root, bool new_protocol) {
  const size_t question = request.target.find('?');
  Process cgi{.argv = {"git", "http-backend"}, .input = request.body};
  cgi.env = {{"GIT_PROJECT_ROOT", root},
             {"GIT_HTTP_EXPORT_ALL", "1"},
             {"PATH_INFO", request.target.substr(0, question)},
             {"QUERY_STRING", question == std::string::npos ? "" : request.target.substr(question + 1)},
             {"REQUEST_METHOD", request.method},
             {"CONTENT_TYPE", std::string(http::Find(request.headers, "Content-Type"))},
             {"CONTENT_LENGTH", std::to_string(request.body.size())},
             {"HTTP_CONTENT_ENCODING", std::string(http::Find(request.headers, "Content-Encoding"))}};
  if (new_protocol) cgi.env.emplace_back("GIT_PROTOCOL", std::string(http::Find(request.headers, "Git-Protocol")));
  auto result = ProcessRunner::Real().Run(cgi);
  if (!result.ok()) return {500, {}, result.error().message()};
  return FromCgi(result->out);
}

GitServer::GitServer(const std::string& root) {
  auto server = http::Server::Start({}, [root](http::Request request, std::shared_ptr<http::Responder> responder) { responder->Send(AskGit(request, root)); });
  EXPECT_TRUE(server.ok()) << server.error().message();
  server_ = *std::move(server);
}

std::string GitServer::Url(const std::string& repository) const { return fmt::format("http://127.0.0.1:{}/{}/.git", server_->port(), repository); }

}  // namespace plumb
