// A Tree on a local directory, as untrusted as a repository: nothing outside of it can be read through it.
#pragma once

#include <memory>
#include <string>

#include "core/tree.h"

namespace plumb {

struct DirectoryOptions {
  size_t file_bytes = 64u << 20;  // a larger file is kLimit
  size_t entries = 100'000;       // of one directory; more is kLimit
};

// Thread-safe. The directory may change while it is read; each call sees it as it is then, and no call leaves it:
// every component is opened without following links (openat, O_NOFOLLOW), and links are walked here.
//
// Symlinks that lead out of it, and absolute ones, are kDenied. Devices, sockets and pipes are kDenied and never
// opened. Directories named ".git" are not listed: a tree read from git does not have them either. Has no addresses.
//
// Errors of Open: kNotFound, kInvalid (not a directory), kDenied.
Result<std::shared_ptr<const Tree>> OpenDirectoryTree(const std::string& directory, DirectoryOptions options = {});

}  // namespace plumb
