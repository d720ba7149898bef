// Runs the KRM functions of a source: its directory is written to a place of its own for the time of the call, and the
// program runs there, bounded, without the environment of this process.
#pragma once

#include "core/process.h"
#include "plugins/kustomize/build.h"

namespace plumb {

struct ExecFunctionOptions {
  Duration timeout = std::chrono::seconds(30);  // of one program
  size_t out_bytes = 64u << 20;
  size_t files = 10'000;           // of the directory that is written for it
  size_t bytes = 256u << 20;
};

// What a program may do is not confined further: allow it only for sources whose authors may run programs here. It sees the
// files of the kustomization's directory and below, HOME and PATH, nothing else of the environment.
// Thread-safe; each call has a directory of its own, which is removed.
class ExecFunctions final : public kustomize::FunctionRunner {
 public:
  explicit ExecFunctions(ExecFunctionOptions options = {}, ProcessRunner& runner = ProcessRunner::Real()) : options_(options), runner_(runner) {}

  // Errors: kInvalid (the program is not in the directory, or it failed: with the end of its standard error), kLimit, and
  // those of ProcessRunner::Run.
  Result<std::string> Run(const Call& call) override;

 private:
  const ExecFunctionOptions options_;
  ProcessRunner& runner_;
};

}  // namespace plumb
