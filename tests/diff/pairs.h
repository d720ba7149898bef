// Manifests against live objects as a server would hold them, for the tests of the drift comparison.
#pragma once

#include <string>

#include "core/yaml.h"
#include "diff/embedded_schema.h"
#include "diff/object_diff.h"
#include "tests/diff/json.h"

namespace plumb::testing {

inline Document Yaml(std::string_view text) {
  auto parsed = ParseYamlOne(text);
  EXPECT_TRUE(parsed.ok()) << text << ": " << (parsed.ok() ? "" : parsed.error().message());
  return parsed.ok() ? *parsed : Document();
}

// The comparison of a manifest with a live object by the embedded schema.
inline ObjectDiff Compare(const Document& manifest, const Document& live, const IgnoreRules* ignore = nullptr, const Document& before = {}) {
  const SchemaPtr schema = EmbeddedSchema();
  DiffInput input;
  input.manifest.object = manifest;
  input.live = live;
  input.type = schema->Find(GvkOf(*manifest));
  input.schema = schema;
  input.ignore = ignore;
  input.declared_before = before;
  return DiffObject(input);
}
inline ObjectDiff Compare(std::string_view manifest, std::string_view live) { return Compare(Yaml(manifest), Yaml(live)); }

// "spec.replicas: 3 -> 5 (changed in git)" a line, for readable expectations; "" where nothing is to be done.
inline std::string Lines(const std::vector<FieldChange>& changes) {
  std::string out;
  for (const FieldChange& change : changes)
    out += change.path.ToString() + ": " + (change.old_value ? WriteJson(*change.old_value) : "(none)") + " -> " +
           (change.new_value ? WriteJson(*change.new_value) : "(none)") + " (" + change.Explain() + ")\n";
  return out;
}

}  // namespace plumb::testing
