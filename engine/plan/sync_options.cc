#include "engine/plan/sync_options.h"

#include <algorithm>

#include <fmt/core.h>

#include "core/suggest.h"
#include "engine/plan/references.h"

namespace plumb {
namespace {

constexpr std::string_view kAnnotation = "argocd.argoproj.io/sync-options";
constexpr std::string_view kFluxForce = "kustomize.toolkit.fluxcd.io/force";

struct Option {
  std::string_view text;
  std::string_view missing;  // "" where Plumb does as it says; else what it does instead
};
constexpr Option kOptions[] = {
    {"Prune=false", ""}, {"Prune=true", ""}, {"Prune=confirm", ""},
    {"Delete=false", ""}, {"Delete=true", ""}, {"Delete=confirm", ""},
    {"Force=true", ""}, {"Force=false", ""},
    {"Replace=true", "the object is applied, and made anew only where a field cannot be changed in place"}, {"Replace=false", ""},
    {"SkipDryRunOnMissingResource=true", ""}, {"SkipDryRunOnMissingResource=false", ""},
    {"PruneLast=true", ""}, {"PruneLast=false", "deletes come after everything else"},
    {"ServerSideApply=true", ""}, {"ServerSideApply=false", "everything is applied by the server"},
    {"ClientSideApplyMigration=true", ""}, {"ClientSideApplyMigration=false", ""},
    {"ApplyOutOfSyncOnly=true", ""}, {"ApplyOutOfSyncOnly=false", "what is in sync is not applied again"},
    {"RespectIgnoreDifferences=true", ""}, {"RespectIgnoreDifferences=false", "ignored fields are never applied over a live object"},
    {"FailOnSharedResource=true", ""}, {"FailOnSharedResource=false", "an object of another application is never taken over silently"},
    {"Validate=true", ""}, {"Validate=false", "fields that the server does not know are errors"},
    {"CreateNamespace=true", "it is an option of the Application: sync.createNamespace"},
    {"CreateNamespace=false", "it is an option of the Application: sync.createNamespace"},
    {"PrunePropagationPolicy=background", ""},
    {"PrunePropagationPolicy=foreground", "deletes are carried out in the background"},
    {"PrunePropagationPolicy=orphan", "deletes are carried out in the background"},
};

std::vector<std::string_view> OptionsOf(Value object) {
  std::vector<std::string_view> options;
  std::string_view rest = AnnotationOf(object, kAnnotation);
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    std::string_view option = rest.substr(0, comma);
    while (option.starts_with(' ')) option.remove_prefix(1);
    while (option.ends_with(' ')) option.remove_suffix(1);
    if (!option.empty()) options.push_back(option);
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
  }
  return options;
}

}  // namespace

bool HasSyncOption(Value object, std::string_view option) {
  const std::vector<std::string_view> options = OptionsOf(object);
  return std::find(options.begin(), options.end(), option) != options.end();
}

std::string KeptBySyncOption(Value live, bool deleting) {
  const std::string_view option = deleting ? "Delete=false" : "Prune=false";
  return HasSyncOption(live, option) ? fmt::format("annotation '{}: {}'", kAnnotation, option) : "";
}

bool NeedsConfirmation(Value live, bool deleting) { return HasSyncOption(live, deleting ? "Delete=confirm" : "Prune=confirm"); }

bool AllowsReplace(Value desired) {
  const std::string_view flux = AnnotationOf(desired, kFluxForce);
  return HasSyncOption(desired, "Force=true") || HasSyncOption(desired, "Replace=true") || flux == "enabled" || flux == "Enabled";
}

std::vector<std::string> SyncOptionWarnings(Value desired) {
  std::vector<std::string> warnings;
  for (std::string_view option : OptionsOf(desired)) {
    const auto known = std::find_if(std::begin(kOptions), std::end(kOptions), [&](const Option& o) { return o.text == option; });
    if (known == std::end(kOptions)) {
      std::vector<std::string> names;
      for (const Option& o : kOptions) names.emplace_back(o.text);
      warnings.push_back(fmt::format("annotation '{}': '{}' is not known and does nothing{}", kAnnotation, option, DidYouMean(option, names)));
    } else if (!known->missing.empty()) {
      warnings.push_back(fmt::format("annotation '{}': '{}' is not followed: {}", kAnnotation, option, known->missing));
    }
  }
  return warnings;
}

}  // namespace plumb
