#include "tests/plugins/kustomize/against_program.h"

#include <cstdlib>

#include "core/process.h"
#include "core/yaml.h"
#include "plugins/kustomize/render.h"

namespace plumb::kustomize {

std::filesystem::path KustomizeProgram() {
  const char* folder = std::getenv("PLUMB_ASSETS");
  return std::filesystem::absolute(std::filesystem::path(folder ? folder : "../cache/bin") / "kustomize");
}

Result<Comparison> CompareWithProgram(const std::filesystem::path& folder, const Tree& tree, const std::string& root, bool free_loading) {
  Process process{.argv = {KustomizeProgram().string(), "build", "--load-restrictor", free_loading ? "LoadRestrictionsNone" : "LoadRestrictionsRootOnly", (folder / root).string()},
                  .env = {{"PATH", "/nowhere"}, {"HTTP_PROXY", "http://127.0.0.1:1"}, {"HTTPS_PROXY", "http://127.0.0.1:1"}}};
  process.timeout = std::chrono::minutes(10);  // the machine may be busy
  PLUMB_TRY(ran, ProcessRunner::Real().Run(process));
  Comparison comparison;
  comparison.crashed = ran.err.starts_with("panic: ") || ran.err.find("\npanic: ") != std::string::npos;
  comparison.renders = ran.ok();
  comparison.program = ran.ok() ? ran.out : "fails: " + ran.err;

  RenderRequest request;
  request.tree = &tree;
  request.path = root;
  if (free_loading) request.options = *ParseYamlOne("loadRestrictor: none");
  const auto rendered = RenderKustomize(request);
  comparison.plumb = rendered.ok() ? WriteManifests(rendered->manifests) : rendered.error().message();
  comparison.same = rendered.ok() == ran.ok() && (!ran.ok() || comparison.plumb == ran.out);
  return comparison;
}

}  // namespace plumb::kustomize
