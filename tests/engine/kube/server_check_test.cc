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

  std::vector<Error> Check(ObjectDiff& diff, SchemaPtr schema = EmbeddedSchema()) {
    return check_.Check({{&diff, EmbeddedSchema()->Find(diff.gvk), std::move(schema)}}, resource_of_);
  }

  std::string answer_ = kLive;
  int status_ = 200;
  std::shared_ptr<FakeTransport> transport_ = std::make_shared<FakeTransport>([this](const http::Request&) { return JsonResponse(status_, answer_); });
  Client client_{transport_, ClientOptions{.attempts = 1}};
  const ServerCheck::ResourceOf resource_of_ = [](const Gvk& gvk) { return gvk.kind == "ConfigMap" ? std::optional(*BuiltIn("ConfigMap")) : std::nullopt; };
  FakeClock clock_;
  ServerCheck check_{client_, ServerCheckOptions{.max_checks = 2, .cache = 2}, clock_};
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

TEST_F(Asking, TheVerdictOwnsItsValues) {
  answer_ = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n","uid":"u","resourceVersion":"1"},"data":{"a":")" + std::string(300, 'x') + "\"}}";
  std::optional<ServerCheck> check(std::in_place, client_, ServerCheckOptions{.cache = 0});
  ObjectDiff diff = Unsure("2");
  EXPECT_THAT(check->Check({{&diff, EmbeddedSchema()->Find(diff.gvk), EmbeddedSchema()}}, resource_of_), IsEmpty());
  check.reset();
  std::vector<Document> noise;  // takes the memory that the answer had, were it free
  for (int i = 0; i < 100; ++i) noise.push_back(Json("{\"a\":\"" + std::string(300, 'y') + "\"}"));
  ASSERT_THAT(diff.changes, SizeIs(1));
  EXPECT_EQ(diff.changes[0].new_value->AsString(), std::string(300, 'x'));
}

TEST_F(Asking, WhatIsCertainCostsNothing) {
  ObjectDiff diff = Unsure("2");
  diff.uncertain.clear();
  EXPECT_THAT(Check(diff), IsEmpty());
  EXPECT_THAT(transport_->requests, IsEmpty());
  EXPECT_THAT(diff.changes, SizeIs(1));
}

TEST_F(Asking, AVerdictHoldsUntilSomethingCounts) {
  const auto requests_for = [&](ObjectDiff diff, SchemaPtr schema = EmbeddedSchema()) {
    const size_t before = transport_->requests.size();
    (void)Check(diff, std::move(schema));
    return transport_->requests.size() - before;
  };
  EXPECT_EQ(requests_for(Unsure("2")), 1u);
  EXPECT_EQ(requests_for(Unsure("2")), 0u) << "asked before";
  std::string beat = kLive;
  beat.replace(beat.find("\"resourceVersion\":\"1\""), 21, "\"resourceVersion\":\"2\"");
  EXPECT_EQ(requests_for(Unsure("2", beat)), 0u) << "a write to the status moves the resourceVersion alone";
  EXPECT_EQ(requests_for(Unsure("4")), 1u) << "another manifest";
  EXPECT_EQ(requests_for(Unsure("5")), 1u);
  EXPECT_EQ(requests_for(Unsure("2")), 1u) << "two verdicts are kept: the oldest went";
  const SchemaPtr other = *SchemaWithCrds(EmbeddedSchema(), {});
  EXPECT_EQ(requests_for(Unsure("2"), other), 1u) << "another schema";
  EXPECT_EQ(requests_for(Unsure("2"), other), 0u);
  clock_.Advance(std::chrono::minutes(11));
  EXPECT_EQ(requests_for(Unsure("2"), other), 1u) << "nothing tells of a new webhook: a verdict has its time";
}

TEST_F(Asking, ARefusalIsAnErrorAndNeverInSync) {
  status_ = 422;
  answer_ = R"({"kind":"Status","status":"Failure","reason":"Invalid","message":"spec is immutable","code":422})";
  ObjectDiff diff = Unsure("1");
  ASSERT_EQ(diff.action, DiffAction::kNone);
  const std::vector<Error> errors = Check(diff);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_THAT(errors[0].message(), HasSubstr("ConfigMap n/c: the server refuses it: "));
  EXPECT_THAT(errors[0].message(), HasSubstr("spec is immutable"));
  EXPECT_FALSE(diff.exact());
  EXPECT_THAT(diff.unanswered, HasSubstr("spec is immutable"));
  EXPECT_EQ(transport_->requests.size(), 1u);
  (void)Check(diff);
  EXPECT_EQ(transport_->requests.size(), 2u) << "a refusal is not kept";
}

TEST_F(Asking, ARefusalThatQuotesASecretIsMasked) {
  status_ = 422;
  answer_ = R"({"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422,"message":"data: Invalid value: {\"DB_PASSWORD\":\"hunter2\"}: field is immutable"})";
  DiffInput input;
  input.manifest.object = Json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n"},"data":{"DB_PASSWORD":"hunter2"}})");
  input.live = Json(kLive);
  input.schema = EmbeddedSchema();
  input.type = input.schema->Find({"", "v1", "ConfigMap"});
  ObjectDiff diff = DiffObject(input);
  diff.uncertain.push_back("only the server knows");
  const std::vector<Error> errors = Check(diff);
  ASSERT_THAT(errors, SizeIs(1));
  for (const std::string& text : {errors[0].message(), diff.unanswered, diff.uncertain.back()})
    EXPECT_THAT(text, ::testing::AllOf(HasSubstr("field is immutable"), HasSubstr("(masked "), ::testing::Not(HasSubstr("hunter2"))));
}

TEST_F(Asking, MoreThanTheBoundStayUncertainAndAreSaid) {
  ObjectDiff a = Unsure("2"), b = Unsure("3"), c = Unsure("4");
  const SchemaPtr schema = EmbeddedSchema();
  std::vector<ServerCheck::Item> items;
  for (ObjectDiff* diff : {&a, &b, &c}) items.push_back({diff, schema->Find(diff->gvk), schema});
  const std::vector<Error> errors = check_.Check(items, resource_of_);
  EXPECT_EQ(check_.asked(), 2u);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_THAT(errors[0].message(), HasSubstr("1 more objects were not asked about: 2 dry runs"));
  EXPECT_FALSE(c.exact());
}

TEST_F(Asking, CreatesAndWhatIsCertainAreAskedAboutOnlyWhereAllIs) {
  const auto with_nothing_there = [&] {
    ObjectDiff diff = Unsure("2");
    diff.live = {};
    diff.action = DiffAction::kCreate;
    diff.changes.clear();
    return diff;
  };
  ObjectDiff create = with_nothing_there();
  EXPECT_THAT(Check(create), IsEmpty());
  EXPECT_THAT(transport_->requests, IsEmpty()) << "that it is made is certain";

  ServerCheck all(client_, {.scope = ServerCheckScope::kAll});
  const SchemaPtr schema = EmbeddedSchema();
  ObjectDiff sure = Unsure("1");
  sure.uncertain.clear();
  answer_ = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n","uid":"u","resourceVersion":"1"},"data":{"a":"1","b":"hook"}})";
  EXPECT_THAT(all.Check({{&create, schema->Find(create.gvk), schema}, {&sure, schema->Find(sure.gvk), schema}}, resource_of_), IsEmpty());
  EXPECT_EQ(all.asked(), 2u);
  EXPECT_EQ(create.action, DiffAction::kCreate);
  EXPECT_EQ(sure.action, DiffAction::kPatch) << "a webhook adds a field";
  EXPECT_TRUE(create.exact());
}

TEST_F(Asking, AnAnswerInOneVersionSaysNothingOfAnotherOne) {
  ObjectDiff diff = Unsure("2");
  diff.gvk.version = "v2";
  EXPECT_THAT(Check(diff), IsEmpty());
  EXPECT_THAT(transport_->requests, IsEmpty());
  EXPECT_FALSE(diff.exact());
}

TEST_F(Asking, OurClaimOnAFieldThatStaysStillGoes) {
  ObjectDiff diff = Unsure("1");
  FieldChange released;
  released.path = *FieldPath::Parse("data.b");
  released.cause = Cause::kReleased;
  diff.changes = {released};
  diff.action = DiffAction::kPatch;
  EXPECT_THAT(Check(diff), IsEmpty());
  EXPECT_EQ(diff.action, DiffAction::kPatch);
  ASSERT_THAT(diff.changes, SizeIs(1));
  EXPECT_EQ(diff.changes[0].cause, Cause::kReleased);
}

TEST_F(Asking, AKindThatIsNotServedIsAnError) {
  ObjectDiff diff = Unsure("2");
  diff.gvk.kind = "Thing";
  EXPECT_THAT(Check(diff), SizeIs(1));
  EXPECT_FALSE(diff.exact());
}

}  // namespace
}  // namespace plumb::kube
