// The rarer fields of random kustomizations: plugins, configurations, schemas, deprecated spellings, odd options.
#pragma once

#include <map>
#include <string>

#include "tests/plugins/kustomize/random_dice.h"

namespace plumb::kustomize {

class RandomFields {
 public:
  RandomFields(Dice& dice, std::map<std::string, std::string>& files) : dice_(dice), files_(files) {}

  // Lines of the kustomization.yaml of `directory`; the files that they name are added to the tree.
  std::string OfBase(const std::string& directory);
  std::string OfOverlay(const std::string& directory);

 private:
  std::string Configurations(const std::string& directory);
  std::string Crds(const std::string& directory);
  std::string OpenApi(const std::string& directory);
  std::string Plugins(const std::string& directory, const char* field);
  std::string OldPatches(const std::string& directory);
  std::string PatchFiles(const std::string& directory);
  std::string ReplacementFile(const std::string& directory);
  std::string SortOptions();
  std::string Transformer();

  bool Chance(int percent) { return dice_.Chance(percent); }
  std::string Pick(std::initializer_list<std::string_view> words) { return dice_.Pick(words); }

  Dice& dice_;
  std::map<std::string, std::string>& files_;
};

}  // namespace plumb::kustomize
