#include "diff/go_type.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <string>

#include "core/json.h"
#include "core/mutex.h"
#include "diff/embedded_schema.h"

namespace plumb {

namespace {

uint32_t Number(std::string_view text) {
  uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// "replicas:1op", "containers:2=null"; see tests/controlplane/gotypes.
GoField ParseField(std::string_view word, Arena& arena) {
  GoField field;
  const size_t colon = std::min(word.find(':'), word.size());
  field.name = word.substr(0, colon);
  const std::string_view rest = word.substr(std::min(colon + 1, word.size()));
  field.number = Number(rest);
  const size_t equals = rest.find('=');
  if (equals != std::string_view::npos) {
    std::string_view json = rest.substr(equals + 1);
    if (json.ends_with('p')) json.remove_suffix(1);
    field.when_unset = GoZero::kWritten;
    if (auto zero = ParseJson(json); zero.ok()) field.zero = arena.Adopt(*zero);
  } else {
    field.when_unset = rest.ends_with('p') ? GoZero::kAbsent : GoZero::kEmpty;
  }
  return field;
}

class Types {
 public:
  const GoType* Find(std::string_view definition) {
    MutexLock lock(mu_);
    const auto known = types_.find(definition);
    if (known != types_.end()) return known->second.get();
    std::string_view text = EmbeddedGoType(definition);
    std::unique_ptr<GoType> type;
    if (!text.empty()) type = std::make_unique<GoType>();
    while (!text.empty()) {
      const size_t space = std::min(text.find(' '), text.size());
      const std::string_view word = text.substr(0, space);
      text.remove_prefix(std::min(space + 1, text.size()));
      if (word.starts_with('+')) type->inlined.push_back({Number(word.substr(1)), word.substr(word.find(':') + 1)});
      else type->fields.push_back(ParseField(word, arena_));
    }
    return types_.emplace(definition, std::move(type)).first->second.get();
  }

 private:
  Mutex mu_;
  std::map<std::string, std::unique_ptr<GoType>, std::less<>> types_ GUARDED_BY(mu_);
  Arena arena_ GUARDED_BY(mu_);
};

}  // namespace

const GoField* GoType::Find(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const GoField& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

const GoType* FindGoType(std::string_view definition) {
  static auto* const types = new Types;
  return types->Find(definition);
}

const GoField* FindGoField(std::string_view definition, std::string_view name) {
  const GoType* type = FindGoType(definition);
  if (!type) return nullptr;
  if (const GoField* field = type->Find(name)) return field;
  for (const GoInline& inlined : type->inlined)
    if (const GoField* field = FindGoField(inlined.definition, name)) return field;
  return nullptr;
}

}  // namespace plumb
