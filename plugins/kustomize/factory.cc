#include "plugins/kustomize/factory.h"

#include <algorithm>
#include <deque>

#include "core/yaml.h"
#include "plugins/kustomize/node.h"

namespace plumb::kustomize {
namespace {

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// Between documents only "---" and a comment may stand on a line, though YAML allows more. The program cuts a text there
// before it reads it, so that a directive, which needs a "---" after it, is never where it should be.
Status CheckSeparators(std::string_view text) {
  int line_number = 0;
  bool nothing_yet = true;  // in this document
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    ++line_number;
    if (nothing_yet && line.starts_with('%'))
      return Invalid(std::to_string(line_number) + ":1: '" + std::string(Trim(line)) + "': Kustomize reads no directives; remove the line");
    if (const std::string_view content = Trim(line); !content.empty() && content[0] != '#') nothing_yet = line.starts_with("---");
    if (line_number == 1 || end == std::string_view::npos || !line.starts_with("---")) continue;
    const std::string_view rest = Trim(line.substr(3));
    if (!rest.empty() && rest[0] != '#')
      return Invalid(std::to_string(line_number) + ":1: the document separator '" + std::string(line) +
                     "' has text after it: start the document on the next line");
  }
  return Ok();
}

bool IsListKind(std::string_view kind) { return kind.ends_with("List"); }

// Of the kinds of Kubernetes 1.21 the program knows by heart whether they are namespaced; for others it asks the schema.
bool IsWellKnown(Value object) {
  const std::string api_version = ScalarText(object.Get("apiVersion")), kind = ScalarText(object.Get("kind"));
  return PatchSchema::Builtin()->Find(api_version, kind) != nullptr || IsClusterScoped(api_version, kind);
}

Status CheckObject(Value object) {
  if (!object.is_map()) return Invalid("a " + std::string(KindName(object.kind())) + " is where an object should be");
  const std::string kind = ScalarText(object.Get("kind"));
  if (kind.empty()) return Invalid("the object has no 'kind'");
  if (IsListKind(kind)) return Ok();
  if (ScalarText(object.Get("metadata").Get("name")).empty()) return Invalid("the " + kind + " has no 'metadata.name'");
  return Ok();
}

}  // namespace

Result<std::vector<Resource>> ParseResources(Build& build, std::string_view text, const std::string& file) {
  PLUMB_OK(CheckSeparators(text));
  PLUMB_TRY(parsed, ParseYaml(build.yaml, text, {.dialect = YamlDialect::kKyaml, .rewrite_folded = true, .as_written = true}));
  const std::vector<YamlDocument>& documents = *parsed;
  Arena& arena = *build.arena;

  struct Found {
    Value object;
    Origin origin;
  };
  std::deque<Found> queue;
  for (size_t i = 0; i < documents.size(); ++i) {
    const Value object = arena.Adopt(documents[i].value);
    const Origin origin{file, static_cast<int>(i), documents[i].line};
    const std::string kind = ScalarText(object.Get("kind"));
    // A list that is alone in its text is unwrapped as it is.
    const bool unwrap = documents.size() == 1 && (kind == "List" || kind == "ResourceList") &&
                        (object.Has("items") || object.Has("functionConfig"));
    if (!unwrap) queue.push_back({object, origin});
    else
      for (Value item : object.Get("items").items()) queue.push_back({item, origin});
  }

  std::vector<Resource> resources;
  while (!queue.empty()) {
    const Found found = queue.front();
    queue.pop_front();
    if (IsNullOrEmpty(found.object)) continue;
    PLUMB_OK(CheckObject(found.object), found.origin.line > 0 ? std::to_string(found.origin.line) : "");
    const Value* items = found.object.Find("items");
    if (items && IsListKind(ScalarText(found.object.Get("kind")))) {
      if (!items->is_list() && !items->is_null())
        return Invalid("'items' of a " + ScalarText(found.object.Get("kind")) + " must be a list, found a " +
                       std::string(KindName(items->kind())));
      for (Value item : items->items()) queue.push_back({item, found.origin});
      continue;
    }
    build.schema_in_use = build.schema_in_use || !IsWellKnown(found.object);
    if (++build.objects > build.limits.objects)
      return LimitExceeded("more than " + std::to_string(build.limits.objects) + " objects");
    Resource resource;
    resource.root = found.object;
    resource.origin = found.origin;
    TakeBuildAnnotations(arena, resource);
    resources.push_back(std::move(resource));
  }
  return resources;
}

}  // namespace plumb::kustomize
