// "did you mean": the known word nearest to a misspelt one. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plumb {

// ", did you mean 'replicas'?" for the nearest of `known` within a third of the word's length in edits (insert, delete,
// replace, swap of neighbours; case does not count), else "". Words above 100 bytes get no suggestion.
std::string DidYouMean(std::string_view given, const std::vector<std::string>& known);

}  // namespace plumb
