// Which renderer a directory asks for.
#include "plugins/detect.h"

#include <gtest/gtest.h>

#include "core/memory_tree.h"

namespace plumb {
namespace {

TEST(DetectRenderer, ByTheFilesOfTheDirectory) {
  const MemoryTree tree({{"plain/a.yaml", ""}, {"plain/sub/Chart.yaml", ""}, {"kust/kustomization.yml", ""}, {"kust2/Kustomization", ""},
                         {"chart/Chart.yaml", ""}, {"jsonnet/main.jsonnet", ""}, {"jsonnet/other.jsonnet", ""}, {"both/Chart.yaml", ""}, {"both/kustomization.yaml", ""}});
  const struct {
    std::string path;
    RendererKind want;
  } kCases[] = {
      {"plain", RendererKind::kPlain},          {"plain/a.yaml", RendererKind::kPlain}, {"plain/sub", RendererKind::kHelm}, {"kust", RendererKind::kKustomize},
      {"kust2", RendererKind::kKustomize},      {"chart", RendererKind::kHelm},         {"jsonnet", RendererKind::kJsonnet}, {"jsonnet/other.jsonnet", RendererKind::kJsonnet},
      {"", RendererKind::kPlain},
  };
  for (const auto& c : kCases) {
    const auto kind = DetectRenderer(tree, c.path);
    ASSERT_TRUE(kind.ok()) << c.path;
    EXPECT_EQ(*kind, c.want) << c.path;
  }
  EXPECT_EQ(DetectRenderer(tree, "both").error().message(),
            "'both' has both 'kustomization.yaml' and 'Chart.yaml'; say which renderer to use: 'kustomize: {}' or 'helm: {}'");
  EXPECT_EQ(DetectRenderer(tree, "nowhere").error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace plumb
