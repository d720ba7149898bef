// Prints loop events as a timeline: for people on a terminal or in a pipe, or one JSON object a line.
#pragma once

#include <cstdio>

#include "core/mutex.h"
#include "engine/cli/terminal.h"
#include "engine/loop/event.h"

namespace plumb::cli {

// Thread-safe; each event is written and flushed whole.
class Timeline {
 public:
  Timeline(std::FILE* out, bool json, WallTime start) : out_(out), json_(json), colour_(PaletteFor(out)), start_(start) {}
  void Print(const LoopEvent& event);

 private:
  std::string Text(const LoopEvent& event) const;

  std::FILE* const out_;
  const bool json_;
  const Palette colour_;
  const WallTime start_;
  Mutex mu_;
};

// One event as {"time","type","application","revision","text","details","seconds"}.
std::string EventJson(const LoopEvent& event);

}  // namespace plumb::cli
