#include "engine/loop/desired.h"

#include <fmt/core.h>

#include "core/hash.h"
#include "core/json.h"
#include "plugins/detect.h"
#include "plugins/kustomize/render.h"
#include "plugins/plain/plain.h"

namespace plumb {

Result<Rendered> RenderSource(const Tree& tree, const ApplicationSource& source, const RenderLimits& limits) {
  RendererKind kind = RendererKind::kPlain;
  if (source.renderer.empty()) {
    PLUMB_TRY(detected, DetectRenderer(tree, source.path), "render");
    kind = detected;
  } else if (source.renderer == "kustomize") {
    kind = RendererKind::kKustomize;
  }
  RenderRequest request;
  request.tree = &tree;
  request.path = source.path;
  request.options = source.options;
  request.limits = limits;
  switch (kind) {
    case RendererKind::kPlain: {
      PLUMB_TRY(rendered, RenderPlain(request), "render");
      return rendered;
    }
    case RendererKind::kKustomize: {
      PLUMB_TRY(rendered, RenderKustomize(request), "render");
      return rendered;
    }
    default:
      return Invalid(fmt::format("render: '{}' is a {} source, which this version cannot render; name 'plain' to read its files as they are",
                                 source.path.empty() ? "." : source.path, RendererName(kind)));
  }
}

std::string RenderKey(const Tree& tree, const ApplicationSource& source) {
  const std::string address = tree.Address("");  // a kustomization may read above its own directory
  if (address.empty()) return "";
  return Sha256Hex(address + "\n" + source.path + "\n" + source.renderer + "\n" + WriteCanonicalJson(source.options.root()));
}

}  // namespace plumb
