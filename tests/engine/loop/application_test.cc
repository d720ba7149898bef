// Application documents: what is accepted, what the defaults are, and how mistakes are named.
#include "engine/loop/application.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/yaml.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

Result<Application> Parse(const std::string& spec) {
  auto document = ParseYamlOne("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: shop}\nspec:\n" + spec);
  EXPECT_TRUE(document.ok()) << document.error().message();
  return ParseApplication(*document);
}

TEST(Application, SmallestUsefulOneHasSafeDefaults) {
  const auto application = Parse("  sources: [{git: {url: https://git.example/shop.git}, path: deploy}]\n");
  ASSERT_TRUE(application.ok()) << application.error().message();
  EXPECT_EQ(application->name, "shop");
  EXPECT_EQ(application->target_namespace, "default");
  EXPECT_TRUE(application->sync.automatic && application->sync.prune && application->sync.self_heal);
  EXPECT_EQ(application->sync.interval, std::chrono::minutes(3));
  EXPECT_EQ(application->budget.deletes, 10u);
  EXPECT_EQ(application->sources[0].git.revision, "") << "the remote's HEAD";
}

TEST(Application, ReferenceIsAcceptedAndSaysTheDefaults) {
  const auto document = ParseYamlOne(ApplicationReference());
  ASSERT_TRUE(document.ok()) << document.error().message();
  const auto application = ParseApplication(*document);
  ASSERT_TRUE(application.ok()) << application.error().message();
  const auto smallest = Parse("  sources: [{git: {url: 'https://git.example/shop.git'}}]\n");
  ASSERT_TRUE(smallest.ok());
  EXPECT_EQ(application->sync.interval, smallest->sync.interval);
  EXPECT_EQ(application->sync.timeout, smallest->sync.timeout);
  EXPECT_EQ(application->budget.deletes, smallest->budget.deletes);
  EXPECT_EQ(application->target_namespace, smallest->target_namespace);
}

TEST(Application, MistakesAreNamed) {
  const struct {
    const char* spec;
    const char* want;
  } kCases[] = {
      {"  source: []\n", "spec.sources: expected a list with at least one source"},
      {"  sources: [{git: {url: u}}]\n  snyc: {}\n", "spec.snyc: unknown field, did you mean 'sync'?"},
      {"  sources: [{git: {url: u}}]\n  sync: {prune: yep}\n", "spec.sync.prune: expected true or false, found a string"},
      {"  sources: [{git: {url: u}}]\n  sync: {interval: 3 minutes}\n", "spec.sync.interval: '3 minutes' is not a duration"},
      {"  sources: [{git: {url: u}}]\n  sync: {interval: 0s}\n", "spec.sync.interval: '0s' must be more than 0"},
      {"  sources: [{git: {url: u}, directory: d}]\n", "spec.sources[0].git: give exactly one of 'git' and 'directory'"},
      {"  sources: [{git: {}}]\n", "spec.sources[0].git.url: is missing"},
      {"  sources: [{git: {url: u}, plain: {}, kustomize: {}}]\n", "a source has one renderer, and 'plain' is given too"},
      {"  sources: [{git: {url: u}}]\n  budget: {deletes: -1}\n", "spec.budget.deletes: -1 is not within 0 and 1000000"},
  };
  for (const auto& c : kCases) {
    const auto application = Parse(c.spec);
    ASSERT_FALSE(application.ok()) << c.spec;
    EXPECT_EQ(application.error().code(), Code::kInvalid);
    EXPECT_NE(application.error().message().find(c.want), std::string::npos) << application.error().message();
  }
}

TEST(Application, OtherKindsAreRefused) {
  const auto document = ParseYamlOne("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n");
  const auto application = ParseApplication(*document);
  ASSERT_FALSE(application.ok());
  EXPECT_NE(application.error().message().find("expected apiVersion: plumb.dev/v1alpha1, kind: Application"), std::string::npos);
}

class LoadApplicationsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "plumb-application-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  void TearDown() override { fs::remove_all(directory_); }
  void Write(const std::string& file, const std::string& text) { std::ofstream(directory_ / file) << text; }

  static std::string Document(const std::string& name) {
    return "apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: " + name + "}\nspec: {sources: [{directory: ./deploy}]}\n";
  }
  fs::path directory_;
};

TEST_F(LoadApplicationsTest, PlacesAreRelativeToTheFile) {
  Write("apps.yaml", Document("a") + "---\n" + Document("b"));
  const auto applications = LoadApplications(directory_.string());
  ASSERT_TRUE(applications.ok()) << applications.error().message();
  ASSERT_EQ(applications->size(), 2u);
  EXPECT_EQ((*applications)[0].sources[0].directory, (fs::weakly_canonical(directory_) / "deploy").string());
}

TEST_F(LoadApplicationsTest, TwoOfOneNameNameBothPlaces) {
  Write("a.yaml", Document("shop"));
  Write("b.yaml", "# first line\n" + Document("shop"));
  const auto applications = LoadApplications(directory_.string());
  ASSERT_FALSE(applications.ok());
  EXPECT_NE(applications.error().message().find("b.yaml:2: application 'shop' is given twice; the other is at"), std::string::npos)
      << applications.error().message();
}

TEST_F(LoadApplicationsTest, AnEmptyPlaceIsAnErrorNotNothingToDo) {
  const auto none = LoadApplications(directory_.string());
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message().find("no Application in it"), std::string::npos);
  EXPECT_EQ(LoadApplications((directory_ / "gone.yaml").string()).error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace plumb
