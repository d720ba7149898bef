// What the API server would answer to a server-side apply, computed without it: the object with its managedFields, or the
// conflicts; and whether that is certain.
//
// Pure functions, thread-safe. docs/diff.md says what is predicted; tests/diff/prediction_test.cc asks a real server.
#pragma once

#include <string>
#include <vector>

#include "diff/kind_traits.h"
#include "diff/server_side_apply.h"

namespace plumb {

struct PredictionRequest {
  Document live;    // null: the object does not exist
  Document config;  // what is applied, with metadata.namespace where the kind has namespaces
  bool force = false;
  // reset_fields is filled in from the kind.
  WriteContext context;
  // Of the kind; for a custom resource, TraitsOfCustom() of its definition.
  KindTraits traits;
};

struct Prediction {
  // The server's answer; null where it refuses for `conflicts`. Of an object that would be created, without uid,
  // resourceVersion and creationTimestamp.
  Document object;
  bool created = false;
  bool changed = false;
  std::vector<FieldConflict> conflicts;
  // Why only the server knows: "the server allocates spec.clusterIP". Empty: `object` and `conflicts` are exact, as far as
  // the server accepts the object at all (validation is not predicted) and no webhook changes it.
  std::vector<std::string> needs_server;

  bool exact() const { return needs_server.empty(); }
};

// Errors: kInvalid with the server's text, where the configuration does not fit the schema.
Result<Prediction> PredictApply(const PredictionRequest& request);

}  // namespace plumb
