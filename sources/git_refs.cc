#include "sources/git_refs.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/suggest.h"
#include "sources/semver.h"

namespace plumb {
namespace {

constexpr std::string_view kHeads = "refs/heads/";
constexpr std::string_view kTags = "refs/tags/";

bool AllHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

const GitRef* FindRef(const std::vector<GitRef>& refs, std::string_view prefix, std::string_view name) {
  const auto found = std::find_if(refs.begin(), refs.end(), [&](const GitRef& ref) {
    return ref.name.size() == prefix.size() + name.size() && ref.name.starts_with(prefix) && ref.name.ends_with(name);
  });
  return found == refs.end() ? nullptr : &*found;
}

// The highest version among the tags that lies in `range`; of equal ones ("v1.0.0" and "1.0.0") the first by name.
const GitRef* HighestTag(const std::vector<GitRef>& refs, const VersionRange& range) {
  const GitRef* best = nullptr;
  Version best_version;
  for (const GitRef& ref : refs) {
    if (!ref.name.starts_with(kTags)) continue;
    auto version = Version::Parse(std::string_view(ref.name).substr(kTags.size()));
    if (!version || !range.Contains(*version) || (best != nullptr && *version <= best_version)) continue;
    best = &ref;
    best_version = *std::move(version);
  }
  return best;
}

}  // namespace

bool IsCommitId(std::string_view text) { return text.size() == 40 && AllHex(text); }
bool IsAbbreviatedCommitId(std::string_view text) { return text.size() >= 7 && text.size() < 40 && AllHex(text); }

Result<std::vector<GitRef>> ParseGitRefs(std::string_view listing) {
  std::vector<GitRef> refs;
  while (!listing.empty()) {
    const size_t end = std::min(listing.find('\n'), listing.size());
    std::string_view line = listing.substr(0, end);
    listing.remove_prefix(std::min(end + 1, listing.size()));
    if (line.starts_with("ref: ") || line.empty()) continue;
    const size_t tab = line.find('\t');
    const std::string_view id = line.substr(0, tab);
    if (tab == 64 && AllHex(id)) return Invalid("its object ids are SHA-256, which is not supported");
    if (tab == std::string_view::npos || !IsCommitId(id)) return Invalid("its list of references cannot be read");
    std::string_view name = line.substr(tab + 1);
    if (name.ends_with("^{}")) {  // what an annotated tag points to, right after the tag
      name.remove_suffix(3);
      if (!refs.empty() && refs.back().name == name) refs.back().commit = id;
      continue;
    }
    refs.push_back({std::string(name), std::string(id)});
  }
  return refs;
}

Result<std::optional<GitRef>> SelectGitRef(const std::vector<GitRef>& refs, std::string_view revision) {
  const bool full = revision == "HEAD" || revision.starts_with("refs/");
  if (full) {
    if (const GitRef* ref = FindRef(refs, "", revision)) return std::optional(*ref);
    return NotFound(revision == "HEAD"
                        ? std::string("the repository has no default branch yet; push a commit or name a revision")
                        : fmt::format("reference '{}' does not exist", revision));
  }
  for (std::string_view prefix : {kHeads, kTags}) {
    if (const GitRef* ref = FindRef(refs, prefix, revision)) return std::optional(*ref);
  }
  // "x" and "X" alone would be ranges for every version; as a revision they are a branch that is not there.
  const bool may_be_range = revision.find_first_of("0123456789*") != std::string_view::npos;
  if (auto range = VersionRange::Parse(revision); may_be_range && range.ok()) {
    if (const GitRef* ref = HighestTag(refs, *range)) return std::optional(*ref);
    if (!IsAbbreviatedCommitId(revision)) {
      return NotFound(fmt::format("no branch or tag '{}', and no tag is a version in that range", revision));
    }
  }
  if (IsAbbreviatedCommitId(revision)) return std::optional<GitRef>();

  std::vector<std::string> names;
  for (const GitRef& ref : refs) {
    for (std::string_view prefix : {kHeads, kTags}) {
      if (ref.name.starts_with(prefix)) names.push_back(ref.name.substr(prefix.size()));
    }
  }
  std::string hint = DidYouMean(revision, names);
  if (names.empty())
    hint = "; the repository is empty";
  else if (hint.empty())
    hint = fmt::format("; it has {} branches and tags", names.size());
  return NotFound(fmt::format("revision '{}' does not exist{}", revision, hint));
}

}  // namespace plumb
