// A version that parses is the same after being printed; the ranges =v, >=v and <=v hold it, and <v, >v and !=v do not;
// any text is a range or an error. The first line is a version, the second a range.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sources/semver.h"

using namespace plumb;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(text.find('\n'), text.size());
  const auto range = VersionRange::Parse(text.substr(std::min(line + 1, text.size())));
  const auto version = Version::Parse(text.substr(0, line));
  if (!version) return 0;

  const std::string printed = version->ToString();
  const auto again = Version::Parse(printed);
  if (!again || *again != *version || again->ToString() != printed) std::abort();
  if (range.ok()) (void)range->Contains(*version);
  if (printed.size() > 900) return 0;
  for (const char* op : {"=", ">=", "<=", "<", ">", "!="}) {
    const std::string_view name = op;
    const bool holds = name == "=" || name == ">=" || name == "<=";
    const auto own = VersionRange::Parse(op + printed);
    if (!own.ok() || own->Contains(*version) != holds) std::abort();
  }
  return 0;
}
