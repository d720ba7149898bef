#include "diff/typed.h"

#include <gtest/gtest.h>

#include "core/edit.h"
#include "core/json.h"
#include "diff/embedded_schema.h"
#include "tests/diff/json.h"

namespace plumb {
namespace {

using plumb::testing::Json;

// Kubernetes' own answers are in the conformance vectors; here are the rules that a reader of typed.h wants to see.
class TypedTest : public ::testing::Test {
 protected:
  Value V(std::string_view json) {
    return arena_.Adopt(Json(json));
  }
  std::string Merge(std::string_view live, std::string_view config) {
    const Result<Value> merged = MergeTyped(arena_, V(live), V(config), service_, profile_);
    return merged.ok() ? WriteJson(*merged) : merged.error().message();
  }

  Arena arena_;
  MergeProfile profile_;
  const Type* service_ = EmbeddedSchema()->Find({"", "v1", "Service"});
};

TEST_F(TypedTest, TheConfigurationOrdersWhatBothHave) {
  const char* const kLive = R"({"spec":{"ports":[{"port":1},{"port":2},{"port":3},{"port":9}]}})";
  const char* const kConfig = R"({"spec":{"ports":[{"port":3},{"port":4},{"port":1}]}})";
  EXPECT_EQ(Merge(kLive, kConfig), R"({"spec":{"ports":[{"port":2},{"port":3},{"port":9},{"port":4},{"port":1}]}})");
  profile_.config_order = false;
  EXPECT_EQ(Merge(kLive, kConfig), R"({"spec":{"ports":[{"port":1},{"port":2},{"port":3},{"port":9},{"port":4}]}})");
}

TEST_F(TypedTest, UnchangedSubtreesAreShared) {
  const Value live = V(R"({"metadata":{"labels":{"a":"b"}},"spec":{"ports":[{"port":1},{"port":2,"protocol":"TCP"}]}})");
  const Value same = V(R"({"metadata":{"labels":{"a":"b"}},"spec":{"ports":[{"port":1},{"port":2}]}})");
  EXPECT_TRUE(MergeTyped(arena_, live, same, service_, profile_)->SameAs(live));
  const Value changed = *MergeTyped(arena_, live, V(R"({"spec":{"ports":[{"port":2,"nodePort":30000}]}})"), service_, profile_);
  EXPECT_TRUE(changed.Get("metadata").SameAs(live.Get("metadata")));
  EXPECT_TRUE(GetAt(changed, {"spec", "ports"})[0].SameAs(GetAt(live, {"spec", "ports"})[0]));
}

TEST_F(TypedTest, KeysTakeTheirDefaults) {
  EXPECT_EQ(Merge(R"({"spec":{"ports":[{"port":1,"protocol":"TCP"},{"port":1,"protocol":"UDP"}]}})",
                  R"({"spec":{"ports":[{"port":1,"name":"x"}]}})"),
            R"({"spec":{"ports":[{"port":1,"protocol":"TCP","name":"x"},{"port":1,"protocol":"UDP"}]}})");
}

TEST_F(TypedTest, ErrorsNameThePathAsKubernetesDoes) {
  const struct {
    const char* object;
    const char* error;
  } kCases[] = {
      {R"({"spec":{"replicas":1}})", ".spec.replicas: field not declared in schema"},
      {R"({"spec":{"ports":[{"port":1},{"port":1}]}})", ".spec.ports: duplicate entries for key [port=1,protocol=\"TCP\"]"},
      {R"({"spec":{"ports":[null]}})", ".spec.ports: element 0: associative list with keys may not have a null element"},
      {R"({"spec":{"ports":{}}})", ".spec.ports: expected list, got map"},
      {R"({"spec":{"clusterIP":1}})", ".spec.clusterIP: expected string, got integer"},
      {R"({"spec":{"ports":[{"port":"a"}]}})", ".spec.ports[port=\"a\",protocol=\"TCP\"].port: expected numeric (int or float), got string"},
  };
  for (const auto& c : kCases) {
    const Status status = ValidateTyped(V(c.object), service_, profile_, Duplicates::kRefuse);
    ASSERT_FALSE(status.ok()) << c.object;
    EXPECT_EQ(status.error().message(), c.error);
  }
  EXPECT_TRUE(ValidateTyped(V(kCases[1].object), service_, profile_, Duplicates::kAllow).ok()) << "live objects may have them";
}

TEST_F(TypedTest, ComparisonIgnoresTheOrderOfKeyedLists) {
  const Value a = V(R"({"spec":{"ports":[{"port":1},{"port":2}]}})"), b = V(R"({"spec":{"ports":[{"port":2},{"port":1}]}})");
  EXPECT_TRUE(CompareTyped(arena_, a, b, service_, profile_).empty());
}

TEST_F(TypedTest, RemovalLeavesWhatIsNotNamed) {
  const FieldSet set = *ParseFieldSet(arena_, R"({"f:spec":{"f:ports":{"k:{\"port\":1,\"protocol\":\"TCP\"}":{"f:name":{}},)"
                                              R"("k:{\"port\":2,\"protocol\":\"TCP\"}":{}}}})");
  EXPECT_EQ(WriteJson(RemoveFields(arena_, V(R"({"spec":{"ports":[{"port":1,"name":"x"},{"port":2}]}})"), set, service_, profile_)),
            R"({"spec":{"ports":[{"port":1}]}})");
}

TEST_F(TypedTest, LongKeyedListsStayLinear) {
  std::string ports;
  for (int i = 1; i <= 20000; ++i) ports += (i > 1 ? "," : "") + ("{\"port\":" + std::to_string(i) + "}");
  const std::string text = R"({"spec":{"ports":[)" + ports + "]}}";
  const Value live = V(text), config = V(text);
  EXPECT_TRUE(MergeTyped(arena_, live, config, service_, profile_)->SameAs(live));
  EXPECT_EQ(ToFieldSet(arena_, config, service_, profile_).CountMembers(), 40000u);
}

}  // namespace
}  // namespace plumb
