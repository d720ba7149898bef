// Server-side apply and managedFields over the API.
#include "tests/engine/sandbox/harness.h"

namespace plumb::sandbox {
namespace {

class ApplyPatch : public SandboxTest {
 protected:
  // "manager operation" of each entry.
  std::vector<std::string> Owners(const std::string& target) {
    std::vector<std::string> out;
    const Reply object = Get(target);
    for (Value e : GetAt(*object.body, {"metadata", "managedFields"}).items())
      out.push_back(std::string(e.GetString("manager")) + " " + std::string(e.GetString("operation")) +
                    (e.Has("subresource") ? " " + std::string(e.GetString("subresource")) : ""));
    return out;
  }
};


TEST_F(ApplyPatch, CreatesThenChangesNothing) {
  const Reply made = Apply(kDeployments + "/web?fieldManager=plumb", Deployment("web", 2));
  ASSERT_EQ(made.status, 201) << made.text;
  const Reply again = Apply(kDeployments + "/web?fieldManager=plumb", Deployment("web", 2));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.Str({"metadata", "resourceVersion"}), made.Str({"metadata", "resourceVersion"}));
  EXPECT_EQ(Owners(kDeployments + "/web"), (std::vector<std::string>{"plumb Apply"}));
}

TEST_F(ApplyPatch, RemovesWhatIsNoLongerDeclared) {
  Apply(kConfigMaps + "/a?fieldManager=plumb", ConfigMap("a", R"({"x":"1","y":"2"})"));
  Merge(kConfigMaps + "/a?fieldManager=other", R"({"data":{"z":"3"}})");
  const Reply r = Apply(kConfigMaps + "/a?fieldManager=plumb", ConfigMap("a", R"({"x":"1"})"));
  EXPECT_EQ(WriteJson(r.body->Get("data")), R"({"x":"1","z":"3"})") << "what others own stays";
}

TEST_F(ApplyPatch, ConflictsNameManagerAndField) {
  Apply(kConfigMaps + "/a?fieldManager=plumb", ConfigMap("a"));
  const Reply r = Apply(kConfigMaps + "/a?fieldManager=kubectl", ConfigMap("a", R"({"a":"9"})"));
  EXPECT_EQ(r.status, 409);
  EXPECT_EQ(r.message(), R"(Apply failed with 1 conflict: conflict with "plumb": .data.a)");
  const Value cause = GetAt(*r.body, {"details", "causes"})[0];
  EXPECT_EQ(cause.GetString("reason"), "FieldManagerConflict");
  EXPECT_EQ(cause.GetString("field"), ".data.a");
  EXPECT_EQ(Apply(kConfigMaps + "/a?fieldManager=kubectl&force=true", ConfigMap("a", R"({"a":"9"})")).Str({"data", "a"}), "9");
}

TEST_F(ApplyPatch, OtherWritesOwnWhatTheyChange) {
  Post(kDeployments + "?fieldManager=creator", Deployment("web"));
  Merge(kDeployments + "/web?fieldManager=scaler", R"({"spec":{"replicas":5}})");
  Merge(kDeployments + "/web/status?fieldManager=controller", R"({"status":{"replicas":5}})");
  EXPECT_EQ(Owners(kDeployments + "/web"), (std::vector<std::string>{"controller Update status", "creator Update", "scaler Update"}));
}

TEST_F(ApplyPatch, NeedsAManagerAndAMatchingName) {
  EXPECT_EQ(Apply(kConfigMaps + "/a", ConfigMap("a")).status, 422);
  EXPECT_EQ(Apply(kConfigMaps + "/a?fieldManager=m", ConfigMap("b")).status, 400);
  EXPECT_EQ(Merge(kConfigMaps + "/a?fieldManager=m&force=true", "{}").status, 422);
}

TEST_F(ApplyPatch, YamlBodiesAreRead) {
  EXPECT_EQ(Apply(kConfigMaps + "/a?fieldManager=m", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  k: v\n").Str({"data", "k"}), "v");
}

TEST_F(ApplyPatch, DryRunPredictsAndStoresNothing) {
  Apply(kConfigMaps + "/a?fieldManager=m", ConfigMap("a"));
  EXPECT_EQ(Apply(kConfigMaps + "/a?fieldManager=m&dryRun=All", ConfigMap("a", R"({"a":"2"})")).Str({"data", "a"}), "2");
  EXPECT_EQ(Get(kConfigMaps + "/a").Str({"data", "a"}), "1");
}

}  // namespace
}  // namespace plumb::sandbox
