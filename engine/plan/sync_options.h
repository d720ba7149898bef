// Argo CD's sync options and Flux's words on a single object, as far as they say something to a plan. docs/ordering.md has the table.
//
// Sources: Argo CD 3.5 (argocd.argoproj.io/sync-options, a list with commas), Flux 2.7 (kustomize.toolkit.fluxcd.io/*). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/value.h"

namespace plumb {

// Whether the object's list of sync options has this one: "Prune=false".
bool HasSyncOption(Value object, std::string_view option);

// Why its annotations keep an object in the cluster though it left the source, or, with `deleting`, though its application goes:
// "annotation '...: Prune=false'"; "" where they do not.
std::string KeptBySyncOption(Value live, bool deleting);

// Prune=confirm (with `deleting`: Delete=confirm): its deletion waits for an approval.
bool NeedsConfirmation(Value live, bool deleting);

// Force=true, Replace=true, or Flux's force: enabled: where a field cannot be changed in place it may be deleted and made anew.
bool AllowsReplace(Value desired);

// What the object asks for and does not get, or is misspelt: one sentence each.
std::vector<std::string> SyncOptionWarnings(Value desired);

}  // namespace plumb
