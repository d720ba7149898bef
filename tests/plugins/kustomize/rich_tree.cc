#include "tests/plugins/kustomize/rich_tree.h"

#include <algorithm>

#include "tests/plugins/kustomize/random_dice.h"
#include "tests/plugins/kustomize/rich_fields.h"
#include "tests/plugins/kustomize/rich_objects.h"

namespace plumb::kustomize {
namespace {

class Generator : private Dice {
 public:
  explicit Generator(uint64_t seed) : Dice(seed) {}

  RandomTree Run() {
    std::vector<std::string> below = {Base("base", "")};
    if (Chance(25)) below.push_back(Base("other", "-o"));
    if (Chance(40)) below = {Overlay("middle", below)};
    tree_.root = Overlay("top", below);
    tree_.free_loading = Chance(5);
    if (Chance(20)) Reshape();
    return std::move(tree_);
  }

 private:
  // The same objects in a text that looks otherwise: another system's line ends, comments, empty documents, JSON's own order.
  void Reshape() {
    std::vector<std::string> names;
    for (const auto& [name, text] : tree_.files)
      if (name.ends_with(".yaml") || name.ends_with(".yml")) names.push_back(name);
    std::string& text = tree_.files[names[static_cast<size_t>(Below(static_cast<int>(names.size())))]];
    const auto between_lines = [&](std::string_view end, std::string_view before_keys) {
      std::string changed;
      for (size_t at = 0; at < text.size();) {
        const size_t newline = std::min(text.find('\n', at), text.size());
        if (at > 0 && text[at] != ' ' && text[at] != '\n' && Chance(30)) changed += before_keys;
        changed += text.substr(at, newline - at);
        changed += end;
        at = newline + 1;
      }
      text = changed;
    };
    switch (Below(9)) {
      case 0: return between_lines("\r\n", "");
      case 1: return between_lines("\n", "# a comment: [\n");
      case 2: return between_lines("\n", "\n\n");
      case 3: text.insert(0, "# first\n---\n"); break;
      case 4: text.insert(0, "\xef\xbb\xbf"); break;
      case 5: text += Pick({"...\n", "---\n---\n# nothing\n", "--- # end\n", "\n\n---\n", "--- {}\n", "---\nnull\n"}); break;
      case 6: text.insert(0, Pick({"%YAML 1.1\n---\n", "%YAML 1.2\n---\n", "--- # here\n", "---\n---\n", "\n\n  \n"})); break;
      case 7: text.pop_back(); break;
      default: between_lines(" \n", "");
    }
  }

  RichFields Fields(const std::string& directory) { return RichFields(*this, directory, tree_.files); }

  std::string Base(const std::string& directory, const std::string& tail) {
    RichFields fields = Fields(directory);
    const std::string objects = RichObjects(*this, tail);
    if (Chance(15)) {  // one file an object, in a directory
      const size_t middle = objects.find("\n---\n");
      tree_.files[directory + "/sub/a.yaml"] = objects.substr(0, middle == std::string::npos ? objects.size() : middle + 1);
      fields.Add("resources", "- sub/a.yaml");
      if (middle != std::string::npos) {
        tree_.files[directory + "/sub/b.yml"] = objects.substr(middle + 1);
        fields.Add("resources", "- ./sub/b.yml");
      }
    } else {
      tree_.files[directory + "/all.yaml"] = objects;
      fields.Add("resources", "- all.yaml");
    }
    if (tail.empty()) fields.AddGenerators();
    if (tail.empty()) fields.AddSome(2);
    else fields.AddPlain();
    return Write(directory, fields);
  }

  std::string Component(const std::string& directory, bool nested) {
    RichFields fields = Fields(directory);
    fields.Set("apiVersion", "kustomize.config.k8s.io/v1alpha1");
    fields.Set("kind", "Component");
    if (Chance(20)) {
      const std::string tail = "-" + directory.substr(directory.size() - 2);
      tree_.files[directory + "/more.yaml"] = RichObjects(*this, tail);
      fields.Add("resources", "- more.yaml");
    }
    if (nested && Chance(20)) fields.Add("components", "- ../" + Component(directory + "-inner", false));
    if (Chance(30)) fields.MergeGenerators();
    fields.AddPlain();
    fields.AddSome(3);
    return Write(directory, fields);
  }

  std::string Overlay(const std::string& directory, const std::vector<std::string>& below) {
    RichFields fields = Fields(directory);
    const char* list = Chance(5) ? "bases" : "resources";
    for (const std::string& base : below) fields.Add(list, "- ../" + base);
    for (int i = Chance(35) ? 1 + Below(2) : 0; i > 0; --i) fields.Add("components", "- ../" + Component(directory + "-c" + std::to_string(i), true));
    if (Chance(40)) fields.MergeGenerators();
    fields.AddSome(5);
    return Write(directory, fields);
  }

  std::string Write(const std::string& directory, const RichFields& fields) {
    tree_.files[directory + "/" + Pick({"kustomization.yaml", "kustomization.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization"})] = fields.ToText();
    return directory;
  }

  RandomTree tree_;
};

}  // namespace

RandomTree MakeRichTree(uint64_t seed) { return Generator(seed).Run(); }

}  // namespace plumb::kustomize
