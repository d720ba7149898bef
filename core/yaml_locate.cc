// Finds a node's place in YAML text by reading it again: only errors need positions, so trees carry none.
#include <string>

#include "core/yaml.h"
#include "core/yaml_events.h"

namespace plumb {

namespace {

Position PositionOf(const yaml_mark_t& mark) { return {static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1}; }

class Locator {
 public:
  Locator(std::string_view text, const std::vector<std::string>& path, YamlPlace place) : events_(text), path_(path), place_(place) {}

  Position Find(size_t index) {
    while (Next() && events_.type() != YAML_STREAM_END_EVENT) {
      if (events_.type() != YAML_DOCUMENT_START_EVENT) continue;
      if (!Next()) return found_;
      if (IsEmpty()) continue;
      if (index-- > 0) {
        Skip();
        continue;
      }
      found_ = PositionOf(events_.event().start_mark);
      Visit(0);
      return found_;
    }
    return {};
  }

 private:
  bool Next() { return ok_ = ok_ && events_.Next().ok(); }

  bool IsEmpty() const {
    if (events_.type() != YAML_SCALAR_EVENT || !events_.event().data.scalar.plain_implicit) return false;
    const std::string_view text = events_.scalar();
    return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
  }

  bool Opens() const { return events_.type() == YAML_MAPPING_START_EVENT || events_.type() == YAML_SEQUENCE_START_EVENT; }

  // Passes over the current node.
  void Skip() {
    for (size_t depth = 0;;) {
      if (Opens()) ++depth;
      if (events_.type() == YAML_MAPPING_END_EVENT || events_.type() == YAML_SEQUENCE_END_EVENT) --depth;
      if (depth == 0 || !Next()) return;
    }
  }

  // Looks for path_[level...] in the current node, and passes over it. A key given twice counts the last time.
  void Visit(size_t level) {
    if (level == path_.size() || !Opens()) return Skip();
    const bool list = events_.type() == YAML_SEQUENCE_START_EVENT;
    const yaml_event_type_t end = list ? YAML_SEQUENCE_END_EVENT : YAML_MAPPING_END_EVENT;
    for (size_t i = 0; Next() && events_.type() != end; ++i) {
      bool here = list && std::to_string(i) == path_[level];
      const Position key = PositionOf(events_.event().start_mark);
      if (!list) {
        here = events_.type() == YAML_SCALAR_EVENT && events_.scalar() == path_[level];
        Skip();
        if (!Next()) return;
      }
      if (!here) {
        Skip();
        continue;
      }
      const bool last = level + 1 == path_.size();
      found_ = !list && (place_ == YamlPlace::kKey || !last) ? key : PositionOf(events_.event().start_mark);
      Visit(level + 1);
    }
  }

  YamlEvents events_;
  const std::vector<std::string>& path_;
  YamlPlace place_;
  bool ok_ = true;
  Position found_;
};

}  // namespace

Position LocateYaml(std::string_view text, size_t index, const std::vector<std::string>& path, YamlPlace place) {
  return Locator(text, path, place).Find(index);
}

}  // namespace plumb
