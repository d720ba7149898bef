#include "plugins/plain/plain.h"

#include <fmt/core.h>

#include <unordered_map>

#include "core/edit.h"
#include "core/yaml.h"
#include "plugins/plain/files.h"

namespace plumb {

namespace {

// "deploy/web.yaml:7:3: ..." of a message that begins with its position, "deploy/web.yaml: ..." of any other.
Error InFile(Error error, const std::string& file) {
  const bool position = !error.message().empty() && error.message()[0] >= '0' && error.message()[0] <= '9';
  return {error.code(), file + (position ? ":" : ": ") + error.message()};
}

bool IsList(Value object) {
  const Value* items = object.Find("items");
  return object.GetString("kind").ends_with("List") && items && (items->is_list() || items->is_null()) &&
         object.GetString("apiVersion") != "" && !object.Get("metadata").Has("name");
}

class Renderer {
 public:
  explicit Renderer(const RenderRequest& request) : limits_(request.limits), yaml_(request.yaml) {}

  Status AddFile(const std::string& file, std::string_view text) {
    auto parsed = ParseYaml(yaml_, text, {.bytes = limits_.file_bytes});
    if (!parsed.ok()) return InFile(std::move(parsed).error(), file);
    const std::vector<YamlDocument>& documents = **parsed;
    for (size_t i = 0; i < documents.size(); ++i) {
      const YamlDocument& document = documents[i];
      for (std::string_view warning : document.warnings)  // "line 7: ..."
        rendered_.warnings.push_back(fmt::format("{}:{}", file, warning.substr(warning.find(' ') + 1)));
      PLUMB_OK(AddDocument(document.value, {file, static_cast<int>(i), document.line}, text));
    }
    return Ok();
  }

  Rendered Take() { return std::move(rendered_); }

 private:
  Status AddDocument(const Document& document, const Origin& origin, std::string_view text) {
    if (!IsList(*document)) return AddObject(document, origin, {}, text);
    const std::string_view kind = document->GetString("kind");
    const std::span<const Value> items = document->Get("items").items();
    for (size_t i = 0; i < items.size(); ++i)
      PLUMB_OK(AddObject(ItemOf(document, kind, items[i]), origin, {"items", std::to_string(i)}, text));
    return Ok();
  }

  // An item of a typed list (ConfigMapList) may leave its kind to the list.
  static Document ItemOf(const Document& list, std::string_view kind, Value item) {
    if (kind == "List" || !item.is_map() || item.Has("kind")) return list.At(item);
    return BuildDocument([&](Arena& a) {
      a.Adopt(list);
      const Value typed = item.Has("apiVersion") ? item : With(a, item, "apiVersion", list->Get("apiVersion"));
      return With(a, typed, "kind", a.String(kind.substr(0, kind.size() - 4)));
    });
  }

  Status AddObject(const Document& object, const Origin& origin, const std::vector<std::string>& path, std::string_view text) {
    if (rendered_.manifests.size() == limits_.objects) return LimitExceeded(fmt::format("more than {} objects", limits_.objects));
    if (const Status checked = CheckManifest(*object); !checked.ok()) return NotAManifest(checked.error(), *object, origin, path, text);
    Origin place = origin;
    const ObjectId id = IdOf(*object);
    if (!id.name.empty()) {  // generateName makes a new name each time
      const auto [found, fresh] = first_.try_emplace(id, rendered_.manifests.size());
      if (!fresh)
        return Invalid(fmt::format("{}: {} is given twice; the first is at {}", place.ToString(), id.ToString(),
                                   rendered_.manifests[found->second].origin.ToString()));
    }
    rendered_.manifests.push_back({object, std::move(place)});
    return Ok();
  }

  Error NotAManifest(const Error& why, Value object, const Origin& origin, const std::vector<std::string>& path, std::string_view text) const {
    const Position at = LocateYaml(text, static_cast<size_t>(origin.document), path);
    std::string message = fmt::format("{}:{}: {}", origin.file, at.line > 0 ? at.line : origin.line, why.message());
    if (object.GetString("apiVersion").starts_with("kustomize.config.k8s.io/"))
      message += "; a kustomization needs the kustomize renderer";
    else if (!object.Has("apiVersion") || !object.Has("kind"))
      message += "; expected a Kubernetes object; leave the file out with the option 'exclude' where it is none";
    return {why.code(), std::move(message)};
  }

  const RenderLimits& limits_;
  YamlCache* const yaml_;
  Rendered rendered_;
  std::unordered_map<ObjectId, size_t> first_;
};

}  // namespace

Result<Rendered> RenderPlain(const RenderRequest& request) {
  PLUMB_TRY(options, plain::ParseOptions(*request.options));
  PLUMB_TRY(files, plain::FindFiles(request, options));
  Renderer renderer(request);
  size_t bytes = 0;
  for (const std::string& file : files) {
    PLUMB_TRY(text, request.tree->Read(file));
    if (text.size() > request.limits.file_bytes)
      return LimitExceeded(fmt::format("{}: {} bytes; at most {} are read of one file", file, text.size(), request.limits.file_bytes));
    bytes += text.size();
    if (bytes > request.limits.total_bytes)
      return LimitExceeded(fmt::format("{}: the files are larger than {} bytes together", file, request.limits.total_bytes));
    PLUMB_OK(renderer.AddFile(file, text));
  }
  Rendered rendered = renderer.Take();
  if (rendered.manifests.empty())
    rendered.warnings.push_back(fmt::format("no manifests under '{}'", request.path.empty() ? "." : request.path));
  return rendered;
}

}  // namespace plumb
