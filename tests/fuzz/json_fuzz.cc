// What is parsed and written is the same text the second time; the fast and the exact parser agree on every text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/json.h"
#include "core/json_parser.h"

using namespace plumb;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = ParseJson(text);
  const std::string_view without_mark = text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
  const auto exact = ParseJsonExactly(without_mark, {});
  if (parsed.ok() != exact.ok()) std::abort();
  if (!parsed.ok()) return 0;

  const std::string written = WriteJson(**parsed);
  if (written != WriteJson(**exact)) std::abort();
  const auto again = ParseJson(written);
  if (!again.ok() || !(**again == **parsed) || WriteJson(**again) != written) std::abort();
  if (Hash(**again) != Hash(**parsed)) std::abort();
  const auto canonical = ParseJson(WriteCanonicalJson(**parsed));
  if (!canonical.ok() || !(**canonical == **parsed)) std::abort();
  return 0;
}
