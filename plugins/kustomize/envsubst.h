// Variables in text, in the dialect of Flux's postBuild: bash's parameter expansion without a shell.
//
//   ${var} ${#var} ${var^} ${var^^} ${var,} ${var,,} ${var:2} ${var:2:3} ${var#p} ${var##p} ${var%p} ${var%%p}
//   ${var=d} ${var:=d} ${var-d} ${var:-d} ${var/a/b} ${var//a/b} ${var/#a/b} ${var/%a/b}
//
// Defaults are taken where the variable is absent or empty, and may hold further variables. "$$" is "$", so that "$${var}" is
// left as "${var}"; "$var" is no variable; "\/" and "\\" lose their first backslash. Patterns have * ? [a-z] and \.
//
// Pure function; thread-safe. Source: fluxcd/pkg envsubst (a fork of drone/envsubst), by behaviour.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/result.h"

namespace plumb::kustomize {

struct EnvsubstOptions {
  bool strict = false;             // a plain ${var} that is not in the map is an error; otherwise it is ""
  size_t depth = 20;               // of defaults within defaults
  size_t bytes = 64u << 20;        // of the result
};

// Errors: kInvalid for a malformed substitution (with its text) or, where strict, an unknown variable (with near names);
// kLimit. No message holds a value.
Result<std::string> Envsubst(std::string_view text, const std::map<std::string, std::string>& variables,
                             const EnvsubstOptions& options = {});

}  // namespace plumb::kustomize
