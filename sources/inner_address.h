// Which addresses a fetch on behalf of others must not reach: this machine's own, and those that only its own link has,
// where cloud providers answer with credentials (169.254.169.254).
//
// Thread-safe.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "core/result.h"

namespace plumb {

// Loopback, link-local, unspecified and multicast addresses, also where an IPv6 address wraps one. Unknown families count.
bool IsInnerAddress(const sockaddr* address);

// The addresses ("192.0.2.1", "2001:db8::1") of a host that has no inner one. Asks the system's resolver; blocks.
// Errors: kDenied for a host that has an inner address, kUnavailable where the name cannot be resolved.
Result<std::vector<std::string>> ResolveOuter(const std::string& host);

}  // namespace plumb
