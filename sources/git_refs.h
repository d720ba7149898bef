// The references of a remote, and which of them a revision means. Pure functions over plain values; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace plumb {

struct GitRef {
  std::string name;    // "refs/heads/main", "HEAD"
  std::string commit;  // 40 hex digits; of an annotated tag what it points to
};

// Output of `git ls-remote`, peeled tags folded into their tag. Errors: kInvalid (SHA-256 repository, not such output).
Result<std::vector<GitRef>> ParseGitRefs(std::string_view listing);

bool IsCommitId(std::string_view text);             // 40 hex digits
bool IsAbbreviatedCommitId(std::string_view text);  // 7 to 39 lower-case hex digits

// The reference that `revision` means, in the order of GitSpec::revision; nullopt for an abbreviated commit id, which
// only the history can tell. Errors: kNotFound with near names, kInvalid (not a name).
Result<std::optional<GitRef>> SelectGitRef(const std::vector<GitRef>& refs, std::string_view revision);

}  // namespace plumb
