#include "engine/kube/server_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"
#include "diff/embedded_schema.h"
#include "tests/engine/kube/fake_transport.h"

namespace plumb::kube {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Document Json(const std::string& text) { return *ParseJson(text); }

constexpr char kLive[] = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n","uid":"u","resourceVersion":"1"},"data":{"a":"1"}})";

class Asking : public ::testing::Test {
 protected:
  Asking() {
    EXPECT_TRUE(resources_.AddLegacy("", "v1", *Json(R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
        {"name":"configmaps","singularName":"configmap","namespaced":true,"kind":"ConfigMap","verbs":["get","patch"]}]})")).ok());
  }

  // A diff of {a: "1"} against {a: `value`} that is not sure.
  ObjectDiff Unsure(const std::string& value, const std::string& live = kLive) {
    DiffInput input;
    input.manifest.object = Json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n"},"data":{"a":")" + value + "\"}}");
    input.live = Json(live);
    input.schema = EmbeddedSchema();
    input.type = input.schema->Find({"", "v1", "ConfigMap"});
    ObjectDiff diff = DiffObject(input);
    diff.uncertain.push_back("only the server knows");
    return diff;
  }

  std::vector<Error> Check(ObjectDiff& diff, const std::string& schema = "s1") {
    const SchemaPtr embedded = EmbeddedSchema();
    return check_.Check({{&diff, embedded->Find(diff.gvk), embedded, schema}}, resources_);
  }

  std::string answer_ = kLive;
  int status_ = 200;
  std::shared_ptr<FakeTransport> transport_ = std::make_shared<FakeTransport>([this](const http::Request&) { return JsonResponse(status_, answer_); });
  Client client_{transport_, ClientOptions{.attempts = 1}};
  ResourceMap resources_;
  ServerCheck check_{client_, ServerCheckOptions{.max_checks = 2, .cache = 2}};
};

TEST_F(Asking, TheServersAnswerIsTheVerdict) {
  ObjectDiff same = Unsure("2");
  EXPECT_THAT(Check(same), IsEmpty());
  EXPECT_TRUE(same.exact());
  EXPECT_EQ(same.action, DiffAction::kNone) << "the server would leave it as it is";
  ASSERT_THAT(transport_->requests, SizeIs(1));
  EXPECT_THAT(transport_->requests[0].target, HasSubstr("dryRun=All"));

  answer_ = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n","uid":"u","resourceVersion":"1"},"data":{"a":"three"}})";
  ObjectDiff changed = Unsure("3");
  EXPECT_THAT(Check(changed), IsEmpty());
  ASSERT_THAT(changed.changes, SizeIs(1));
  EXPECT_EQ(WriteJson(*changed.changes[0].new_value), "\"three\"") << "as the server would have it";
}

TEST_F(Asking, WhatIsCertainCostsNothing) {
  ObjectDiff diff = Unsure("2");
  diff.uncertain.clear();
  EXPECT_THAT(Check(diff), IsEmpty());
  EXPECT_THAT(transport_->requests, IsEmpty());
  EXPECT_THAT(diff.changes, SizeIs(1));
}

TEST_F(Asking, AVerdictHoldsUntilSomethingCounts) {
  const auto requests_for = [&](ObjectDiff diff, const std::string& schema = "s1") {
    const size_t before = transport_->requests.size();
    (void)Check(diff, schema);
    return transport_->requests.size() - before;
  };
  EXPECT_EQ(requests_for(Unsure("2")), 1u);
  EXPECT_EQ(requests_for(Unsure("2")), 0u) << "asked before";
  std::string beat = kLive;
  beat.replace(beat.find("\"resourceVersion\":\"1\""), 21, "\"resourceVersion\":\"2\"");
  EXPECT_EQ(requests_for(Unsure("2", beat)), 0u) << "a write to the status moves the resourceVersion alone";
  EXPECT_EQ(requests_for(Unsure("4")), 1u) << "another manifest";
  EXPECT_EQ(requests_for(Unsure("2"), "s2"), 1u) << "another schema";
  EXPECT_EQ(requests_for(Unsure("2")), 1u) << "two verdicts are kept: the oldest went";
}

TEST_F(Asking, ARefusalIsAnErrorAndNeverInSync) {
  status_ = 422;
  answer_ = R"({"kind":"Status","status":"Failure","reason":"Invalid","message":"spec is immutable","code":422})";
  ObjectDiff diff = Unsure("1");
  ASSERT_EQ(diff.action, DiffAction::kNone);
  const std::vector<Error> errors = Check(diff);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_THAT(errors[0].message(), HasSubstr("ConfigMap n/c: the server could not be asked, or refuses it"));
  EXPECT_THAT(errors[0].message(), HasSubstr("spec is immutable"));
  EXPECT_FALSE(diff.exact());
  EXPECT_EQ(transport_->requests.size(), 1u);
  (void)Check(diff);
  EXPECT_EQ(transport_->requests.size(), 2u) << "a refusal is not kept";
}

TEST_F(Asking, MoreThanTheBoundStayUncertainAndAreSaid) {
  ObjectDiff a = Unsure("2"), b = Unsure("3"), c = Unsure("4");
  const SchemaPtr schema = EmbeddedSchema();
  std::vector<ServerCheck::Item> items;
  for (ObjectDiff* diff : {&a, &b, &c}) items.push_back({diff, schema->Find(diff->gvk), schema, "s"});
  const std::vector<Error> errors = check_.Check(items, resources_);
  EXPECT_EQ(check_.asked(), 2u);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_THAT(errors[0].message(), HasSubstr("1 more objects are uncertain"));
  EXPECT_FALSE(c.exact());
}

TEST_F(Asking, AKindThatIsNotServedIsAnError) {
  ObjectDiff diff = Unsure("2");
  diff.gvk = {"x.io", "v1", "Thing"};
  EXPECT_THAT(Check(diff), SizeIs(1));
  EXPECT_FALSE(diff.exact());
}

}  // namespace
}  // namespace plumb::kube
