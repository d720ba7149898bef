// Keys of a map under construction, shared by the parsers.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "core/value.h"

namespace plumb {

// Is a key given more than once? The keys must be interned in one arena (Arena::Key), so that equal ones share their
// memory and a pointer tells them apart.
inline bool HasRepeatedKeys(std::span<const Member> members) {
  if (members.size() <= 16) {
    for (size_t i = 1; i < members.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        if (members[i].key.data() == members[j].key.data()) return true;
    return false;
  }
  std::vector<const char*> keys;
  keys.reserve(members.size());
  for (const Member& m : members) keys.push_back(m.key.data());
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

}  // namespace plumb
