// YAML into document trees and back, exactly as the Kubernetes tools do it (sigs.k8s.io/yaml over go-yaml v2).
//
// Where they differ from it, on purpose: what follows the first document is read, or refused, never ignored; null keys are
// refused in both dialects; a text that starts with '{' may be JSON with tabs. Where libyaml's grammar is not go-yaml's:
// in flow collections '?' may be part of a plain value and ':' may not end one ("[a:]"); a comment behind a tab is refused.
// Written text differs only for strings that hold U+0085, U+2028, U+2029, DEL or C1 controls, or start with U+FEFF: go-yaml
// loses or refuses these, Plumb writes what reads back.
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
  // Folded scalars as Kustomize has them: its library writes every file anew when it reads it, and go-yaml's writer changes
  // some of them (core/yaml_fold.h).
  bool rewrite_folded = false;
  // The scalars of kKyaml as they were written, for whoever changes them as text (plugins/kustomize/as_written.h): what was
  // quoted and how values are spelled is kept, dates stay as they are, infinite numbers and repeated keys are let through
  // (YamlDocument::warnings has the latter), and a null left out within [] or {} counts as quoted, as go-yaml writes it.
  bool as_written = false;
  bool refuse_duplicate_keys = false;  // otherwise the last wins, and YamlDocument::warnings says so
  size_t bytes = 64u << 20;            // input
  size_t depth = 500;                  // nesting of lists and maps
  size_t nodes = 8'000'000;            // of a document, aliases expanded; go-yaml's bound on aliases holds as well
  size_t documents = 100'000;          // of a stream
};

struct YamlDocument {
  Document value;
  int line = 1;                       // of the document's first token, 1-based
  std::vector<std::string> warnings;  // "line 7: key 'selector' given twice; the last one counts", at most 100
};

// All documents of a stream. Empty ones (comments, nothing between two ---, null) are left out. A text that starts with
// '{' is read as JSON where it is that, as Kubernetes does. Numbers are what the API server would see after the way
// through JSON: 1e3 is the integer 1000.
// Thread-safe. Errors: kInvalid "line:column: ..." (1-based; the caller puts the file in front), kLimit.
Result<std::vector<YamlDocument>> ParseYaml(std::string_view text, const YamlOptions& options = {});
// Exactly one document; none at all is null, two are an error.
Result<Document> ParseYamlOne(std::string_view text, const YamlOptions& options = {});

struct Position {
  int line = 0, column = 0;  // 1-based; 0 where unknown
};

enum class YamlPlace { kValue, kKey };

// Where the member or item at `path` of the index-th (non-empty) document stands: its value, or its key ("unknown key").
// Map keys by name, list items by decimal index. Reads the text again, so that trees carry no positions: only errors
// need them. Unknown path: where the deepest part of it that exists begins. Not followed: aliases and merged maps.
Position LocateYaml(std::string_view text, size_t index, const std::vector<std::string>& path,
                    YamlPlace place = YamlPlace::kValue);

// What `kubectl -o yaml` and `kustomize build` print: keys in go-yaml's natural order, width 80, lists not indented.
// Ends with a newline. A stream is written by joining with "---\n". Bytes that are not UTF-8 become U+FFFD.
// One difference: the key "<<" is quoted (kubectl 1.36 does not, and reads it back as a merge).
std::string WriteYaml(Value value);

}  // namespace plumb
