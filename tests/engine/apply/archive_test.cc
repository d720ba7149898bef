// What was deleted is kept: whole, bounded in age and size, and without the values of Secrets.
#include "engine/apply/archive.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/hash.h"
#include "tests/engine/plan/objects.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests
namespace fs = std::filesystem;
using ::testing::HasSubstr;
using std::chrono::hours;

class ArchiveTest : public ::testing::Test {
 protected:
  ArchiveTest() {
    static int number = 0;
    options.folder = (fs::temp_directory_path() / ("archive-test-" + std::to_string(getpid()) + "-" + std::to_string(++number))).string();
  }
  ~ArchiveTest() override { fs::remove_all(options.folder); }

  // A plan that deletes this object.
  Status Put(const Document& object) {
    Plan plan;
    plan.application = "shop";
    plan.digest = Sha256Hex(std::to_string(++plans));
    Step step;
    step.action = Action::kDelete;
    step.id = IdOf(object.root());
    step.live = object;
    plan.steps.push_back(step);
    return Archive(options, clock).Put(plan, {0}, "default", "uid-of-kube-system");
  }
  std::vector<ArchivedPlan> List() {
    trouble.clear();
    return Archive(options, clock).List(&trouble);
  }

  ArchiveOptions options;
  FakeClock clock;
  int plans = 0;
  std::vector<std::string> trouble;
};

TEST_F(ArchiveTest, KeepsTheObjectAndSaysWhenceItWas) {
  ASSERT_TRUE(Put(Object("v1", "ConfigMap", "shop/a", R"("data":{"k":"v"})", R"("managedFields":[{"manager":"x"}],"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"})")).ok());
  const auto plans_kept = List();
  ASSERT_EQ(plans_kept.size(), 1u);
  EXPECT_EQ(plans_kept[0].ns + "/" + plans_kept[0].application, "default/shop");
  EXPECT_EQ(plans_kept[0].cluster, "uid-of-kube-system");
  EXPECT_EQ(WriteJson(plans_kept[0].objects.at(0).object.root()),
            R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"shop","name":"a","annotations":{}},"data":{"k":"v"}})");
  EXPECT_EQ(fs::status(options.folder).permissions(), fs::perms::owner_all);
  for (const auto& file : fs::directory_iterator(options.folder)) EXPECT_EQ(file.status().permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(ArchiveTest, ValuesOfSecretsNeedAKey) {
  const Document secret = Object("v1", "Secret", "shop/s", R"("data":{"password":"aHVudGVyMg=="})");
  ASSERT_TRUE(Put(secret).ok());
  EXPECT_TRUE(List().at(0).objects.at(0).without_values);
  EXPECT_TRUE(List().at(0).objects.at(0).object->Get("data").is_null());
  options.key = std::string(32, 'k');
  clock.Advance(hours(1));
  ASSERT_TRUE(Put(secret).ok());
  EXPECT_FALSE(List().at(0).objects.at(0).without_values);
  EXPECT_EQ(List().at(0).objects.at(0).object->Get("data").GetString("password"), "aHVudGVyMg==");
  options.key = std::string(32, 'x');
  EXPECT_TRUE(List().at(0).objects.at(0).without_values) << "another key";
}

TEST_F(ArchiveTest, TheOldestGoFirst) {
  options.age = hours(24);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Put(Config("shop/a" + std::to_string(i))).ok());
    clock.Advance(hours(10));
  }
  EXPECT_EQ(List().size(), 3u) << "of the last day, as the last write saw it";
  options.age = hours(1000);
  options.bytes = 700;
  for (int i = 0; i < 10; ++i) {
    clock.Advance(hours(1));
    ASSERT_TRUE(Put(Config("shop/b" + std::to_string(i))).ok());
  }
  uintmax_t bytes = 0;
  for (const auto& file : fs::directory_iterator(options.folder)) bytes += file.file_size();
  EXPECT_LE(bytes, 700u);
  EXPECT_EQ(IdOf(List().at(0).objects.at(0).object.root()).name, "b9");
}

TEST_F(ArchiveTest, WhatDoesNotFitIsAnErrorAndKeepsTheRest) {
  ASSERT_TRUE(Put(Config("shop/a")).ok());
  options.expanded_bytes = 300;
  const Status status = Put(Object("v1", "ConfigMap", "shop/big", R"("data":{"k":")" + std::string(1000, 'x') + "\"}"));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::kLimit);
  options.expanded_bytes = 1 << 20;
  EXPECT_EQ(List().size(), 1u);
}

TEST_F(ArchiveTest, DamagedFilesAreNamedAndTheOthersRead) {
  ASSERT_TRUE(Put(Config("shop/a")).ok());
  std::ofstream(fs::path(options.folder) / "00000000T000000.000000Z-x-0.undelete.gz") << "damaged";
  EXPECT_EQ(List().size(), 1u);
  ASSERT_EQ(trouble.size(), 1u);
  EXPECT_THAT(trouble[0], HasSubstr("00000000T000000"));
  options.folder += "/not-there";
  EXPECT_TRUE(List().empty());
}

TEST(Restorable, LeavesOutWhatTheServerGave) {
  const struct { const char* object; const char* want; } kCases[] = {
      {R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"s","uid":"u","resourceVersion":"1","creationTimestamp":"t","generation":2,"labels":{"a":"b","applyset.kubernetes.io/part-of":"x"},"ownerReferences":[]},"spec":{"clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"ports":[]},"status":{}})",
       R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"s","labels":{"a":"b"}},"spec":{"ports":[]}})"},
      {R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"headless"},"spec":{"clusterIP":"None"}})", R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"headless"},"spec":{"clusterIP":"None"}})"},
      {R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"p","annotations":{"pv.kubernetes.io/bind-completed":"yes","mine":"1"}},"spec":{"volumeName":"pv-1","accessModes":[]}})",
       R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"p","annotations":{"mine":"1"}},"spec":{"accessModes":[]}})"},
      {R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"selector":{"matchLabels":{"controller-uid":"u"}},"template":{"metadata":{"labels":{"controller-uid":"u","app":"x"}}}}})",
       R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"template":{"metadata":{"labels":{"app":"x"}}}}})"},
  };
  for (const auto& c : kCases) EXPECT_EQ(WriteJson(Restorable(Json(c.object)).root()), c.want);
}

}  // namespace
}  // namespace plumb
