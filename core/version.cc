#include "core/version.h"

#ifndef PLUMB_COMMIT
#define PLUMB_COMMIT "unknown"
#endif

namespace plumb {

std::string_view BuildCommit() { return PLUMB_COMMIT; }

}  // namespace plumb
