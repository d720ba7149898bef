#include "engine/kube/fetch_all.h"

#include <future>

#include "core/blocking.h"

namespace plumb::kube {

std::vector<Result<http::Response>> FetchAll(Client& client, const std::vector<std::string>& targets, const std::string& accept) {
  std::vector<std::future<Result<http::Response>>> futures;
  for (const std::string& target : targets) {
    const auto promise = std::make_shared<std::promise<Result<http::Response>>>();
    futures.push_back(promise->get_future());
    client.GetRaw(target, accept, [promise](Result<http::Response> response) { promise->set_value(std::move(response)); });
  }
  std::vector<Result<http::Response>> responses;
  const Blocking blocking;
  for (auto& future : futures) responses.push_back(future.get());
  return responses;
}

}  // namespace plumb::kube
