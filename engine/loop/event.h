// What happens to applications, told to whoever listens: the timeline of `plumb run`, tests, later Kubernetes Events.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/object.h"

namespace plumb {

struct LoopEvent {
  enum class Type {
    kStarted,   // the loop follows this application from now on
    kRevision,  // the source has a new revision
    kPlan,      // a plan with changes was made; details: its text, a line each
    kStep,      // one step was carried out, in order
    kSynced,    // the plan is done
    kHealthy,   // everything applied is ready
    kDrift,     // a declared field was changed by somebody else; details: the fields
    kHealed,    // and was put back
    kHeld,      // something waits for a person or for better knowledge; details: why, and what lifts it
    kWarning,   // something to look at that stops nothing
    kFailed,    // a fetch, a render, a plan or a step failed; it will be tried again
  };
  Type type = Type::kStarted;
  WallTime time{};
  std::string ns;                     // of the application
  std::string application;
  std::string revision;               // "" where none is known
  std::string text;                   // one line, lower case
  std::vector<std::string> details;   // more lines, without secrets
  ObjectId object;                    // of kStep, kDrift, kHealed; else empty
  Duration took{};                    // of kSynced, kHealthy, kHealed, kStep
};

std::string_view LoopEventName(LoopEvent::Type type);  // "started", "revision", "plan", ...

// Called on the loop's worker threads, several at a time: thread-safe, and quick.
using EventSink = std::function<void(const LoopEvent&)>;

}  // namespace plumb
