// FieldsV1 of any bytes: refused, or read into a set whose canonical form reads back as the same set; and the algebra of a
// set with itself holds.
#include <cstdlib>
#include <string_view>

#include "diff/field_set.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  Arena arena;
  const Result<FieldSet> set = ParseFieldSet(arena, {reinterpret_cast<const char*>(data), size});
  if (!set.ok()) return 0;
  const std::string canonical = SerializeFieldSet(*set);
  const Result<FieldSet> again = ParseFieldSet(arena, canonical);
  if (!again.ok() || !(*again == *set) || SerializeFieldSet(*again) != canonical) std::abort();
  if (!Difference(arena, *set, *again).empty() || !(Union(arena, *set, *again) == *set)) std::abort();
  if (!(Intersection(arena, *set, *again) == *set) || !IsSubset(*set, *again)) std::abort();
  return 0;
}
