#include "engine/plan/fight.h"

#include <algorithm>

namespace plumb {

std::string Fight::ToString(TimePoint now) const {
  return "'" + manager + "' changes " + field + " of " + object.ToString() + " back after each of our writes (" + std::to_string(rounds) + " times): left alone for " +
         FormatDuration(std::max(until - now, Duration::zero())) + "; leave the field out of the manifest, ignore it by a rule, or stop '" + manager + "'";
}

bool FightDetector::IsPerson(std::string_view manager) const {
  return std::any_of(options_.people.begin(), options_.people.end(), [&](const std::string& name) {
    return name.ends_with('*') ? manager.starts_with(std::string_view(name).substr(0, name.size() - 1)) : manager == name;
  });
}

FightDetector::State& FightDetector::Touch(const Key& key) {
  const auto [at, fresh] = fields_.try_emplace(key);
  State& state = at->second;
  if (!fresh) ages_.erase(state.age);
  state.age = ages_.insert(ages_.end(), key);
  if (fields_.size() > options_.max_fields) {
    fields_.erase(ages_.front());
    ages_.pop_front();
  }
  return state;
}

void FightDetector::Wrote(const ObjectId& object, const std::string& field, TimePoint now) {
  if (options_.max_fields > 0) Touch({object, field}).wrote = now;
}

std::optional<Fight> FightDetector::Differs(const ObjectId& object, const std::string& field, std::string_view manager, TimePoint now) {
  const auto found = fields_.find({object, field});
  if (found == fields_.end()) return std::nullopt;
  State& state = found->second;
  const auto fight = [&] { return Fight{object, field, state.manager, state.rounds.size(), *state.until}; };
  if (state.until && now < *state.until) return fight();
  if (state.until) {  // the pause is over: the next answers count anew
    state.until.reset();
    state.rounds.clear();
  }
  const bool answered = state.wrote && now - *state.wrote <= options_.answer && !manager.empty() && !IsPerson(manager);
  state.wrote.reset();
  if (!answered) return std::nullopt;
  if (state.manager != manager) {
    state.manager = manager;
    state.rounds.clear();
  }
  state.rounds.push_back(now);
  std::erase_if(state.rounds, [&](TimePoint round) { return now - round > options_.window; });
  if (state.rounds.size() < options_.rounds) return std::nullopt;
  state.until = now + options_.pause;
  return fight();
}

std::vector<Fight> FightDetector::Paused(TimePoint now) const {
  std::vector<Fight> out;
  for (const auto& [key, state] : fields_)
    if (state.until && now < *state.until) out.push_back({key.object, key.field, state.manager, state.rounds.size(), *state.until});
  return out;
}

void FightDetector::Forget(const ObjectId& object) {
  for (auto at = fields_.lower_bound({object, ""}); at != fields_.end() && at->first.object == object;) {
    ages_.erase(at->second.age);
    at = fields_.erase(at);
  }
}

}  // namespace plumb
