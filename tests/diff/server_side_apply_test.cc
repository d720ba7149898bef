#include "diff/server_side_apply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/edit.h"
#include "tests/diff/json.h"

namespace plumb {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using plumb::testing::Json;

// A cluster of one object, written to by several managers one minute after the other.
class OneObject {
 public:
  Result<ApplyOutcome> Apply(const std::string& manager, const std::string& config, bool force = false) {
    ApplyRequest request{.live = live, .config = Json(config), .force = force, .context = Context(manager)};
    Result<ApplyOutcome> outcome = ServerSideApply(request);
    if (outcome.ok() && outcome->conflicts.empty()) live = outcome->object;
    return outcome;
  }

  void Update(const std::string& manager, const std::string& object) {
    Document after = Json(object);
    // As a server would: the identity stays, a client sends back the managedFields it read.
    after = BuildDocument([&](Arena& a) {
      Value root = a.Adopt(after);
      a.Adopt(live);
      if (const Value* list = FindAt(live.root(), {"metadata", "managedFields"}); list)
        root = WithAt(a, root, {"metadata", "managedFields"}, *list);
      return root;
    });
    live = WithManagedFields(live, after, Context(manager));
  }

  // "manager operation fields" of every entry.
  std::vector<std::string> Managers() const {
    std::vector<std::string> out;
    for (Value entry : GetAt(live.root(), {"metadata", "managedFields"}).items())
      out.push_back(std::string(entry.GetString("manager")) + " " + std::string(entry.GetString("operation")) + " " +
                    WriteJson(entry.Get("fieldsV1")));
    return out;
  }

  std::string Get(std::initializer_list<std::string_view> path) const { return WriteJson(GetAt(live.root(), path)); }

  WriteContext Context(const std::string& manager) {
    WriteContext context;
    context.manager = manager;
    context.now = "2026-01-01T00:0" + std::to_string(minute_++ % 10) + ":00Z";
    context.reset_fields = reset_fields;
    return context;
  }

  Document live;
  std::vector<FieldPath> reset_fields;

 private:
  int minute_ = 0;
};

std::string ConfigMap(const std::string& data) {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n"},"data":)" + data + "}";
}

TEST(ServerSideApply, CreatesAndOwnsWhatIsDeclared) {
  OneObject c;
  const auto outcome = c.Apply("plumb", ConfigMap(R"({"a":"1"})"));
  ASSERT_TRUE(outcome.ok()) << outcome.error().message();
  EXPECT_TRUE(outcome->created && outcome->changed);
  EXPECT_THAT(c.Managers(), ElementsAre(R"(plumb Apply {"f:data":{"f:a":{}}})"));
  EXPECT_EQ(GetAt(c.live.root(), {"metadata", "managedFields"})[0].GetString("time"), "2026-01-01T00:00:00Z");
}

TEST(ServerSideApply, ApplyingTwiceChangesNothing) {
  OneObject c;
  ASSERT_TRUE(c.Apply("plumb", ConfigMap(R"({"a":"1"})")).ok());
  const Document before = c.live;
  const auto again = c.Apply("plumb", ConfigMap(R"({"a":"1"})"));
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->changed);
  EXPECT_TRUE(again->object.root().SameAs(before.root())) << "the live object itself, with its old times";
}

TEST(ServerSideApply, RemovesWhatOnlyThisManagerOwned) {
  OneObject c;
  ASSERT_TRUE(c.Apply("one", ConfigMap(R"({"a":"1","b":"2","c":"3"})")).ok());
  ASSERT_TRUE(c.Apply("two", ConfigMap(R"({"b":"2"})")).ok());
  ASSERT_TRUE(c.Apply("one", ConfigMap(R"({"a":"1"})")).ok());
  EXPECT_EQ(c.Get({"data"}), R"({"a":"1","b":"2"})") << "b belongs to the other too, c to nobody else";
}

TEST(ServerSideApply, NamesTheConflictsAsTheServerDoes) {
  OneObject c;
  ASSERT_TRUE(c.Apply("A", ConfigMap(R"({"k":"v"})")).ok());
  ASSERT_TRUE(c.Apply("B", ConfigMap(R"({"k":"v"})")).ok()) << "the same value is shared, no conflict";
  const auto two = c.Apply("C", ConfigMap(R"({"k":"w"})"));
  ASSERT_TRUE(two.ok());
  EXPECT_EQ(ConflictMessage(two->conflicts),
            "Apply failed with 2 conflicts: conflicts with \"A\":\n- .data.k\nconflicts with \"B\":\n- .data.k");
  ASSERT_TRUE(c.Apply("C", ConfigMap(R"({"k":"w"})"), /*force=*/true).ok());
  EXPECT_THAT(c.Managers(), ElementsAre(R"(C Apply {"f:data":{"f:k":{}}})"));
  const auto one = c.Apply("A", ConfigMap(R"({"k":"v"})"));
  EXPECT_EQ(ConflictMessage(one->conflicts), "Apply failed with 1 conflict: conflict with \"C\": .data.k");
}

TEST(ServerSideApply, AManagerThatSharesWithoutAChangeHasNoTime) {
  OneObject c;
  ASSERT_TRUE(c.Apply("A", ConfigMap(R"({"k":"v"})")).ok());
  ASSERT_TRUE(c.Apply("B", ConfigMap(R"({"k":"v"})")).ok());
  const Value list = GetAt(c.live.root(), {"metadata", "managedFields"});
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].GetString("manager"), "B") << "sorted by time: none is the oldest";
  EXPECT_FALSE(list[0].Has("time"));
}

TEST(ServerSideApply, UpdatesTakeOwnership) {
  OneObject c;
  ASSERT_TRUE(c.Apply("plumb", ConfigMap(R"({"a":"1","b":"2"})")).ok());
  c.Update("kubectl-edit", ConfigMap(R"({"a":"changed","b":"2","n":"new"})"));
  EXPECT_THAT(c.Managers(), ElementsAre(R"(plumb Apply {"f:data":{"f:b":{}}})",
                                                 R"(kubectl-edit Update {"f:data":{"f:a":{},"f:n":{}}})"));
  const auto outcome = c.Apply("plumb", ConfigMap(R"({"a":"1","b":"2"})"));
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(ConflictMessage(outcome->conflicts),
            "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using v1: .data.a");
}

TEST(ServerSideApply, ObjectsWithoutManagersGetOneFirst) {
  OneObject c;
  c.live = Json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n","uid":"u"},"data":{"a":"1"}})");
  const auto outcome = c.Apply("plumb", ConfigMap(R"({"a":"2"})"));
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(ConflictMessage(outcome->conflicts),
            "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a");
}

TEST(ServerSideApply, KubectlMayTakeWhatClientSideApplyOwned) {
  OneObject c;
  const std::string last = R"({\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\",\"namespace\":\"n\"},\"data\":{\"a\":\"1\"}}\n)";
  const std::string annotated = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n","annotations":{"kubectl.kubernetes.io/last-applied-configuration":")" +
                                last + R"("}},"data":{"a":"1"}})";
  c.Update("kubectl-client-side-apply", annotated);
  EXPECT_FALSE(c.Apply("plumb", ConfigMap(R"({"a":"2"})"))->conflicts.empty()) << "only kubectl migrates";
  const auto outcome = c.Apply("kubectl", ConfigMap(R"({"a":"2"})"));
  ASSERT_TRUE(outcome.ok() && outcome->conflicts.empty()) << ConflictMessage(outcome->conflicts);
  EXPECT_EQ(c.Get({"data"}), R"({"a":"2"})");
  EXPECT_THAT(c.Get({"metadata", "annotations"}), HasSubstr(R"(\"data\":{\"a\":\"2\"})")) << "the annotation follows";
}

TEST(ServerSideApply, RefusesWhatTheSchemaDoesNotKnow) {
  OneObject c;
  const auto outcome = c.Apply("plumb", R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"foo":1}})");
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().message(),
            "failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec.foo: field not declared in schema");
}

TEST(ServerSideApply, UnknownKindsAreDeducedAndDoubted) {
  OneObject c;
  const auto outcome = c.Apply("plumb", R"({"apiVersion":"x.io/v1","kind":"Thing","metadata":{"name":"a"},"spec":{"list":[1]}})");
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->doubts, std::vector<std::string>{"no schema of x.io/v1 Thing is known"});
  EXPECT_THAT(c.Managers(), ElementsAre(R"(plumb Apply {"f:spec":{".":{},"f:list":{}}})"));
}

TEST(ServerSideApply, ResetFieldsAreNeitherOwnedNorWritten) {
  OneObject c;
  c.reset_fields = ResetFields({"apps", "v1", "Deployment"}, "");
  ASSERT_TRUE(c.Apply("plumb", R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"replicas":2},
                                   "status":{"replicas":7}})").ok());
  EXPECT_EQ(c.Get({"status"}), "{}");
  EXPECT_THAT(c.Managers(), ElementsAre(R"(plumb Apply {"f:spec":{"f:replicas":{}}})"));
}

// What kube-apiserver 1.36.3 recorded for a POST of such a Deployment, after its defaulting.
TEST(WithManagedFields, CreatedBuiltInsOwnNoStructThatIsAlwaysThere) {
  OneObject c;
  c.Update("creator", R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","labels":{"x":"y"}},"spec":{"replicas":1,
    "selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c",
    "image":"i","ports":[{"containerPort":80,"protocol":"TCP"}],"env":[]}],"restartPolicy":"Always","securityContext":{},
    "volumes":[{"name":"v","emptyDir":{}}]}},"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%"}}}})");
  EXPECT_THAT(c.Managers(), ElementsAre(
      R"(creator Update {"f:metadata":{"f:labels":{".":{},"f:x":{}}},"f:spec":{"f:replicas":{},"f:selector":{},)"
      R"("f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{}},"f:type":{}},"f:template":{"f:metadata":{"f:labels":{".":{},"f:a":{}}},)"
      R"("f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{".":{},)"
      R"("k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{}}},)"
      R"("f:restartPolicy":{},"f:securityContext":{},"f:volumes":{".":{},"k:{\"name\":\"v\"}":{".":{},"f:emptyDir":{},"f:name":{}}}}}}})"));
}

TEST(WithManagedFields, ManagersCanBeReset) {
  OneObject c;
  ASSERT_TRUE(c.Apply("plumb", ConfigMap(R"({"a":"1"})")).ok());
  const Document after = Json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","managedFields":[{}]},"data":{"a":"1"}})");
  const Document reset = WithManagedFields(c.live, after, c.Context("x"));
  EXPECT_EQ(FindAt(reset.root(), {"metadata", "managedFields"}), nullptr);
}

TEST(WithManagedFields, AnEmptyListDoesNotClearThem) {
  OneObject c;
  ASSERT_TRUE(c.Apply("plumb", ConfigMap(R"({"a":"1"})")).ok());
  const Document after = Json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","managedFields":[]},"data":{"a":"1"}})");
  const Document kept = WithManagedFields(c.live, after, c.Context("x"));
  EXPECT_EQ(GetAt(kept.root(), {"metadata", "managedFields"}), GetAt(c.live.root(), {"metadata", "managedFields"}));
}

TEST(WithManagedFields, TheOldestOfMoreThanTenUpdatersAreMerged) {
  OneObject c;
  std::string data;
  for (int i = 0; i < 13; ++i) {
    data += (data.empty() ? "\"k" : ",\"k") + std::to_string(i) + "\":\"v\"";
    c.Update("m" + std::to_string(i), ConfigMap("{" + data + "}"));
  }
  const std::vector<std::string> managers = c.Managers();
  EXPECT_EQ(managers.size(), 10u);
  EXPECT_THAT(managers, Contains(HasSubstr("ancient-changes Update")));
}

TEST(ManagedFields, KeepsEntriesOfSubresourcesApart) {
  Arena arena;
  const Document list = Json(R"([{"manager":"c","operation":"Update","apiVersion":"v1","time":"2026-01-01T00:00:00Z",
    "fieldsType":"FieldsV1","fieldsV1":{"f:status":{}},"subresource":"status"},{"manager":"c","operation":"Update",
    "apiVersion":"v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{}}}])");
  const auto managed = DecodeManagedFields(arena, list.root());
  ASSERT_TRUE(managed.ok());
  EXPECT_EQ(managed->owners.size(), 2u);
  const Value encoded = EncodeManagedFields(arena, *managed);
  EXPECT_EQ(encoded[1], list.root()[0]) << "no subresource sorts first";
  EXPECT_FALSE(DecodeManagedFields(arena, *Json(R"([{"manager":"c","operation":"Delete","apiVersion":"v1"}])")).ok());
}

}  // namespace
}  // namespace plumb
