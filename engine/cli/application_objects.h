// The Application objects of a cluster, as the commands around them need them: found by name, changed, followed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/cli/cluster.h"
#include "engine/cli/flags.h"

namespace plumb::cli {

// The one argument of a command, APP: NAME in --namespace, or NAMESPACE/NAME. Errors: kInvalid where there is not exactly one.
Result<std::string> OneArgument(const Flags& flags, std::string_view what);

// The Applications of a namespace, or of all where `ns` is "". Errors: kNotFound where the cluster does not know the kind, with
// what to do; those of the server.
Result<std::vector<Document>> ListApplications(Cluster& cluster, const std::string& ns);

// Errors: kNotFound, with the nearest name.
Result<Document> FindApplication(Cluster& cluster, const std::string& name);

kube::ObjectRef RefOf(Value application);
std::string NameOf(Value application);  // "namespace/name"

// Merges `patch` into the object. Errors: those of the server.
Result<Document> PatchApplication(Cluster& cluster, Value application, Value patch);
// With the annotation set, beside what else there is.
Result<Document> Annotate(Cluster& cluster, Value application, std::string_view annotation, const std::string& text);

// Who the API server says we are; the user of this machine where it does not say.
std::string Who(Cluster& cluster);

// Columns with two spaces between them; the last is not filled up.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows);
// "3m", "2d": since `time`; "" where it is none.
std::string AgeOf(std::string_view time);

void PrintJson(Value value);

}  // namespace plumb::cli
