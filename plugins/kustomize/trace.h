// What a build remembers when somebody asks why an object is as it is: the object after every step that changed it.
//
// Trees are immutable, so that remembering one costs a pointer. Not thread-safe: one build owns it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plugins/kustomize/res_map.h"

namespace plumb::kustomize {

// In place of a file, where the application's options ask for a step.
inline constexpr const char* kOptions = "the application's options";

struct TraceStep {
  std::string file;    // the kustomization that asked for it, or the file that an object was read from
  std::string field;   // of the kustomization: "namePrefix", "patches[0]"; "" where `file` is what was read
  std::string source;  // a file that the field names: the patch
  int document = 0;    // index of the (non-empty) document in `file`, where an object was read from it
};

class Trace {
 public:
  struct Snapshot {
    TraceStep step;
    Value root;  // null: deleted
  };

  // Remembers every object that is new or not what it was.
  void Note(ResMap& map, const TraceStep& step);
  void Note(Resource& resource, const TraceStep& step);
  const std::vector<Snapshot>* Find(uint32_t serial) const;

 private:
  uint32_t last_serial_ = 0;
  std::map<uint32_t, std::vector<Snapshot>> objects_;
};

}  // namespace plumb::kustomize
