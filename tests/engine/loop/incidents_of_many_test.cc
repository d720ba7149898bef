// The public incidents of docs/incidents.md that take several applications, played against the loop.
#include "tests/engine/loop/incidents.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using std::chrono::seconds;

// InfluxData 2022: two applications rendered the same objects, and one pruned what the other needed.
TEST_F(IncidentsOfMany, N02TwoApplicationsClaimOneObject) {
  Follow("first");
  Follow("second");
  Push("2222", {{"first/a.yaml", ConfigMap("shared")}, {"second/a.yaml", ConfigMap("shared", "2")}, {"second/b.yaml", ConfigMap("own")}});
  EXPECT_THAT(Summary("second"), HasSubstr("ConfigMap default/shared: is part of application 'default/first', and 'second' declares it too"));
  EXPECT_EQ(site.Get("ConfigMap", "default", "shared")->Get("data").GetString("value"), "1");
  EXPECT_FALSE(site.Get("ConfigMap", "default", "own")->is_null()) << "the rest is applied";
  Push("3333", {{"first/a.yaml", ConfigMap("shared")}, {"second/b.yaml", ConfigMap("own")}});
  Wait(seconds(30));
  EXPECT_EQ(Summary("second"), "Synced") << "the second never owned it, and so deletes nothing";
  EXPECT_THAT(site.gateway->deletes, IsEmpty());
}

// "Generated 0 applications": the directory is not there any more.
TEST_F(IncidentsOfMany, N06DirectoryIsGone) {
  Follow("shop");
  Push("2222", {{"shop/a.yaml", ConfigMap("a")}});
  EXPECT_EQ(Summary("shop"), "Synced");
  Push("3333", {{"elsewhere/a.yaml", ConfigMap("a")}});
  EXPECT_THAT(site.gateway->deletes, IsEmpty());
  EXPECT_THAT(Summary("shop"), HasSubstr("shop"));
  EXPECT_THAT(Summary("shop"), Not(HasSubstr("Synced")));
  Push("4444", {{"shop/b.yaml", ConfigMap("b")}});
  EXPECT_EQ(Summary("shop"), "Synced");
  EXPECT_THAT(site.gateway->deletes, SizeIs(1)) << "what was renamed in it goes";
}

// Deleting without cascade cascaded all the same.
TEST_F(IncidentsOfMany, N09ApplicationIsRemovedWithoutCascade) {
  Follow("shop");
  Push("2222", {{"shop/a.yaml", ConfigMap("a")}});
  loop->Remove("default/shop");
  Push("3333", {});
  Wait(seconds(60));
  EXPECT_THAT(site.gateway->deletes, IsEmpty());
  EXPECT_FALSE(site.Get("ConfigMap", "default", "a")->is_null());
  Follow("shop");
  Push("4444", {{"shop/b.yaml", ConfigMap("b")}});
  EXPECT_THAT(site.gateway->deletes, SizeIs(1)) << "followed again, what it owned is pruned again";
}

// A namespace that several applications used went with one of them.
TEST_F(IncidentsOfMany, N13SharedNamespaceGoesWithOneApplication) {
  Follow("owner");
  Follow("guest", "  target: {namespace: team}\n");
  const std::string ns = NamespaceYaml("team", "plumb.dev/prune: allowed");
  Push("2222", {{"owner/a.yaml", ConfigMap("a")}, {"owner/n.yaml", ns}, {"guest/c.yaml", ConfigMap("c")}});
  Push("3333", {{"owner/a.yaml", ConfigMap("a")}, {"guest/c.yaml", ConfigMap("c")}});
  Wait(seconds(30));
  EXPECT_THAT(site.gateway->deletes, IsEmpty());
  EXPECT_THAT(Summary("owner"), HasSubstr("Held: Namespace team is not deleted: ConfigMap team/c is in it, and this application does not own it"));
  EXPECT_EQ(site.Get("ConfigMap", "team", "c")->Get("data").GetString("value"), "1");
  loop->Remove("default/guest");
  ASSERT_TRUE(site.client.Delete({*kube::BuiltIn("ConfigMap"), "team", "c", ""}).object.ok());
  Wait(seconds(120));
  EXPECT_THAT(site.gateway->deletes, Contains("/api/v1/namespaces/team")) << "nobody uses it any more: " << Summary("owner");
}

// One commit moves an object from one application to another, both of which run: whoever comes first, it is handed over and not made anew.
TEST_F(IncidentsOfMany, AnObjectMovesBetweenRunningApplicationsInEitherOrder) {
  for (const auto& [from, to] : {std::pair<std::string, std::string>("first", "second"), {"second", "first"}}) {
    SCOPED_TRACE(from + " to " + to);
    Follow("first");
    Follow("second");
    const std::string name = "moved-from-" + from;
    Push("before " + from, {{from + "/a.yaml", ConfigMap(name)}, {from + "/b.yaml", ConfigMap("of-" + from)}, {to + "/b.yaml", ConfigMap("of-" + to)}});
    Wait(seconds(30));
    const std::string uid(site.Get("ConfigMap", "default", name)->Get("metadata").GetString("uid"));
    ASSERT_FALSE(uid.empty());
    site.gateway->deletes.clear();
    Push("after " + from, {{to + "/a.yaml", ConfigMap(name)}, {from + "/b.yaml", ConfigMap("of-" + from)}, {to + "/b.yaml", ConfigMap("of-" + to)}});
    Wait(seconds(60));
    EXPECT_THAT(site.gateway->deletes, IsEmpty());
    EXPECT_EQ(site.Get("ConfigMap", "default", name)->Get("metadata").GetString("uid"), uid) << "it is the same object";
    EXPECT_EQ(Summary(from), "Synced");
    EXPECT_EQ(Summary(to), "Synced");
    Push("gone " + from, {{from + "/b.yaml", ConfigMap("of-" + from)}, {to + "/b.yaml", ConfigMap("of-" + to)}});
    Wait(seconds(60));
    EXPECT_THAT(site.gateway->deletes, ElementsAre(HasSubstr("/configmaps/" + name))) << "its new owner prunes it";
  }
}

}  // namespace
}  // namespace plumb
