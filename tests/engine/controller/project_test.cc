// What a Project allows: everything that it names, and nothing else.
#include "engine/controller/project.h"

#include <gtest/gtest.h>

#include "core/yaml.h"

namespace plumb {
namespace {

Project Make(const std::string& spec) {
  const auto document = ParseYamlOne("apiVersion: plumb.dev/v1alpha1\nkind: Project\nmetadata: {name: shop, namespace: plumb-system}\nspec:\n" + spec);
  const auto project = ParseProject(*document);
  EXPECT_TRUE(project.ok()) << project.error().message();
  return project.ok() ? *project : Project();
}

Application App(const std::string& ns, const std::string& url, const std::string& target = "{namespace: shop}") {
  const auto document = ParseYamlOne("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: " + ns + "}\nspec: {project: shop, sources: [{git: {url: '" + url +
                                     "'}}], target: " + target + "}\n");
  const auto application = ParseApplication(*document, Place::kCluster);
  EXPECT_TRUE(application.ok()) << application.error().message();
  return *application;
}

std::string Message(const Status& status) { return status.ok() ? "" : status.error().message(); }

TEST(Project, AnEmptyOneAllowsNothing) {
  const Project project = Make("  {}\n");
  EXPECT_NE(Message(Allows(project, App("plumb-system", "https://git.example/a.git"))).find("spec.sources[0].git.url: project 'shop' does not allow"), std::string::npos);
}

TEST(Project, WhatItNamesIsAllowed) {
  const Project project = Make("  applications: [team-*]\n  repositories: ['https://git.example/shop/*']\n  targets: [{namespaces: [shop, shop-*]}]\n");
  const struct {
    std::string ns, url, target, want;
  } kCases[] = {
      {"plumb-system", "https://git.example/shop/a.git", "{namespace: shop}", ""},
      {"team-a", "https://git.example/shop/a.git", "{namespace: shop-eu}", ""},
      {"default", "https://git.example/shop/a.git", "{namespace: shop}", "is not for Applications in namespace 'default'; its spec.applications has team-*"},
      {"team-a", "https://evil.example/shop/a.git", "{namespace: shop}", "does not allow 'https://evil.example/shop/a.git'"},
      {"team-a", "https://git.example/shop/a.git", "{namespace: kube-system}", "does not allow namespace 'kube-system'"},
      {"team-a", "https://git.example/shop/a.git", "{namespace: shop, cluster: other}", "of cluster 'other'"},
  };
  for (const auto& c : kCases) {
    const std::string message = Message(Allows(project, App(c.ns, c.url, c.target)));
    if (c.want.empty()) EXPECT_EQ(message, "");
    else EXPECT_NE(message.find(c.want), std::string::npos) << message;
  }
}

// The scopes of a cluster, as far as these tests need them.
std::optional<Scope> ScopeOf(const Gvk& gvk) { return gvk.kind.starts_with("Cluster") || gvk.kind == "Namespace" ? Scope::kCluster : Scope::kNamespaced; }

DesiredSet Desired(const std::vector<std::string>& manifests) {
  DesiredSet desired;
  for (const std::string& text : manifests) desired.manifests.push_back({*ParseYamlOne(text), {}});
  desired.unowned_from = desired.manifests.size();
  return desired;
}

TEST(Project, NobodyTakesOverFromAnotherNamespace) {
  const Project project = Make("  applications: ['*']\n  repositories: ['*']\n  targets: [{namespaces: ['*']}]\n");
  Application application = App("team-a", "https://git.example/a.git");
  application.takes_over = {"team-a/old"};
  EXPECT_EQ(Message(Allows(project, application)), "");
  application.takes_over = {"team-a/old", "team-b/shop"};
  EXPECT_NE(Message(Allows(project, application)).find("spec.takesOver: 'team-b/shop' is in another namespace"), std::string::npos);
}

TEST(Project, ObjectsAreHeldToKindsAndNamespaces) {
  const Project project = Make("  repositories: ['*']\n  targets: [{namespaces: [shop]}]\n  kinds: {namespaced: [ConfigMap, '*.apps'], cluster: [ClusterRole.rbac.authorization.k8s.io]}\n");
  const Application application = App("plumb-system", "https://git.example/a.git");
  const struct {
    std::string manifest, want;
  } kCases[] = {
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}}", ""},
      {"{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}}", ""},
      {"{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}}", ""},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: kube-system}}", "namespace 'kube-system' is in no line of spec.targets"},
      {"{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: shop}}", "kind 'Secret' is not in spec.kinds.namespaced"},
      {"{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: a}}", "kind 'ClusterRoleBinding.rbac.authorization.k8s.io' is not in spec.kinds.cluster"},
      {"{apiVersion: v1, kind: Namespace, metadata: {name: shop}}", "kind 'Namespace' is not in spec.kinds.cluster"},
  };
  for (const auto& c : kCases) {
    const std::string message = Message(AllowsObjects(project, application, Desired({c.manifest}), {}, ScopeOf));
    if (c.want.empty()) EXPECT_EQ(message, "");
    else EXPECT_NE(message.find(c.want), std::string::npos) << message;
  }
}

TEST(Project, TheTargetNamespaceThatPlumbAddsIsAllowedWithTheTarget) {
  DesiredSet desired = Desired({"{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"});
  desired.unowned_from = 0;
  EXPECT_EQ(Message(AllowsObjects(Make("  targets: [{namespaces: [shop]}]\n"), App("plumb-system", "https://u"), desired, {}, ScopeOf)), "");
}

// Whoever may write the inventory's ConfigMap must not have objects of others deleted by it.
TEST(Project, WhatOnlyTheInventoryNamesIsHeldToTheSameRules) {
  const Project project = Make("  targets: [{namespaces: [shop]}]\n");
  const Application application = App("plumb-system", "https://u");
  Inventory inventory("a", "plumb-system");
  inventory.Set({{"", "Secret", "kube-system", "bootstrap"}, "v1", "uid"});
  EXPECT_NE(Message(AllowsObjects(project, application, {}, inventory, ScopeOf)).find("Secret kube-system/bootstrap: project 'shop' does not allow it"), std::string::npos);
  Inventory disguised("a", "plumb-system");
  disguised.Set({{"rbac.authorization.k8s.io", "ClusterRole", "shop", "admin"}, "v1", "uid"});
  EXPECT_NE(Message(AllowsObjects(project, application, {}, disguised, ScopeOf)).find("spec.kinds.cluster"), std::string::npos)
      << "a namespace in the record does not make it a kind that lives in one";
}

TEST(Project, MistakesAreNamed) {
  const struct {
    const char* spec;
    const char* want;
  } kCases[] = {
      {"{repositorys: [a]}", "project 'shop': spec.repositorys: unknown field, did you mean 'repositories'?"},
      {"{targets: [{cluster: a}]}", "spec.targets[0].namespaces: is missing; \"*\" is any"},
      {"{serviceAccount: {name: a}}", "spec.serviceAccount.namespace: is missing"},
      {"{repositories: all}", "spec.repositories: expected a list"},
  };
  for (const auto& c : kCases) {
    const auto project = ParseProject(*ParseYamlOne(std::string("apiVersion: plumb.dev/v1alpha1\nkind: Project\nmetadata: {name: shop}\nspec: ") + c.spec));
    ASSERT_FALSE(project.ok()) << c.spec;
    EXPECT_NE(project.error().message().find(c.want), std::string::npos) << project.error().message();
  }
}

}  // namespace
}  // namespace plumb
