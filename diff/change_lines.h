// The changes of one object as lines, the common ground of Markdown, HTML and text reports.
//
// Pure, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "diff/mask.h"

namespace plumb {

struct ChangeLine {
  enum class Kind : uint8_t { kField, kOld, kNew, kSame, kNote };
  Kind kind = Kind::kSame;
  std::string text;  // printable, without line breaks; of kField the path
  std::string why;   // of kField: the explanation
};

struct ChangeLineOptions {
  size_t lines = 400;      // of one object; how many more there are is said in a note
  size_t line_bytes = 400;  // of one line; longer ones are cut
  bool times = true;       // when others wrote; without, equal changes of many objects are equal texts
  bool whole = true;       // of created and deleted objects the whole manifest; without, nothing
};

// For each field that changes its path and cause, then what it was and what it will be; multi-line texts, lists and maps as
// hunks. Of created and deleted objects the whole manifest.
std::vector<ChangeLine> ChangeLinesOf(const MaskedDiff& diff, const ChangeLineOptions& options = {});

// Control characters, line breaks and characters that turn the direction of writing as \u001b: a value must not be able to
// draw on a reviewer's terminal, or to look like another text. Cut to `bytes` between characters.
std::string Printable(std::string_view text, size_t bytes = std::string_view::npos);

// "Deployment shop/web".
std::string ObjectTitle(const ObjectDiff& diff);

}  // namespace plumb
