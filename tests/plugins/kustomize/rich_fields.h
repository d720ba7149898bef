// The fields of one kustomization of a rich tree: each call adds entries that fit the objects of rich_objects.h.
#pragma once

#include <map>
#include <string>

#include "tests/plugins/kustomize/random_dice.h"

namespace plumb::kustomize {

class RichFields {
 public:
  RichFields(Dice& dice, std::string directory, std::map<std::string, std::string>& files) : dice_(dice), directory_(std::move(directory)), files_(files) {}

  void Set(const std::string& field, const std::string& value) { scalars_[field] = value; }
  // `item`: "- ..." with its lines indented as in a list that starts at the margin.
  void Add(const std::string& field, const std::string& item) { lists_[field] += item + "\n"; }

  void AddGenerators();    // the ConfigMap 'settings' and the Secret 'token' that objects refer to
  void MergeGenerators();  // changes to them, and others
  void AddPlain();         // one that fits any objects
  void AddSome(int most);  // other features

  std::string ToText() const;

 private:
  void Patch();
  void StrategicPatch();
  void JsonPatch();
  void OldPatch();
  void Replacement();
  void LabelsAndAnnotations();
  void Names();
  void Images();
  void Configurations();
  void Schema();
  void Plugin();
  void Variables();
  void Metadata();
  void Order();
  std::string File(const std::string& name, const std::string& content);  // of the kustomization's directory, with a number; returns its name
  std::string Target();
  std::string GeneratorSource();

  bool Chance(int percent) { return dice_.Chance(percent); }
  std::string Pick(std::initializer_list<std::string_view> words) { return dice_.Pick(words); }
  std::string Maybe(int percent, const std::string& text) { return Chance(percent) ? text : ""; }

  Dice& dice_;
  const std::string directory_;
  std::map<std::string, std::string>& files_;
  std::map<std::string, std::string> scalars_, lists_;
  int next_ = 0;
};

}  // namespace plumb::kustomize
