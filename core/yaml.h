// YAML into document trees and back, exactly as the Kubernetes tools do it (sigs.k8s.io/yaml over go-yaml v2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/result.h"

namespace plumb {

// How plain scalars become typed values.
enum class YamlDialect {
  kKubernetes,  // go-yaml v2: yes/no/on/off are booleans, 010 is 8 (kubectl, Helm values, manifests)
  kKyaml,       // go-yaml v3: only true/false are booleans; duplicate keys are errors (Kustomize resources)
};

struct YamlOptions {
  YamlDialect dialect = YamlDialect::kKubernetes;
  bool refuse_duplicate_keys = false;  // otherwise the last wins, and YamlDocument::warnings says so
  size_t bytes = 64u << 20;            // input
  size_t depth = 500;                  // nesting of lists and maps
  size_t nodes = 8'000'000;            // nodes after aliases are expanded: the bound on alias bombs
};

struct YamlDocument {
  Document value;
  int line = 1;                       // of the document's first token, 1-based
  std::vector<std::string> warnings;  // "line 7: key 'selector' given twice; the last one counts"
};

// All documents of a stream. Empty ones (only comments, or nothing between two ---) are left out.
// Thread-safe. Errors: kInvalid "line:column: ..." (1-based; the caller puts the file in front), kLimit.
Result<std::vector<YamlDocument>> ParseYaml(std::string_view text, const YamlOptions& options = {});
// Exactly one document; none at all is null, two are an error.
Result<Document> ParseYamlOne(std::string_view text, const YamlOptions& options = {});

struct Position {
  int line = 0, column = 0;  // 1-based; 0 where unknown
};

// Where the value at `path` of the index-th (non-empty) document begins: map keys by name, list items by decimal
// index. Reads the text again, so that trees carry no positions: only errors need them. Unknown path: the deepest
// part of it that exists.
Position LocateYaml(std::string_view text, size_t index, const std::vector<std::string>& path);

// What `kubectl -o yaml` and `kustomize build` print: keys in go-yaml's natural order, width 80, lists not indented.
// Ends with a newline. A stream is written by joining with "---\n".
std::string WriteYaml(Value value);

}  // namespace plumb
