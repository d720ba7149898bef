// The fights of one application: fields that another manager writes back after each of our writes are left alone for a while,
// each as a hold that names the manager, and everything else of their objects is kept true. See engine/plan/fight.h.
//
// Not thread-safe: of the reconciler that owns it.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "diff/ignore.h"
#include "engine/loop/status.h"
#include "engine/plan/fight.h"
#include "engine/plan/plan.h"

namespace plumb {

class FieldFights {
 public:
  explicit FieldFights(FightOptions options = {}) : detector_(std::move(options)) {}

  // Looks at what others wrote over ours. True where a field is left alone from now on: the plan is to be made again.
  bool Note(const Plan& plan, TimePoint now, WallTime wall);
  // A step of a plan was carried out: what it put back may be answered.
  void Wrote(const Step& step, TimePoint now);
  void Forget(const ObjectId& id);
  void ForgetAll();

  // Of the fields that are left alone at present.
  bool any(TimePoint now);
  IgnoreRules Rules(TimePoint now);
  std::vector<HoldState> Holds(TimePoint now);
  std::vector<ObjectId> Objects() const;
  // When the first of them is tried again; TimePoint::max() for none.
  TimePoint Next() const;

 private:
  struct Paused {
    HoldState hold;
    IgnoreRule rule;
    TimePoint until;
  };
  void DropOver(TimePoint now);

  FightDetector detector_;
  std::map<std::pair<ObjectId, std::string>, Paused> paused_;
};

}  // namespace plumb
