// A Project: what a group of applications may do. Allow-lists all the way: what no line names is refused, before anything
// is written.
//
// Projects are objects in the controller's own namespace, out of reach of those who write Applications elsewhere.
// Plain values; thread-safe to read.
#pragma once

#include <string>
#include <vector>

#include "engine/loop/application_plan.h"

namespace plumb {

struct ProjectTarget {
  std::string cluster;                  // "" the cluster that Plumb runs in, "*" any
  std::vector<std::string> namespaces;  // globs
};

struct Project {
  std::string ns, name;
  std::vector<std::string> applications;  // namespaces whose Applications may name it, beside its own; globs
  std::vector<std::string> repositories;  // globs over the whole address
  std::vector<ProjectTarget> targets;
  std::vector<std::string> namespaced_kinds = {"*"}, cluster_kinds;  // "Kind" of the core group, or "Kind.group"; globs
  std::string account_namespace, account_name;                       // "" is Plumb itself

  // "system:serviceaccount:shop:deployer", for Impersonate-User; "" where there is no account.
  std::string User() const;
};

// Errors: kInvalid, naming the field, what was expected and a near name.
Result<Project> ParseProject(const Document& document);

// Whether `application` may be followed at all: its namespace, its sources and its target. Errors: kInvalid, naming the field,
// the project and what would allow it.
Status Allows(const Project& project, const Application& application);

// Whether each object that a plan may touch is allowed: what is desired, and what the inventory names, since a plan may
// delete it. Errors: kInvalid, naming the first that is not, and how many are not.
Status AllowsObjects(const Project& project, const Application& application, const DesiredSet& desired, const Inventory& inventory,
                     const ScopeLookup& scope_of);

}  // namespace plumb
