// libyaml's parser as a pull of events whose errors are values that help: position, what was found, what to do.
//
// For the files that implement core/yaml.h only. One thread.
#pragma once

#include <yaml.h>

#include <string_view>

#include "core/result.h"

namespace plumb {

class YamlEvents {
 public:
  // `text` must outlive this.
  explicit YamlEvents(std::string_view text);
  ~YamlEvents();
  YamlEvents(const YamlEvents&) = delete;
  YamlEvents& operator=(const YamlEvents&) = delete;

  // Moves on to the next event. Errors: kInvalid "line:column: ...", kLimit for texts that would take libyaml much
  // longer than their size tells: flow collections nested deeply in a large text, and thousands of %TAG lines.
  Status Next();

  // The current event; valid until Next.
  const yaml_event_t& event() const { return event_; }
  yaml_event_type_t type() const { return event_.type; }
  std::string_view scalar() const {
    return {reinterpret_cast<const char*>(event_.data.scalar.value), event_.data.scalar.length};
  }

 private:
  Error Problem() const;
  Status CountFlowWork();

  std::string_view text_;
  yaml_parser_t parser_;
  yaml_event_t event_{};
  bool started_ = false;
  size_t flow_depth_ = 0;
  size_t flow_work_ = 0;
};

// "line:column: message", both 1-based.
Error YamlErrorAt(const yaml_mark_t& mark, Code code, std::string_view message);

inline std::string_view YamlText(const yaml_char_t* text) {
  return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view();
}

}  // namespace plumb
