// Recorded answers of the real programs, one JSON document a line, from PLUMB_CONFORMANCE or ../shared/conformance.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "tests/diff/json.h"

namespace plumb::testing {

constexpr char kNoVectors[] = "no recorded vectors: set PLUMB_CONFORMANCE to the conformance folder";

// The rows of a .jsonl file; none where the folder is not there.
inline std::vector<Document> VectorRows(const std::string& file) {
  const char* folder = std::getenv("PLUMB_CONFORMANCE");
  std::ifstream in(std::string(folder ? folder : "../shared/conformance") + "/" + file);
  std::vector<Document> rows;
  for (std::string line; std::getline(in, line);) rows.push_back(Json(line));
  return rows;
}

}  // namespace plumb::testing
