#include "plugins/kustomize/post_build.h"

#include <algorithm>
#include <cctype>

#include "core/hash.h"
#include "core/yaml.h"
#include "plugins/kustomize/envsubst.h"
#include "plugins/kustomize/node.h"

namespace plumb::kustomize {
namespace {

constexpr std::string_view kFluxSwitch = "kustomize.toolkit.fluxcd.io/substitute";
constexpr std::string_view kOwnSwitch = "plumb.dev/substitute";

bool IsVariableName(std::string_view name) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) && std::all_of(name.begin(), name.end(), fits);
}

std::string WithoutLineBreaks(std::string text) {
  std::erase(text, '\n');
  return text;
}

bool HasSwitch(Value object, std::string_view key, std::string_view wanted) {
  const Value metadata = object.Get("metadata");
  return metadata.Get("labels").GetString(key) == wanted || metadata.Get("annotations").GetString(key) == wanted;
}

// The first field whose text cannot be substituted alone, as "spec.replicas"; "" where only the whole text fails.
std::string FieldOf(Value v, const PostBuild& post_build, const EnvsubstOptions& options, const std::string& path) {
  if (v.is_string()) return Envsubst(v.AsString(), post_build.substitute, options).ok() ? "" : path;
  for (size_t i = 0; i < v.items().size(); ++i)
    if (auto found = FieldOf(v[i], post_build, options, path + "[" + std::to_string(i) + "]"); !found.empty()) return found;
  for (const Member& m : v.members())
    if (auto found = FieldOf(m.value, post_build, options, path + (path.empty() ? "" : ".") + std::string(m.key)); !found.empty()) return found;
  return "";
}

Status AddVariables(std::map<std::string, std::string>& into, const Document& object) {
  const Value root = object.root();
  const std::string kind(root.GetString("kind"));
  if (kind != "ConfigMap" && kind != "Secret") return Invalid("a ConfigMap or a Secret was expected, found '" + kind + "'");
  for (const Member& m : root.Get("data").members()) {
    std::string text = ScalarText(m.value);
    if (kind == "Secret") {
      auto decoded = DecodeBase64(text);
      if (!decoded.ok()) return Invalid("data." + std::string(m.key) + " is not base64");
      text = *std::move(decoded);
    }
    into[std::string(m.key)] = WithoutLineBreaks(std::move(text));
  }
  for (const Member& m : root.Get("stringData").members()) into[std::string(m.key)] = WithoutLineBreaks(ScalarText(m.value));
  return Ok();
}

}  // namespace

Status ReadPostBuild(ConfigReader& reader, PostBuild* out) {
  out->given = true;
  PLUMB_OK(reader.Read("substitute", &out->substitute));
  PLUMB_OK(reader.Read("strict", &out->strict));
  std::string strategy;
  PLUMB_OK(reader.Read("substituteStrategy", &strategy));
  if (!strategy.empty() && strategy != "WithVariables" && strategy != "Always")
    return Invalid("'substituteStrategy' is '" + strategy + "': use 'WithVariables' or 'Always'");
  out->always = strategy == "Always";
  const auto read_reference = [&](ConfigReader& r) -> Status {
    if (r.Has("kind") || r.Has("name"))
      return Invalid("'substituteFrom' reads files of the source here, not objects of the cluster: give 'file: path' of a ConfigMap or Secret");
    std::string file;
    PLUMB_OK(r.Read("file", &file));
    if (file.empty()) return Invalid("an entry of 'substituteFrom' needs 'file'");
    out->files.push_back(file);
    return Ok();
  };
  PLUMB_OK(reader.ReadList("substituteFrom", read_reference));
  for (auto& [name, value] : out->substitute) {
    if (!IsVariableName(name)) return Invalid("'" + name + "' cannot be the name of a variable: use letters, digits and '_'");
    value = WithoutLineBreaks(value);
  }
  return Ok();
}

Status LoadVariables(const Loader& loader, PostBuild* out) {
  std::map<std::string, std::string> loaded;
  for (const std::string& file : out->files) {
    const std::string context = "substituteFrom '" + file + "'";
    PLUMB_TRY(text, loader.Load(file), context);
    PLUMB_TRY(documents, ParseYaml(text), context);
    for (const YamlDocument& document : documents) PLUMB_OK(AddVariables(loaded, document.value), context);
  }
  for (const auto& [name, value] : loaded)
    if (!IsVariableName(name)) return Invalid("substituteFrom: '" + name + "' cannot be the name of a variable: use letters, digits and '_'");
  out->substitute.merge(loaded);  // what is there stays
  return Ok();
}

Result<Document> Substitute(const PostBuild& post_build, const Document& object) {
  if (!post_build.given || (post_build.substitute.empty() && !post_build.always)) return object;
  if (HasSwitch(object.root(), kFluxSwitch, "disabled") || HasSwitch(object.root(), kOwnSwitch, "disabled")) return object;
  const std::string text = WriteYaml(object.root());
  if (text.find('$') == std::string::npos && text.find('\\') == std::string::npos) return object;
  EnvsubstOptions options;
  options.strict = HasSwitch(object.root(), kOwnSwitch, "strict") || (post_build.strict && !HasSwitch(object.root(), kOwnSwitch, "lenient"));
  const auto substituted = Envsubst(text, post_build.substitute, options);
  const std::string what = IdOf(object.root()).ToString();
  if (!substituted.ok()) {
    const std::string field = FieldOf(object.root(), post_build, options, "");
    return substituted.error().Wrap("postBuild: " + what + (field.empty() ? "" : ": '" + field + "'"));
  }
  auto parsed = ParseYamlOne(*substituted);
  // The message may not quote the text: it holds values.
  if (!parsed.ok()) return Invalid("postBuild: " + what + " is no YAML any more once its variables are replaced: put quotes around '${...}'");
  return parsed;
}

}  // namespace plumb::kustomize
