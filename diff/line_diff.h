// The difference of two texts in lines, as `diff -u` has it.
//
// Pure, thread-safe. Myers' O(ND) algorithm; texts that differ in more than LineDiffOptions::edits lines are said as one
// replaced block, so that the time stays bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plumb {

struct LineDiffOptions {
  size_t context = 3;  // unchanged lines around each change
  size_t edits = 2000;
};

// Hunks "@@ -1,4 +1,5 @@" with their lines, ready for `patch`; "" where the texts are equal. A text without a newline at its
// end gets "\ No newline at end of file".
std::string UnifiedHunks(std::string_view before, std::string_view after, const LineDiffOptions& options = {});

}  // namespace plumb
