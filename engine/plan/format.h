// A plan for people (text) and for programs (JSON). Sensitive values appear in neither: both mask every diff first.
#pragma once

#include <string>

#include "diff/mask.h"
#include "engine/plan/plan.h"

namespace plumb {

struct PlanFormat {
  bool colour = false;
  bool unchanged = false;  // list steps that do nothing too
  bool fields = true;      // list the changed fields under each object
  bool reasons = false;    // say what each step waits for
  const Masker* masker = nullptr;  // makes the markers of sensitive values; null: one of its own
};

// "+ create  Deployment shop/web   (deploy/web.yaml:14)", changed fields, holds, warnings, the summary line, the digest.
std::string FormatPlan(const Plan& plan, const PlanFormat& format = {});

// "2 to create, 1 to change, 3 to delete (held: more than budget.deletes), 14 unchanged"; "in sync: 14 objects".
std::string SummaryLine(const Plan& plan);

// {"application","digest","approval","summary":{...},"steps":[{"action","id","after":[...],...}],"holds","warnings"}.
Document PlanToJson(const Plan& plan, const Masker* masker = nullptr);

}  // namespace plumb
