// The order of keys in YAML. The differential test beside go-yaml itself is yaml_oracle_test; these are the rules in words.
#include "core/natural_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace plumb {
namespace {

TEST(NaturalLess, KeysComeAsPeopleSort) {
  // Each line before the next.
  const std::vector<std::string> kInOrder[] = {
      {"a1", "a2", "a10", "a11", "b1"},             // digits by their value, not by their look
      {"$x", "_x", "Ax", "ax", "bx"},                // symbols before letters, capitals before small ones
      {"", "a", "ab", "abc"},                        // a prefix before what it begins
      {"1", "2", "10", "a"},                         // digits before letters
      {"v1.2", "v1.10", "v2"},
      {"a.b", "ab"},
      {"18446744073709551615x", "a"},                // more digits than a number holds
      {"e", "z", "\u00e9"},                          // letters outside ASCII by their code
  };
  for (const auto& keys : kInOrder)
    for (size_t i = 0; i + 1 < keys.size(); ++i) {
      EXPECT_TRUE(NaturalLess(keys[i], keys[i + 1])) << keys[i] << " before " << keys[i + 1];
      EXPECT_FALSE(NaturalLess(keys[i + 1], keys[i])) << keys[i + 1] << " not before " << keys[i];
    }
}

TEST(NaturalLess, NothingComesBeforeItself) {
  for (const char* key : {"", "a", "a1", "01", "\u00e9", "$", "999999999999999999999999"}) EXPECT_FALSE(NaturalLess(key, key)) << key;
}

TEST(NaturalLess, ASortOfManyKeysDoesNotDependOnTheirOrderBefore) {
  std::vector<std::string> keys = {"image", "name", "env10", "env2", "Env1", "-x", "_y", "0", "00", "1a", "a1b", "zone"};
  std::vector<std::string> sorted = keys, reversed(keys.rbegin(), keys.rend());
  std::stable_sort(sorted.begin(), sorted.end(), NaturalLess);
  std::stable_sort(reversed.begin(), reversed.end(), NaturalLess);
  EXPECT_EQ(sorted, reversed);
}

}  // namespace
}  // namespace plumb
