// The hash of what a ConfigMap or Secret holds, as a suffix of its name, so that a change of content is a new object.
// Source: Kustomize 5.5, api/hasher; the digest is of compact JSON with sorted keys, as Go's encoder writes it.
#include "core/hash.h"
#include "core/json.h"
#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/node.h"
#include "plugins/kustomize/transformers.h"

namespace plumb::kustomize {
namespace {

// Go's JSON encoder escapes what could end a script in a web page; ours does not.
std::string EscapeForGo(std::string_view json) {
  std::string escaped;
  escaped.reserve(json.size());
  for (size_t i = 0; i < json.size(); ++i) {
    switch (json[i]) {
      case '<': escaped += "\\u003c"; break;
      case '>': escaped += "\\u003e"; break;
      case '&': escaped += "\\u0026"; break;
      default:
        if (json.compare(i, 3, "\xe2\x80\xa8") == 0 || json.compare(i, 3, "\xe2\x80\xa9") == 0) {
          escaped += json[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
          i += 2;
        } else {
          escaped += json[i];
        }
    }
  }
  return escaped;
}

// A missing or scalar field counts as its text.
Value TextOrMap(Arena& arena, Value v) { return v.is_scalar() ? arena.String(ScalarText(v)) : v; }

}  // namespace

std::string ContentHash(Value object) {
  Arena arena;
  const std::string kind = ScalarText(object.Get("kind"));
  Value content = object;
  if (kind == "ConfigMap" || kind == "Secret") {
    // The name is no part of it: the program looks for it in a wrong place and always finds "".
    std::vector<Member> members = {{"data", TextOrMap(arena, object.Get("data"))},
                                   {"kind", arena.String(kind)},
                                   {"name", Arena::Borrow("")}};
    const std::string_view more = kind == "Secret" ? "stringData" : "binaryData";
    if (object.Get(more).is_map()) members.push_back({more, object.Get(more)});
    if (kind == "Secret") members.push_back({"type", TextOrMap(arena, object.Get("type"))});
    content = arena.Map(members);
  }
  std::string hash = Sha256Hex(EscapeForGo(WriteCanonicalJson(content))).substr(0, 10);
  for (char& c : hash) {
    // No vowels and few look-alikes, so that no word comes out.
    switch (c) {
      case '0': c = 'g'; break;
      case '1': c = 'h'; break;
      case '3': c = 'k'; break;
      case 'a': c = 'm'; break;
      case 'e': c = 't'; break;
      default: break;
    }
  }
  return hash;
}

Status ApplyHashes(Arena& arena, ResMap& map, SettleLimits& limits) {
  for (Resource& resource : map) {
    if (!resource.needs_hash) continue;
    PLUMB_TRY(settled, Settle(arena, resource.root, limits, resource.settled), resource.CurrentId().ToString());
    const std::string name = resource.CurrentId().name + "-" + ContentHash(settled);
    resource.StorePreviousId();
    SetName(arena, resource, name);
  }
  map.IdsChanged();
  return Ok();
}

}  // namespace plumb::kustomize
