// What the serving commands share.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>

#include "core/result.h"

namespace plumb::cli {

// "127.0.0.1:8001" taken apart. Errors: kInvalid.
Result<std::pair<std::string, uint16_t>> ParseListen(const std::string& text);

// Returns when a stop is requested.
void WaitFor(std::stop_token stop);

}  // namespace plumb::cli
