#include "tests/plugins/kustomize/against_program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <regex>
#include <set>

#include "core/process.h"
#include "core/yaml.h"
#include "plugins/kustomize/render.h"

namespace plumb::kustomize {

std::filesystem::path KustomizeProgram() {
  const char* folder = std::getenv("PLUMB_ASSETS");
  return std::filesystem::absolute(std::filesystem::path(folder ? folder : "../cache/bin") / "kustomize");
}

namespace {

// Runs a function where it stands in the folder.
class InFolder final : public FunctionRunner {
 public:
  explicit InFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Result<std::string> Run(const Call& call) override {
    Process process{.argv = {call.program.path}, .directory = (folder_ / call.directory).string(), .input = call.input};
    process.argv.insert(process.argv.end(), call.program.args.begin(), call.program.args.end());
    PLUMB_TRY(ran, ProcessRunner::Real().Run(process));
    if (!ran.ok()) return Invalid("the function failed: " + ran.err);
    return ran.out;
  }

 private:
  const std::filesystem::path folder_;
};

// The fields that warnings of either call deprecated.
std::set<std::string> Deprecated(const std::string& text) {
  std::set<std::string> fields;
  const std::regex warning("'(\\w+)' is deprecated");
  for (std::sregex_iterator at(text.begin(), text.end(), warning), end; at != end; ++at) fields.insert((*at)[1]);
  return fields;
}

}  // namespace

Result<Comparison> CompareWithProgram(const std::filesystem::path& folder, const Tree& tree, const std::string& root, bool free_loading, bool functions) {
  Process process{.argv = {KustomizeProgram().string(), "build", "--load-restrictor", free_loading ? "LoadRestrictionsNone" : "LoadRestrictionsRootOnly", (folder / root).string()},
                  .env = {{"PATH", functions ? "/usr/bin:/bin" : "/nowhere"}, {"GOGC", "off"}, {"GOMAXPROCS", "1"}, {"HTTP_PROXY", "http://127.0.0.1:1"}, {"HTTPS_PROXY", "http://127.0.0.1:1"}}};
  if (functions) process.argv.insert(process.argv.end(), {"--enable-alpha-plugins", "--enable-exec"});
  process.timeout = std::chrono::minutes(10);  // the machine may be busy
  PLUMB_TRY(ran, ProcessRunner::Real().Run(process));
  Comparison comparison;
  comparison.crashed = ran.err.starts_with("panic: ") || ran.err.find("\npanic: ") != std::string::npos;
  comparison.renders = ran.ok();
  comparison.program = ran.ok() ? ran.out : "fails: " + ran.err;

  RenderRequest request;
  request.tree = &tree;
  request.path = root;
  static YamlCache yaml;  // of all trees of a test: a render must not see that others were before it
  request.yaml = &yaml;
  if (free_loading) request.options = *ParseYamlOne("loadRestrictor: none");
  InFolder runner(folder);
  const auto rendered = RenderKustomize(request, {.functions = functions ? &runner : nullptr});
  comparison.plumb = rendered.ok() ? WriteManifests(rendered->manifests) : rendered.error().message();
  comparison.same = rendered.ok() == ran.ok() && (!ran.ok() || comparison.plumb == ran.out);
  if (!comparison.same || !ran.ok()) return comparison;
  const std::set<std::string> theirs = Deprecated(ran.err), ours = Deprecated(fmt::format("{}", fmt::join(rendered->warnings, "\n")));
  comparison.same = theirs == ours;
  if (!comparison.same) {
    comparison.program = fmt::format("calls deprecated: {}", fmt::join(theirs, ", "));
    comparison.plumb = fmt::format("calls deprecated: {}", fmt::join(ours, ", "));
  }
  return comparison;
}

}  // namespace plumb::kustomize
