// Document trees from literals, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/json.h"

namespace plumb::testing {

inline Document Json(std::string_view text) {
  auto parsed = ParseJson(text);
  EXPECT_TRUE(parsed.ok()) << text << ": " << (parsed.ok() ? "" : parsed.error().message());
  return parsed.ok() ? *parsed : Document();
}

}  // namespace plumb::testing
