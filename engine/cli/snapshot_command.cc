// plumb snapshot: a cluster's state in one file without secrets, for reviews in pipelines that have no credentials.
#include <fmt/core.h>

#include <cstdlib>

#include "core/json.h"
#include "core/log.h"
#include "engine/cli/cluster.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/snapshot.h"

namespace plumb::cli {

namespace {

Result<int> Run(const Flags& flags) {
  Interrupted();
  if (!flags.positional().empty()) return Invalid(fmt::format("'{}' is too much; the file goes behind --out", flags.positional()[0]));
  const std::string file = flags.Get("out");
  if (file.empty()) return Invalid("--out is missing: the file to write, 'cluster.json.gz' for example");
  PLUMB_TRY(cluster, Connect(flags));
  SnapshotOptions options;
  options.namespaces = flags.All("only-namespace");
  options.time = FormatTime(Clock::Real().Wall());
  if (const char* key = std::getenv("PLUMB_SNAPSHOT_KEY")) options.key = key;
  PLUMB_TRY(snapshot, TakeSnapshot(*cluster.client, *cluster.discovery, options));
  PLUMB_OK(WriteSnapshotFile(file, snapshot.root()));
  size_t unknown = 0;
  for (Value kind : snapshot->Get("kinds").items()) {
    const std::string_view why = kind.GetString("unknown");
    if (why.empty() || why == "snapshots leave this kind out") continue;
    ++unknown;
    log::Warning(fmt::format("{} of '{}' is not in the snapshot: {}", kind.GetString("kind"), kind.GetString("group"), why));
  }
  const size_t objects = snapshot->Get("objects").size();
  if (flags.Get("output") == "json") {
    Arena arena;
    fmt::print("{}\n", WriteJson(arena.Map({{"file", Arena::Borrow(file)}, {"objects", Arena::Int(static_cast<int64_t>(objects))}, {"unknownKinds", Arena::Int(static_cast<int64_t>(unknown))}})));
  } else {
    fmt::print("{}: {} objects, secrets hashed{}\n", file, objects, options.key.empty() ? "" : " with your key");
  }
  return kExitOk;
}

}  // namespace

Command SnapshotCommand() {
  Command command{"snapshot", "", "write a cluster's state to one file, secrets hashed",
                  "  plumb snapshot --out cluster.json.gz\n"
                  "  plumb diff --base origin/main --head HEAD --snapshot cluster.json.gz\n\n"
                  "A review compares with it where a pipeline has no credentials for the cluster (docs/pull-requests.md). Values of Secrets and\n"
                  "what looks like a credential are hashed with a salt; with $PLUMB_SNAPSHOT_KEY set, with that key instead, which is then\n"
                  "needed to read it.\n",
                  {{"out", 0, "FILE", "the file to write; packed where its name ends in .gz", "", false, {}},
                   {"only-namespace", 0, "NAME", "only this namespace, and what is cluster-scoped; may be given several times", "", true, {}}},
                  Run};
  for (const Flag& flag : ClusterFlags()) command.flags.push_back(flag);
  return command;
}

}  // namespace plumb::cli
