// plumb crds: the definitions of Plumb's own kinds, to be applied to a cluster.
#include <fmt/core.h>

#include "core/json.h"
#include "engine/cli/command.h"
#include "engine/controller/crd.h"

namespace plumb::cli {

namespace {

Result<int> Run(const Flags& flags) {
  if (flags.Get("output") != "json") {
    fmt::print("{}", CrdsYaml());
    return kExitOk;
  }
  const Document list = BuildDocument([](Arena& arena) {
    return arena.Map({{"apiVersion", Arena::Borrow("v1")}, {"kind", Arena::Borrow("List")}, {"items", arena.List({arena.Adopt(ApplicationCrd()), arena.Adopt(ProjectCrd())})}});
  });
  fmt::print("{}\n", WriteJson(*list, JsonStyle::kIndent4));
  return kExitOk;
}

}  // namespace

Command CrdsCommand() {
  return {"crds", "", "print the CustomResourceDefinitions of Application and Project", "  plumb crds | kubectl apply --server-side -f -\n", {}, Run};
}

}  // namespace plumb::cli
