// Exec credential plugins: runs the program a kubeconfig names and reads the ExecCredential it prints.
//
// Source: k8s.io/client-go plugin/pkg/client/auth/exec, API client.authentication.k8s.io/v1 and v1beta1.
#pragma once

#include "core/clock.h"
#include "core/process.h"
#include "core/result.h"
#include "engine/kube/connection.h"
#include "engine/kube/credentials.h"

namespace plumb::kube {

struct ExecAnswer {
  Credential credential;
  WallTime expires = WallTime::max();  // when to run it again; max: only after a 401
};

// Runs connection.exec, at most a minute. Blocks. Errors: kDenied, with what the program wrote to standard error; kCancelled.
Result<ExecAnswer> RunExecPlugin(const Connection& connection, ProcessRunner& runner, std::stop_token stop = {});

// Reads what a plugin printed. Errors: kDenied naming what is wrong with it.
Result<ExecAnswer> ParseExecCredential(std::string_view output, const ExecPlugin& plugin);

// The KUBERNETES_EXEC_INFO document handed to the plugin.
std::string ExecInfo(const Connection& connection);

}  // namespace plumb::kube
