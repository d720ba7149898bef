#include "engine/cli/listen.h"

#include <fmt/core.h>

#include <condition_variable>
#include <mutex>

namespace plumb::cli {

Result<std::pair<std::string, uint16_t>> ParseListen(const std::string& text) {
  const size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos || std::stoul(port) > 65535)
    return Invalid(fmt::format("--listen: '{}' is not an address; expected for example 127.0.0.1:8001, or port 0 for any free one", text));
  return std::pair(text.substr(0, colon), static_cast<uint16_t>(std::stoul(port)));
}

void WaitFor(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, stop, [] { return false; });
}

}  // namespace plumb::cli
