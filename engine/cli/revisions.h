// The two ends of a change in a local git repository: the merge base and the head, each as a tree.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/tree.h"

namespace plumb::cli {

struct RevisionTree {
  std::string name;    // as a person would say it: "main (merge base 1a2b3c4d5e)", "the files as they are"
  std::string commit;  // 40 digits; "" of the files as they are
  std::shared_ptr<const Tree> tree;
};

struct ChangeTrees {
  std::string root;  // of the checkout
  RevisionTree base, head;
  std::vector<std::string> remotes;  // addresses by which Applications may speak of this repository; its own path among them
  std::string base_branch;           // "main" for origin/main; what --base said
};

// The checkout that `place` lies in. Errors: kNotFound (no such path), kInvalid (no git repository).
Result<std::string> FindCheckout(const std::string& place);

// `head` "" means the files as they are, changes not committed included. A revision that this clone does not know is looked
// for on the remote `origin` as well: in CI only the head is checked out.
//
// Errors: kInvalid for a revision that is not there, with the nearest name; for histories without a common commit, which is
// how a shallow clone looks, and then it says so. Those of the git program.
Result<ChangeTrees> OpenChange(const std::string& root, const std::string& base, const std::string& head, std::stop_token stop);

}  // namespace plumb::cli
