#include "plugins/kustomize/replacement_files.h"

#include "core/yaml.h"
#include "plugins/kustomize/first_document.h"

namespace plumb::kustomize {

Result<std::vector<Replacement>> LoadReplacements(const Loader& loader, std::vector<Replacement> list) {
  std::vector<Replacement> all;
  for (Replacement& entry : list) {
    if (entry.path.empty()) {
      all.push_back(std::move(entry));
      continue;
    }
    const std::string context = "replacements '" + entry.path + "'";
    if (entry.source || (entry.targets && !entry.targets->empty()))
      return Invalid(context + ": an entry has either a 'path' or a source and targets, not both");
    PLUMB_TRY(text, loader.Load(entry.path), context);
    PLUMB_TRY(documents, ParseYaml(text), context);
    const Value root = FirstDocument(text, documents);
    if (!root.is_list() && !root.is_map())
      return Invalid(context + ": a replacement or a list of them was expected, found a " + std::string(KindName(root.kind())));
    const std::vector<Value> items = root.is_list() ? std::vector<Value>(root.items().begin(), root.items().end()) : std::vector<Value>{root};
    for (Value item : items) {
      PLUMB_TRY(reader, ConfigReader::Of(item, "", {.refuse_unknown = false, .scalars_as_text = true}), context);
      PLUMB_OK(ReadReplacement(reader, &all.emplace_back()), context);
    }
  }
  return all;
}

}  // namespace plumb::kustomize
