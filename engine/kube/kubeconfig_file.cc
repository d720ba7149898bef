#include "engine/kube/kubeconfig_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/hash.h"
#include "core/yaml.h"

namespace plumb::kube {
namespace {

constexpr size_t kLargestFile = 16u << 20;

struct Section {
  std::string_view list, value;
};
constexpr Section kSections[] = {{"clusters", "cluster"}, {"users", "user"}, {"contexts", "context"}};

Result<std::string> ReadFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return NotFound(fmt::format("'{}' does not exist", path));
  if (!std::filesystem::is_regular_file(path, error)) return Invalid(fmt::format("'{}' is not a file", path));
  if (std::filesystem::file_size(path, error) > kLargestFile) return LimitExceeded(fmt::format("'{}' is above 16 MiB", path));
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Denied(fmt::format("'{}' cannot be read; check its permissions", path));
  return std::move(text).str();
}

Status AddEntries(Kubeconfig& config, const Document& document, const Section& section, const std::string& file) {
  const Value list = document->Get(section.list);
  const std::string where = fmt::format("kubeconfig '{}': {}", file, section.list);
  if (list.is_null()) return Ok();
  if (!list.is_list()) return Invalid(fmt::format("{}: expected a list, found a {}", where, KindName(list.kind())));
  for (const Value item : list.items()) {
    const std::string_view name = item.GetString("name");
    if (name.empty()) return Invalid(fmt::format("{}: an entry has no name", where));
    const Value value = item.Get(section.value);
    if (!value.is_map() && !value.is_null())
      return Invalid(fmt::format("{}[{}].{}: expected a map, found a {}", where, name, section.value, KindName(value.kind())));
    if (!config.Find(section.list, name))
      config.entries.push_back({std::string(section.list), std::string(name), file, document.At(value)});
  }
  return Ok();
}

}  // namespace

std::string KubeconfigEntry::At(std::string_view field) const {
  const std::string_view inner = section == "clusters" ? "cluster" : section == "users" ? "user" : "context";
  return fmt::format("kubeconfig '{}': {}[{}].{}.{}", file, section, name, inner, field);
}

Result<std::string> KubeconfigEntry::String(std::string_view field) const {
  const Value found = value->Get(field);
  if (found.is_null()) return std::string();
  if (!found.is_string()) return Invalid(fmt::format("{}: expected a string, found a {}; quote it", At(field), KindName(found.kind())));
  return std::string(found.AsString());
}

Result<bool> KubeconfigEntry::Bool(std::string_view field) const {
  const Value found = value->Get(field);
  if (found.is_null()) return false;
  if (!found.is_bool()) return Invalid(fmt::format("{}: expected true or false, found a {}", At(field), KindName(found.kind())));
  return found.AsBool();
}

Result<std::string> KubeconfigEntry::DataOrFile(std::string_view data_field, std::string_view file_field) const {
  PLUMB_TRY(data, String(data_field));
  if (!data.empty()) {
    PLUMB_TRY(decoded, DecodeBase64(data), At(data_field));
    return decoded;
  }
  PLUMB_TRY(path, String(file_field));
  if (path.empty()) return std::string();
  PLUMB_TRY(content, ReadFile(Resolve(path)), At(file_field));
  return content;
}

std::string KubeconfigEntry::Resolve(const std::string& path) const {
  if (path.empty() || path.front() == '/') return path;
  return (std::filesystem::path(file).parent_path() / path).string();
}

const KubeconfigEntry* Kubeconfig::Find(std::string_view section, std::string_view name) const {
  const auto found = std::ranges::find_if(entries, [&](const KubeconfigEntry& e) { return e.section == section && e.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

std::vector<std::string> Kubeconfig::Names(std::string_view section) const {
  std::vector<std::string> names;
  for (const KubeconfigEntry& entry : entries)
    if (entry.section == section) names.push_back(entry.name);
  std::ranges::sort(names);
  return names;
}

Result<Kubeconfig> ReadKubeconfig(const std::vector<std::string>& files, bool must_exist) {
  Kubeconfig config;
  for (const std::string& file : files) {
    Result<std::string> text = ReadFile(file);
    if (!text.ok() && text.error().code() == Code::kNotFound && !must_exist) continue;
    if (!text.ok()) return std::move(text).error().Wrap("kubeconfig");
    const std::string context = fmt::format("kubeconfig '{}'", file);
    PLUMB_TRY(document, ParseYamlOne(*text), context);
    config.files.push_back(file);
    if (document->is_null()) continue;
    if (!document->is_map()) return Invalid(fmt::format("{}: expected a map, found a {}", context, KindName(document->kind())));
    for (const Section& section : kSections) PLUMB_OK(AddEntries(config, document, section, file));
    const Value current = document->Get("current-context");
    if (!current.is_null() && !current.is_string())
      return Invalid(fmt::format("{}: current-context: expected a string, found a {}", context, KindName(current.kind())));
    if (config.current_context.empty()) config.current_context = current.AsString();
  }
  return config;
}

}  // namespace plumb::kube
