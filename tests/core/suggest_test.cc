#include "core/suggest.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(DidYouMean, NamesTheNearestWordOrNone) {
  const std::vector<std::string> known = {"replicas", "strategy", "template", "sync"};
  const struct { std::string given, want; } kCases[] = {
      {"replcas", ", did you mean 'replicas'?"}, {"Strategy", ", did you mean 'strategy'?"}, {"tempalte", ", did you mean 'template'?"},
      {"snyc", ", did you mean 'sync'?"},        {"image", ""},                              {"", ""},
      {std::string(1000, 'x'), ""},
  };
  for (const auto& c : kCases) EXPECT_EQ(DidYouMean(c.given, known), c.want) << c.given;
}

}  // namespace
}  // namespace plumb
