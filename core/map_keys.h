// Keys of a map under construction, shared by the parsers.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <unordered_map>
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

// Keeps one member for each key, in the place of its first and with the value of its last. Returns what is kept, at the
// front of `members`.
inline std::span<Member> KeepLastOfRepeatedKeys(std::span<Member> members) {
  std::unordered_map<std::string_view, size_t> index;
  size_t kept = 0;
  for (const Member member : members) {
    const auto [found, fresh] = index.try_emplace(member.key, kept);
    if (fresh) members[kept++] = member;
    else members[found->second].value = member.value;
  }
  return members.first(kept);
}

}  // namespace plumb
