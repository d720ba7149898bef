// Server-side apply of any configuration over any live object: never crashes; what is accepted is a fixed point: applying the
// same again changes nothing, and by another manager conflicts with nobody.
#include <cstdlib>
#include <string_view>

#include "core/json.h"
#include "diff/server_side_apply.h"

namespace plumb {
namespace {

Result<ApplyOutcome> Apply(const Document& live, const Document& config, const char* manager) {
  ApplyRequest request;
  request.live = live;
  request.config = config;
  request.force = true;
  request.context.manager = manager;
  request.context.now = "2026-01-01T00:00:00Z";
  return ServerSideApply(request);
}

}  // namespace
}  // namespace plumb

// The input is two JSON documents with a zero byte between them: live (may be null), and the configuration.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t gap = text.find('\0');
  if (gap == std::string_view::npos) return 0;
  const JsonLimits limits{.bytes = 1 << 16, .depth = 64};
  const Result<Document> live = ParseJson(text.substr(0, gap), limits), config = ParseJson(text.substr(gap + 1), limits);
  if (!live.ok() || !config.ok() || (!live->root().is_map() && !live->root().is_null())) return 0;
  const Result<ApplyOutcome> first = Apply(*live, *config, "one");
  if (!first.ok()) return 0;
  const Result<ApplyOutcome> again = Apply(first->object, *config, "one");
  if (!again.ok() || again->changed || !(again->object.root() == first->object.root())) std::abort();
  const Result<ApplyOutcome> other = Apply(first->object, *config, "two");
  if (!other.ok() || !other->conflicts.empty()) std::abort();
  return 0;
}
