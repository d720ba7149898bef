// Every metric of Plumb: name, type, labels and help. One table for the registry, docs/metrics.md and the tests.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace plumb {

struct MetricInfo {
  enum class Type { kGauge, kCounter, kHistogram };
  std::string_view name;
  Type type;
  std::string_view labels;  // comma-separated; "" for none
  std::string_view help;    // one sentence, with the unit where the name has one
};

std::span<const MetricInfo> MetricCatalogue();

// The table of docs/metrics.md, in Markdown.
std::string MetricTable();

}  // namespace plumb
