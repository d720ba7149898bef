// Why a rendered object is as it is: for every field the file, the patch or the transformer that set it, and what it was
// before. `plumb render --explain OBJECT`.
//
// A pure function of the tree and the options, as the render itself.
#pragma once

#include <string>
#include <vector>

#include "core/object.h"
#include "plugins/kustomize/build.h"
#include "plugins/renderer.h"

namespace plumb {

struct FieldCause {
  Value value;         // null where `removed`
  bool removed = false;
  std::string file;    // "base/web.yaml", "prod/kustomization.yaml", "prod/patch.yaml"
  int line = 0;        // in the file, 1-based; 0 where it cannot be told
  std::string step;    // "namePrefix", "patches[0]"; "" where the file itself says so

  // "base/web.yaml:12", "prod/patch.yaml:7 (patches[0] of prod/kustomization.yaml)"
  std::string ToString() const;
  std::string kustomization;  // that has the step
};

struct ExplainedField {
  std::vector<std::string> path;    // map keys and list indices of the final object
  std::vector<FieldCause> causes;   // oldest first; the last one set what is there. Never empty.
};

struct Explanation {
  Document object;                     // as it is rendered, sensitive values masked
  std::vector<ExplainedField> fields;  // scalars and empty lists and maps, in the order that they are written
  std::vector<ExplainedField> removed; // what was there once; paths of the object as it was then
  std::vector<std::string> warnings;

  // The object in YAML, each line with what set it in front, and what it was before behind.
  std::string ToText() const;
  // {"object": {...}, "fields": [{"path", "value", "setBy": {...}, "before": [...]}], "removed": [...]}
  Document ToJson() const;
};

// `wanted` is "KIND/NAME" or "NAMESPACE/KIND/NAME", the kind in any case, the name as rendered or as first written.
// Errors: those of RenderKustomize; kInvalid where nothing or several objects are meant, naming them.
Result<Explanation> ExplainKustomize(const RenderRequest& request, const std::string& wanted, const kustomize::Helpers& helpers = {});

}  // namespace plumb
