#include "engine/plan/plan.h"

namespace plumb {

std::string_view ActionName(Action action) {
  constexpr std::string_view kNames[] = {"none", "create", "patch", "replace", "delete", "keep", "blocked", "await"};
  return kNames[static_cast<size_t>(action)];
}

std::string_view GateName(Gate gate) {
  constexpr std::string_view kNames[] = {"exists", "active", "established", "healthy", "gone"};
  return kNames[static_cast<size_t>(gate)];
}

}  // namespace plumb
