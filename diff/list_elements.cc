#include "diff/list_elements.h"

#include <algorithm>
#include <bit>

namespace plumb {

namespace {
constexpr size_t kScanUpTo = 8;  // elements; a scan beats hashing below
}

bool ElementOf(Arena& arena, const Type& type, Value item, const MergeProfile& profile, PathElement* element, std::string* error) {
  const auto fail = [error](std::string message) {
    *error = std::move(message);
    return false;
  };
  if (type.keys.empty()) {
    if (item.is_map()) return fail("associative list without keys has an element that's a map type");
    if (item.is_list()) return fail("not supporting a list of lists as a set");
    if (item.is_null()) return fail("associative list without keys has an element that's an explicit null");
    *element = PathElement::Item(item);
    return true;
  }
  if (item.is_null()) return fail("associative list with keys may not have a null element");
  if (!item.is_map()) return fail("associative list with keys may not have non-map elements");
  if (type.keys.size() == 1) {  // most lists: nothing to collect and to sort
    const Value* value = item.Find(type.keys[0]);
    if (!value && !type.key_defaults[0]->is_null()) value = type.key_defaults[0];
    if (value) {
      *element = PathElement::Key(arena.Map({{type.keys[0], *value}}));
      return true;
    }
  }
  std::vector<Member> keys;
  keys.reserve(type.keys.size());
  for (size_t i = 0; i < type.keys.size(); ++i) {
    const Value* value = item.Find(type.keys[i]);
    if (!value && !type.key_defaults[i]->is_null()) value = type.key_defaults[i];
    if (value) keys.push_back({type.keys[i], *value});
    else if (!profile.optional_keys)
      return fail("associative list with keys has an element that omits key field \"" + std::string(type.keys[i]) +
                  "\" (and doesn't have default value)");
  }
  if (keys.empty()) {
    std::string names;
    for (std::string_view key : type.keys) names += (names.empty() ? "\"" : " \"") + std::string(key) + "\"";
    return fail("associative list with keys has an element that omits all key fields [" + names +
                "] (and doesn't have default values for any key fields)");
  }
  std::sort(keys.begin(), keys.end(), [](const Member& a, const Member& b) { return a.key < b.key; });
  *element = PathElement::Key(arena.Map(keys));
  return true;
}

ElementIndex::ElementIndex(const std::vector<PathElement>& elements) : elements_(elements) {
  const auto repeat = [this](size_t first, size_t again) {
    if (next_.empty()) next_.assign(elements_.size(), kNone);
    while (next_[first] != kNone) first = next_[first];
    next_[first] = again;
  };
  if (elements.size() <= kScanUpTo) {
    for (size_t i = 1; i < elements.size(); ++i) {
      const size_t first = static_cast<size_t>(std::find(elements.begin(), elements.begin() + i, elements[i]) - elements.begin());
      if (first < i) repeat(first, i);
    }
    return;
  }
  slots_.assign(std::bit_ceil(elements.size() * 2), 0);
  const size_t mask = slots_.size() - 1;
  // The last occurrence of each element, so that a list of one element repeated stays linear.
  std::vector<size_t> last;
  for (size_t i = 0; i < elements.size(); ++i) {
    for (size_t at = HashElement(elements[i]) & mask;; at = (at + 1) & mask) {
      if (slots_[at] == 0) {
        slots_[at] = static_cast<uint32_t>(i + 1);
        break;
      }
      const size_t first = slots_[at] - 1;
      if (!(elements[first] == elements[i])) continue;
      if (next_.empty()) next_.assign(elements.size(), kNone);
      if (last.empty()) last.assign(elements.size(), kNone);
      next_[last[first] == kNone ? first : last[first]] = i;
      last[first] = i;
      break;
    }
  }
}

size_t ElementIndex::Find(const PathElement& element) const {
  if (slots_.empty()) {
    const auto at = std::find(elements_.begin(), elements_.end(), element);
    return at == elements_.end() ? kNone : static_cast<size_t>(at - elements_.begin());
  }
  const size_t mask = slots_.size() - 1;
  for (size_t at = HashElement(element) & mask; slots_[at] != 0; at = (at + 1) & mask)
    if (elements_[slots_[at] - 1] == element) return slots_[at] - 1;
  return kNone;
}

}  // namespace plumb
