#include "engine/loop/desired.h"

#include <fmt/core.h>

#include "plugins/detect.h"
#include "plugins/kustomize/render.h"
#include "plugins/plain/plain.h"

namespace plumb {

Result<Rendered> RenderSource(const Tree& tree, const ApplicationSource& source, const RenderLimits& limits,
                              const RenderHelpers& helpers) {
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
  request.yaml = helpers.yaml;
  switch (kind) {
    case RendererKind::kPlain: {
      PLUMB_TRY(rendered, RenderPlain(request), "render");
      return rendered;
    }
    case RendererKind::kKustomize: {
      const auto remote = helpers.remote_bases ? helpers.remote_bases(source) : nullptr;
      PLUMB_TRY(rendered, RenderKustomize(request, {remote.get(), helpers.functions}), "render");
      return rendered;
    }
    default:
      return Invalid(fmt::format("render: '{}' is a {} source, which this version cannot render; name 'plain' to read its files as they are",
                                 source.path.empty() ? "." : source.path, RendererName(kind)));
  }
}

}  // namespace plumb
