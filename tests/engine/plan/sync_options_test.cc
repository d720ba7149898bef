// Argo CD's sync options and Flux's words, each as the table in docs/ordering.md says.
#include "engine/plan/sync_options.h"

#include <gmock/gmock.h>

#include "engine/plan/guards.h"
#include "tests/engine/plan/objects.h"

namespace plumb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace plumb::testing;  // NOLINT: the helpers of these tests

Document With(std::string_view options) { return Config("shop/a", R"("annotations":{"argocd.argoproj.io/sync-options":")" + std::string(options) + "\"}"); }

TEST(SyncOptions, KeepConfirmAndReplace) {
  EXPECT_TRUE(HasSyncOption(With("PruneLast=true, Prune=false").root(), "Prune=false"));
  EXPECT_THAT(KeptBySyncOption(With("Prune=false").root(), false), HasSubstr("Prune=false"));
  EXPECT_EQ(KeptBySyncOption(With("Prune=false").root(), true), "") << "an application that is deleted goes by Delete";
  EXPECT_THAT(KeptBySyncOption(With("Delete=false").root(), true), HasSubstr("Delete=false"));
  PlanOptions options;
  const ObjectId id{"", "ConfigMap", "shop", "a"};
  EXPECT_FALSE(IsProtected(id, With("Prune=true").root(), options));
  EXPECT_TRUE(IsProtected(id, With("Prune=confirm").root(), options));
  EXPECT_FALSE(IsProtected(id, With("Delete=confirm").root(), options));
  options.deleting = true;
  EXPECT_TRUE(IsProtected(id, With("Delete=confirm").root(), options));
  EXPECT_TRUE(IsReplaceable(id, With("Force=true").root(), options));
  EXPECT_TRUE(IsReplaceable(id, With("Replace=true").root(), options));
  EXPECT_TRUE(IsReplaceable(id, Config("shop/a", R"("annotations":{"kustomize.toolkit.fluxcd.io/force":"enabled"})").root(), options));
  EXPECT_FALSE(IsReplaceable(id, Config("shop/a", R"("annotations":{"argocd.argoproj.io/sync-options":"Force=true","plumb.dev/replace":"disabled"})").root(), options));
  EXPECT_FALSE(IsReplaceable({"", "Namespace", "", "shop"}, With("Force=true").root(), options)) << "what is in it would go with it";
}

TEST(SyncOptions, WhatIsNotFollowedIsSaid) {
  EXPECT_THAT(SyncOptionWarnings(With("Prune=confirm,PruneLast=true,ServerSideApply=true,SkipDryRunOnMissingResource=true").root()), IsEmpty());
  EXPECT_THAT(SyncOptionWarnings(With("Validate=false").root()), ElementsAre(HasSubstr("'Validate=false' is not followed: fields that the server does not know are errors")));
  EXPECT_THAT(SyncOptionWarnings(With("Prune=flase,PrunePropagationPolicy=orphan").root()),
              ElementsAre(HasSubstr("'Prune=flase' is not known and does nothing, did you mean 'Prune=false'?"), HasSubstr("in the background")));
}

}  // namespace
}  // namespace plumb
