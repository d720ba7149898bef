#include "engine/loop/field_fights.h"

#include <fmt/core.h>

#include <algorithm>

#include "diff/object_diff.h"

namespace plumb {

namespace {

// A change that undoes what somebody else wrote over ours.
bool IsAnswer(const FieldChange& change) { return (change.cause == Cause::kDrift || change.cause == Cause::kConflict) && !change.writer.manager.empty(); }

}  // namespace

bool FieldFights::Note(const Plan& plan, TimePoint now, WallTime wall) {
  bool news = false;
  for (const Step& step : plan.steps) {
    if (step.action != Action::kPatch || !step.diff) continue;
    for (const FieldChange& change : step.diff->changes) {
      if (!IsAnswer(change)) continue;
      const std::string field = change.path.ToString();
      const auto fight = detector_.Differs(step.id, field, change.writer.manager, now);
      if (!fight || paused_.contains({step.id, field})) continue;
      auto pattern = FieldPattern::Parse(field);
      if (!pattern.ok()) continue;  // a path that no rule can name is healed for ever
      Paused paused;
      paused.until = fight->until;
      paused.hold = {"fight", fmt::format("'{}' changes {} of {} back after each of our writes ({} times)", fight->manager, field, step.id.ToString(), fight->rounds),
                     fmt::format("the field is left alone until {}; leave it out of the manifest, ignore it by a rule, or stop '{}'", FormatTime(wall + (fight->until - now)), fight->manager), wall};
      paused.rule.group = step.id.group, paused.rule.kind = step.id.kind, paused.rule.ns = step.id.ns, paused.rule.name = step.id.name;
      paused.rule.fields = {*pattern};
      paused.rule.where = fmt::format("a fight with '{}'", fight->manager);
      paused_.emplace(std::pair(step.id, field), std::move(paused));
      news = true;
    }
  }
  return news;
}

void FieldFights::Wrote(const Step& step, TimePoint now) {
  if (step.action != Action::kPatch || !step.diff) return;
  for (const FieldChange& change : step.diff->changes)
    if (IsAnswer(change)) detector_.Wrote(step.id, change.path.ToString(), now);
}

void FieldFights::Forget(const ObjectId& id) {
  detector_.Forget(id);
  std::erase_if(paused_, [&](const auto& entry) { return entry.first.first == id; });
}

void FieldFights::ForgetAll() {
  for (const ObjectId& id : Objects()) Forget(id);
}

void FieldFights::DropOver(TimePoint now) {
  std::erase_if(paused_, [&](const auto& entry) { return entry.second.until <= now; });
}

bool FieldFights::any(TimePoint now) {
  DropOver(now);
  return !paused_.empty();
}

IgnoreRules FieldFights::Rules(TimePoint now) {
  DropOver(now);
  std::vector<IgnoreRule> rules;
  for (const auto& [key, paused] : paused_) rules.push_back(paused.rule);
  return IgnoreRules(std::move(rules));
}

std::vector<HoldState> FieldFights::Holds(TimePoint now) {
  DropOver(now);
  std::vector<HoldState> holds;
  for (const auto& [key, paused] : paused_) holds.push_back(paused.hold);
  return holds;
}

std::vector<ObjectId> FieldFights::Objects() const {
  std::vector<ObjectId> ids;
  for (const auto& [key, paused] : paused_)
    if (ids.empty() || ids.back() != key.first) ids.push_back(key.first);
  return ids;
}

TimePoint FieldFights::Next() const {
  TimePoint next = TimePoint::max();
  for (const auto& [key, paused] : paused_) next = std::min(next, paused.until);
  return next;
}

}  // namespace plumb
