#include "tests/plugins/kustomize/rich_tree.h"

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
    return std::move(tree_);
  }

 private:
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
