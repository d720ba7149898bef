// Ctrl-C and SIGTERM as a stop_token: the first asks everything to stop cleanly, the second ends the process.
#pragma once

#include <stop_token>

namespace plumb::cli {

// Installs the handlers on the first call. Any thread may hold the token.
std::stop_token Interrupted();

}  // namespace plumb::cli
