// Which renderer a directory asks for, told from its files.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "core/tree.h"

namespace plumb {

enum class RendererKind { kPlain, kKustomize, kHelm, kJsonnet };

// "plain", "kustomize", "helm", "jsonnet": as an Application names them.
std::string_view RendererName(RendererKind kind);

// A directory with kustomization.yaml, kustomization.yml or Kustomization is a kustomization, one with Chart.yaml a chart,
// one with main.jsonnet, and a file *.jsonnet, is Jsonnet; anything else is plain.
//
// Errors: kInvalid where two of them fit (the caller's user must say which), and those of the tree: a tree that cannot be
// read is not plain.
Result<RendererKind> DetectRenderer(const Tree& tree, const std::string& path);

}  // namespace plumb
