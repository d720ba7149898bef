// What a change of git does to a cluster, for the people who review it. It keeps three things apart: what this change does, the
// drift that is there already, and what the server would refuse; and says before them what a reviewer looks for first.
//
// Pure but for the lookups handed in. Everything in a Review is masked.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "diff/mask.h"
#include "diff/report.h"
#include "engine/loop/application_plan.h"
#include "engine/review/dangers.h"
#include "engine/review/images.h"

namespace plumb {

// One application at one end of the change.
struct ReviewSide {
  DesiredSet desired;
  std::string failure;  // not "": it could not be rendered, and `desired` says nothing
};

struct ReviewApplication {
  Application application;  // as at the head, or at the base where it is gone; with its ignore rules and sync policy
  std::optional<ReviewSide> base, head;  // absent: there is no such application at that end
  Inventory inventory;                   // empty where not known
  IgnoreRules rules;
  std::vector<std::string> notes;        // what else the caller knows that will not happen as one may think
};

struct ReviewInput {
  std::string base, head;  // for people: "main (1a2b3c4d5e)"
  std::string against;     // "cluster", "snapshot of 2026-01-02T03:04:05Z", ""; "" is nothing: base and head alone
  std::vector<ReviewApplication> applications;
  LiveLookup live;         // empty where against nothing
  SchemaLookup schema;     // CRDs of the change itself are added here
  CheckLookup check;       // what the server says of changed objects at the head; empty: it is not asked
  const Masker* masker = nullptr;  // never null
};

// Something that will not go as git says.
struct Refusal {
  ObjectId id;
  std::string origin;
  std::string reason;
  bool at_base = false;  // so it is already, this change does not make it worse
};

// Everything of one application.
struct ApplicationReview {
  std::string name;
  std::vector<MaskedDiff> changes;  // base against head; in the order of the manifests, then what goes
  std::vector<MaskedDiff> drift;    // the cluster against base: what others did
  std::vector<MaskedDiff> pending;  // the cluster against base: what was not applied yet
  std::vector<Refusal> refused;
  std::vector<std::string> failures;  // "head: render: ..."
  std::vector<std::string> hooks;     // that run: "PreSync: Job shop/migrate (changed)"; what changes in them is among `changes`
  std::vector<std::string> notes;     // what will not happen
  std::vector<std::string> unknown;   // what could not be compared with the cluster, and why
  std::vector<std::string> unused_rules;
  size_t unchanged = 0, ignored = 0;
};

struct Review {
  std::string base, head, against;
  std::vector<ApplicationReview> applications;
  std::vector<Danger> dangers;
  std::vector<ImageChange> images;
  size_t create = 0, patch = 0, replace = 0, remove = 0, orphan = 0;  // of all applications
  size_t hooks = 0;              // runs of hooks, those for failures included
  size_t namespaces = 0;         // touched
  size_t restarted = 0, pods = 0;  // workloads whose pods are made anew, and their replicas as far as known
  bool failed = false;           // the head of an application cannot be rendered

  bool differs() const { return create + patch + replace + remove + orphan + hooks > 0; }
};

Review MakeReview(const ReviewInput& input);

// For WriteMarkdown, WriteHtml and WriteText.
Report ReportOf(const Review& review);
// Version 1 of the JSON form, kind "Review"; docs/pull-requests.md describes it.
Document ReviewToJson(const Review& review);
// All changes of all applications, for the unified form and JSON patches.
std::vector<MaskedDiff> ChangesOf(const Review& review);

}  // namespace plumb
