// The flags of the undelete archive: where it is, how long it remembers, and the key of the Secrets in it.
#pragma once

#include <optional>
#include <vector>

#include "engine/apply/archive.h"
#include "engine/cli/flags.h"
#include "engine/loop/loop.h"

namespace plumb::cli {

// --archive, --archive-key
std::vector<Flag> ArchiveFlags();
// --archive-days, --archive-size: of the commands that write it.
std::vector<Flag> ArchiveBoundFlags();

// nullopt: "--archive none". Errors: kInvalid, and those of the key file.
Result<std::optional<ArchiveOptions>> ArchiveOptionsOf(const Flags& flags);

// The loop keeps what it deletes, unless "--archive none". Errors: of the flags.
Status KeepDeleted(const Flags& flags, LoopContext& context);

}  // namespace plumb::cli
