// Tells a fight from an edit: a field that we write and that one manager writes back, time and again, right after us. Such a
// field is reported and left alone for a while instead of being fought over; what a person edits is healed.
//
// A round is: we wrote the field, and within `answer` of that write its manager wrote it again. `rounds` of them by one manager
// within `window` are a fight. Tools that people use by hand (`people`) never fight, whatever they write and how often.
//
// Pure: times are handed in (TimePoint of the caller's Clock). Not thread-safe: the loop that owns it calls it.
// Memory: at most max_fields fields; the one that was quiet longest goes first.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/object.h"

namespace plumb {

struct FightOptions {
  // More than a person or a script makes by hand in a minute; a controller that watches is there within the second.
  size_t rounds = 20;
  Duration window = std::chrono::minutes(10);
  Duration answer = std::chrono::seconds(30);  // what comes later is no answer to our write
  Duration pause = std::chrono::hours(1);      // then we write once more, and see
  size_t max_fields = 10'000;
  // Managers as managedFields names them; a '*' at the end stands for the rest.
  std::vector<std::string> people = {"kubectl", "kubectl-*", "k9s", "lens*", "Lens*", "dashboard*", "Mozilla"};
};

struct Fight {
  ObjectId object;
  std::string field;    // as FieldPath::ToString()
  std::string manager;  // who answers
  size_t rounds = 0;
  TimePoint until;      // the field is left alone until then

  // "'vpa-updater' changes spec.replicas of Deployment shop/web back after each of our writes (20 times): left alone for 1h; ..."
  std::string ToString(TimePoint now) const;
};

class FightDetector {
 public:
  explicit FightDetector(FightOptions options = {}) : options_(std::move(options)) {}

  // We wrote this field at `now`: it was healed, or changed for a new manifest.
  void Wrote(const ObjectId& object, const std::string& field, TimePoint now);

  // The field differs again, last written by `manager`. The fight, where it is one (now or since before, until it is over):
  // the caller reports it and does not write the field. nullopt: heal it.
  std::optional<Fight> Differs(const ObjectId& object, const std::string& field, std::string_view manager, TimePoint now);

  // The fights that are paused at `now`.
  std::vector<Fight> Paused(TimePoint now) const;

  // What is known of an object counts no longer: its manifest changed, somebody lifted the pause, or it is gone.
  void Forget(const ObjectId& object);

  size_t size() const { return fields_.size(); }

 private:
  struct Key {
    ObjectId object;
    std::string field;
    auto operator<=>(const Key&) const = default;
  };
  struct State {
    std::optional<TimePoint> wrote;     // by us, and not answered yet
    std::string manager;                // of the rounds
    std::vector<TimePoint> rounds;      // in time, within the window
    std::optional<TimePoint> until;     // paused
    std::list<Key>::iterator age;
  };

  State& Touch(const Key& key);
  bool IsPerson(std::string_view manager) const;

  const FightOptions options_;
  std::map<Key, State> fields_;
  std::list<Key> ages_;  // the quietest first
};

}  // namespace plumb
