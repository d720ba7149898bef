#include "plugins/kustomize/generators.h"

#include <algorithm>

#include "core/hash.h"
#include "core/utf8.h"
#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/node.h"

namespace plumb::kustomize {
namespace {

using Pairs = std::map<std::string, std::string>;

// Base64 in lines of 70 where it is longer than that, as the program wraps it.
std::string WrappedBase64(std::string_view bytes) {
  constexpr size_t kLine = 70;
  const std::string encoded = Base64(bytes);
  if (encoded.size() < kLine) return encoded;
  std::string wrapped;
  for (size_t at = 0; at < encoded.size(); at += kLine) wrapped += encoded.substr(at, kLine) + "\n";
  return wrapped;
}

class Sources {
 public:
  Sources(const Loader& loader, const GeneratorArgs& args) : loader_(loader), args_(args) {}

  Result<Pairs> Read() {
    for (const std::string& file : args_.envs) PLUMB_OK(ReadEnvFile(file), "env file '" + file + "'");
    for (const std::string& literal : args_.literals) PLUMB_OK(ReadLiteral(literal));
    for (const std::string& file : args_.files) PLUMB_OK(ReadFile(file));
    return pairs_;
  }

 private:
  Status Add(std::string key, std::string value) {
    if (pairs_.contains(key)) return Invalid("the key '" + key + "' is given twice");
    pairs_.emplace(std::move(key), std::move(value));
    return Ok();
  }

  Status ReadLiteral(const std::string& literal) {
    const size_t equals = literal.find('=');
    if (equals == std::string::npos || equals == 0) return Invalid("the literal '" + literal + "' must be 'key=value'");
    std::string value = literal.substr(equals + 1);
    const bool quoted = value.size() >= 2 && value.front() == value.back() && (value[0] == '"' || value[0] == '\'');
    return Add(literal.substr(0, equals), quoted ? value.substr(1, value.size() - 2) : value);
  }

  // "path" with the file's name as key, or "key=path".
  Status ReadFile(const std::string& source) {
    const auto separators = std::count(source.begin(), source.end(), '=');
    if (separators > 1) return Invalid("'" + source + "': neither key nor path may have a '='");
    const size_t equals = source.find('=');
    std::string key = source.substr(0, equals), path = equals == std::string::npos ? source : source.substr(equals + 1);
    if (equals == std::string::npos) key = source.substr(source.find_last_of('/') + 1);
    if (key.empty() || path.empty()) return Invalid("'" + source + "' must be 'path' or 'key=path'");
    auto content = loader_.Load(path);
    if (!content.ok()) return Error(content.error().code(), "file '" + path + "': " + content.error().message() + loader_.Nearest(path));
    return Add(std::move(key), *std::move(content));
  }

  Status ReadEnvFile(const std::string& path) {
    PLUMB_TRY(content, loader_.Load(path));
    std::string_view text = content;
    for (int number = 1; !text.empty(); ++number) {
      const size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (FindInvalidUtf8(line) != std::string_view::npos) return Invalid("line " + std::to_string(number) + " is not UTF-8");
      if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
      line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t\v\f\r")));
      if (line.empty() || line[0] == '#') continue;
      const size_t equals = line.find('=');
      const std::string key(line.substr(0, equals));
      if (key.empty()) continue;
      PLUMB_OK(Add(key, equals == std::string_view::npos ? "" : std::string(line.substr(equals + 1))));
    }
    return Ok();
  }

  const Loader& loader_;
  const GeneratorArgs& args_;
  Pairs pairs_;
};

}  // namespace

Result<Resource> GenerateConfig(Build& build, const Loader& loader, const GeneratorArgs& args) {
  const std::string_view kind = args.secret ? "Secret" : "ConfigMap";
  if (args.name.empty()) return Invalid("a generated " + std::string(kind) + " needs a 'name'");
  const std::string context = "generator of " + std::string(kind) + " '" + args.name + "'";
  PLUMB_TRY(pairs, Sources(loader, args).Read(), context);

  for (const auto& [key, value] : pairs) PLUMB_OK(CheckAddedKey(key), context);
  for (const auto* added : {args.options ? &args.options->labels : nullptr, args.options ? &args.options->annotations : nullptr})
    for (const auto& [key, value] : added ? *added : Pairs()) PLUMB_OK(CheckAddedKey(key), context + ": options");

  Arena& arena = *build.arena;
  Pairs data, binary;
  for (const auto& [key, value] : pairs) {
    if (args.secret) data[key] = WrappedBase64(value);
    else if (FindInvalidUtf8(value) == std::string_view::npos) data[key] = value;
    else binary[key] = WrappedBase64(value);
  }
  Value metadata = arena.Map({{"name", arena.String(args.name)}});
  if (!args.ns.empty()) metadata = With(arena, metadata, "namespace", arena.String(args.ns));
  if (args.options && !args.options->labels.empty()) metadata = With(arena, metadata, "labels", StringMap(arena, args.options->labels));
  if (args.options && !args.options->annotations.empty())
    metadata = With(arena, metadata, "annotations", StringMap(arena, args.options->annotations));
  std::vector<Member> members = {{"apiVersion", Arena::Borrow("v1")}, {"kind", Arena::Borrow(kind)}, {"metadata", metadata}};
  if (args.secret) members.push_back({"type", arena.String(args.type.empty() ? "Opaque" : args.type)});
  if (args.secret || !data.empty()) members.push_back({"data", StringMap(arena, data)});
  if (!binary.empty()) members.push_back({"binaryData", StringMap(arena, binary)});
  if (args.options && args.options->immutable) members.push_back({"immutable", Arena::Bool(true)});

  Resource resource;
  resource.root = arena.Map(members);
  resource.needs_hash = !args.options || !args.options->disable_name_suffix_hash;
  resource.behavior = ParseBehavior(args.behavior);
  ++build.objects;
  return resource;
}

}  // namespace plumb::kustomize
