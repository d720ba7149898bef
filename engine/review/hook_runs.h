// Which hooks a change makes run: all of the head's, where anything of the application changes. Pure.
#pragma once

#include <string>
#include <vector>

#include "engine/loop/application_plan.h"

namespace plumb {

struct HookRuns {
  std::vector<std::string> lines;  // "PreSync: Job shop/migrate (new)", in the order of phases and waves
  struct Changed {
    Manifest base, head;           // of one that is at both ends, and differs
  };
  std::vector<Changed> changed;
  std::vector<std::pair<Manifest, std::string>> wrong;  // annotations that nobody understands, and why
};

// Either may be nullptr: the application is not there at that end.
HookRuns HookRunsOf(const DesiredSet* base, const DesiredSet* head);

}  // namespace plumb
