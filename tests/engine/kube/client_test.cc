// The client against scripted answers: requests it makes, errors it tells apart, retries, pages.
#include "engine/kube/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "core/edit.h"
#include "core/json.h"
#include "tests/engine/kube/fake_transport.h"

namespace plumb::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Document Json(std::string_view text) {
  auto parsed = ParseJson(text);
  EXPECT_TRUE(parsed.ok());
  return *parsed;
}

std::string StatusBody(int code, const std::string& reason, const std::string& message, const std::string& details = "{}") {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","code":)" + std::to_string(code) + R"(,"reason":")" + reason +
         R"(","message":")" + message + R"(","details":)" + details + "}";
}

// A client on scripted answers: the n-th request gets the n-th answer, the last one stays.
struct Script {
  explicit Script(std::vector<Result<http::Response>> script, ClientOptions options = {}) : answers(std::move(script)) {
    transport = std::make_shared<FakeTransport>([this](const http::Request&) { return answers[std::min(next++, answers.size() - 1)]; });
    client.emplace(transport, std::move(options), clock);
  }

  std::vector<Result<http::Response>> answers;
  size_t next = 0;
  FakeClock clock;
  std::shared_ptr<FakeTransport> transport;
  std::optional<Client> client;
};

const ObjectRef kWeb = {*BuiltIn("ConfigMap"), "shop", "web", ""};

TEST(Client, RequestsAreWhatKubernetesExpects) {
  Script script({JsonResponse(200, R"({"kind":"ConfigMap"})")});
  const Document object = Json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web"}})");
  const std::string body = WriteJson(*object);
  (void)script.client->Get(kWeb);
  (void)script.client->Apply(kWeb, *object, {.force = true, .dry_run = true});
  (void)script.client->Create(kWeb.resource, "shop", *object, {.validation = FieldValidation::kWarn});
  (void)script.client->Update(kWeb, *object);
  (void)script.client->Patch(kWeb, PatchType::kJson, *Json("[]"));
  (void)script.client->Delete(kWeb, {.uid = "u-1", .propagation = "Foreground"});
  (void)script.client->Apply({*BuiltIn("Namespace"), "ignored", "a b", "status"}, *object);

  const std::string web = "/api/v1/namespaces/shop/configmaps/web";
  const struct { std::string method, target, content_type, body; } kWant[] = {
      {"GET", web, "", ""},
      {"PATCH", web + "?fieldManager=plumb&fieldValidation=Strict&force=true&dryRun=All", "application/apply-patch+yaml", body},
      {"POST", "/api/v1/namespaces/shop/configmaps?fieldManager=plumb&fieldValidation=Warn", "application/json", body},
      {"PUT", web + "?fieldManager=plumb&fieldValidation=Strict", "application/json", body},
      {"PATCH", web + "?fieldManager=plumb&fieldValidation=Strict", "application/json-patch+json", "[]"},
      {"DELETE", web, "application/json",
       R"({"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Foreground","preconditions":{"uid":"u-1"}})"},
      {"PATCH", "/api/v1/namespaces/a%20b/status?fieldManager=plumb&fieldValidation=Strict&force=false", "application/apply-patch+yaml", body},
  };
  ASSERT_EQ(script.transport->requests.size(), std::size(kWant));
  for (size_t i = 0; i < std::size(kWant); ++i) {
    const http::Request& got = script.transport->requests[i];
    EXPECT_EQ(got.method, kWant[i].method);
    EXPECT_EQ(got.target, kWant[i].target);
    EXPECT_EQ(http::Find(got.headers, "Content-Type"), kWant[i].content_type);
    EXPECT_EQ(got.body, kWant[i].body);
  }
}

TEST(Client, RefusalsAreErrorsThatSayWhatTheCallerCanDo) {
  const struct { int status; std::string reason, message, details; Code code; std::string text; } kCases[] = {
      {401, "Unauthorized", "Unauthorized", "{}", Code::kDenied, "expired or wrong"},
      {403, "Forbidden", "User reader cannot get", "{}", Code::kDenied, "User reader cannot get"},
      {403, "Forbidden", "unable to create",
       R"({"causes":[{"reason":"NamespaceTerminating","message":"namespace x is being terminated","field":"metadata.namespace"}]})",
       Code::kConflict, "being terminated"},
      {404, "NotFound", "configmaps web not found", "{}", Code::kNotFound, "web not found"},
      {409, "AlreadyExists", "exists", "{}", Code::kConflict, "exists"},
      {409, "Conflict", "Apply failed with 1 conflict",
       R"({"causes":[{"reason":"FieldManagerConflict","message":"conflict with kubectl","field":".data.a"}]})", Code::kConflict,
       ".data.a: conflict with kubectl"},
      {410, "Expired", "too old", "{}", Code::kConflict, "too old"},
      {415, "UnsupportedMediaType", "no", "{}", Code::kInvalid, "no"},
      {422, "Invalid", "web is invalid",
       R"({"causes":[{"reason":"FieldValueInvalid","message":"must be positive","field":"spec.replicas"}]})", Code::kInvalid,
       "spec.replicas: must be positive"},
      {500, "InternalError", "webhook failed", "{}", Code::kUnavailable, "webhook failed"},
  };
  for (const auto& c : kCases) {
    Script script({JsonResponse(c.status, StatusBody(c.status, c.reason, c.message, c.details))});
    const Answer answer = script.client->Get(kWeb);
    ASSERT_FALSE(answer.object.ok()) << c.status;
    EXPECT_EQ(answer.object.error().code(), c.code) << c.status << " " << c.reason;
    EXPECT_THAT(answer.object.error().message(), HasSubstr(c.text));
    EXPECT_EQ(answer.status.AlreadyExists(), c.reason == "AlreadyExists");
    EXPECT_EQ(answer.status.ApplyConflict(), c.message.starts_with("Apply failed"));
    EXPECT_EQ(answer.status.Expired(), c.status == 410);
  }
}

TEST(Client, AnswersThatAreNoJsonAreErrorsToo) {
  Script html({http::Response{403, {{"Content-Type", "text/html"}}, "<html>proxy says no</html>"}});
  EXPECT_THAT(html.client->Get(kWeb).object.error().message(), HasSubstr("proxy says no"));
  Script broken({http::Response{200, {}, "{\"kind\":"}});
  EXPECT_EQ(broken.client->Get(kWeb).object.error().code(), Code::kUnavailable);
  Script moved({http::Response{301, {{"Location", "https://elsewhere/"}}, ""}});
  EXPECT_THAT(moved.client->Get(kWeb).object.error().message(), HasSubstr("https://elsewhere/"));
}

TEST(Client, WarningsAreCollected) {
  Script script({JsonResponse(200, "{}", {{"Warning", R"(299 - "unknown field \"spec.x\"")"}, {"warning", R"(299 - "deprecated")"}, {"Warning", "199 - \"stale\""}})});
  EXPECT_THAT(script.client->Apply(kWeb, Value()).warnings, ElementsAre("unknown field \"spec.x\"", "deprecated"));
}

TEST(Client, RetriesWaitAsLongAsTheServerAsks) {
  Script script({JsonResponse(429, StatusBody(429, "TooManyRequests", "slow down"), {{"Retry-After", "7"}}), JsonResponse(200, R"({"a":1})")});
  std::optional<Answer> answer;
  script.client->Create(kWeb.resource, "shop", Value(), {}, [&](Answer a) { answer.emplace(std::move(a)); });
  script.clock.Advance(std::chrono::seconds(6));
  EXPECT_EQ(script.client->RunDueRetries(), 0u) << "seven seconds were asked for";
  script.clock.Advance(std::chrono::seconds(1));
  EXPECT_EQ(script.client->RunDueRetries(), 1u);
  ASSERT_TRUE(answer && answer->object.ok());
  EXPECT_EQ(script.transport->requests.size(), 2u);
}

TEST(Client, OnlyWorkThatMayBeRepeatedIsRepeated) {
  const auto attempts = [](Result<http::Response> answer, auto&& call) {
    Script script({std::move(answer)}, {.attempts = 3});
    bool done = false;
    call(*script.client, [&](Answer) { done = true; });
    for (int i = 0; i < 10 && !done; ++i) {
      script.clock.Advance(std::chrono::seconds(20));
      script.client->RunDueRetries();
    }
    EXPECT_TRUE(done);
    return script.transport->requests.size();
  };
  const auto get = [](Client& c, Client::Callback done) { c.Get(kWeb, std::move(done)); };
  const auto create = [](Client& c, Client::Callback done) { c.Create(kWeb.resource, "shop", Value(), {}, std::move(done)); };
  EXPECT_EQ(attempts(Unavailable("reset"), get), 3u);
  EXPECT_EQ(attempts(Unavailable("reset"), create), 1u) << "it may have been created";
  EXPECT_EQ(attempts(Denied("tls"), get), 1u);
  EXPECT_EQ(attempts(JsonResponse(503, "busy"), get), 3u);
  EXPECT_EQ(attempts(JsonResponse(503, "busy"), create), 1u);
  EXPECT_EQ(attempts(JsonResponse(429, "busy"), create), 3u) << "refused before any work";
  EXPECT_EQ(attempts(JsonResponse(500, StatusBody(500, "InternalError", "bug")), get), 1u);
  EXPECT_EQ(attempts(JsonResponse(404, "{}"), get), 1u);
  EXPECT_EQ(attempts(JsonResponse(429, "later", {{"Retry-After", "3600"}}), get), 1u) << "longer than anyone wants to wait";
}

TEST(Client, ClosingEndsWaitingRetries) {
  Script script({Unavailable("reset")});
  std::optional<Answer> answer;
  script.client->Get(kWeb, [&](Answer a) { answer.emplace(std::move(a)); });
  EXPECT_FALSE(answer);
  script.client.reset();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->object.error().code(), Code::kCancelled);
}

TEST(Client, EveryAttemptIsCounted) {
  std::vector<std::string> seen;
  ClientOptions options;
  options.on_request = [&](const RequestEvent& e) { seen.push_back(std::string(e.verb) + " " + std::string(e.plural) + " " + std::to_string(e.code)); };
  Script script({JsonResponse(503, "busy"), JsonResponse(200, "{}")}, options);
  script.client->Apply(kWeb, Value(), {}, [](Answer) {});
  script.clock.Advance(std::chrono::seconds(1));
  script.client->RunDueRetries();
  EXPECT_THAT(seen, ElementsAre("apply configmaps 503", "apply configmaps 200"));
}

std::string Page(std::string_view names, const std::string& token) {
  std::string items;
  for (const char name : names) items += (items.empty() ? "" : ",") + std::string(R"({"metadata":{"name":")") + name + "\"}}";
  return R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":")" + token + R"("},"items":[)" + items + "]}";
}

std::string Names(const ObjectList& list) {
  std::string names;
  for (const Document& item : list.items) names += GetAt(*item, {"metadata", "name"}).AsString();
  return names;
}

TEST(ClientList, GathersPagesAndGivesItemsTheirKind) {
  Script script({JsonResponse(200, Page("ab", "t/1")), JsonResponse(200, Page("c", ""))});
  const auto list = script.client->List(kWeb.resource, {.ns = "shop", .label_selector = "a in (b)"});
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(Names(*list), "abc");
  EXPECT_EQ(list->resource_version, "7");
  EXPECT_EQ(WriteJson(*list->items[2]), R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}})");
  const std::string first = "/api/v1/namespaces/shop/configmaps?labelSelector=a%20in%20%28b%29&limit=500";
  EXPECT_EQ(script.transport->requests[0].target, first);
  EXPECT_EQ(script.transport->requests[1].target, first + "&continue=t%2F1");
}

TEST(ClientList, StartsAgainWhereTheTokenExpiredOnTheWay) {
  const auto gone = JsonResponse(410, StatusBody(410, "Expired", "the provided continue parameter is too old"));
  Script script({JsonResponse(200, Page("ab", "t1")), gone, JsonResponse(200, Page("xy", "t2")), gone, JsonResponse(200, Page("pqr", ""))});
  const auto list = script.client->List(kWeb.resource);
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(Names(*list), "pqr") << "nothing of the states before";
  EXPECT_EQ(script.transport->requests.back().target, "/api/v1/configmaps") << "the third start asks for everything at once";
}

TEST(ClientList, AnIncompleteListIsAnError) {
  Script failed({JsonResponse(200, Page("ab", "t1")), JsonResponse(500, StatusBody(500, "InternalError", "etcd"))});
  EXPECT_EQ(failed.client->List(kWeb.resource).error().code(), Code::kUnavailable);
  Script broken({JsonResponse(200, R"({"kind":"ConfigMapList","items":[{"a")")});
  EXPECT_FALSE(broken.client->List(kWeb.resource).ok());
  Script other({JsonResponse(200, R"({"paths":[]})")});
  EXPECT_FALSE(other.client->List(kWeb.resource).ok()) << "some other document is not an empty list";
  Script many({JsonResponse(200, Page("ab", "t1"))}, {.list_objects = 5});
  EXPECT_EQ(many.client->List(kWeb.resource).error().code(), Code::kLimit);
}

TEST(ClientList, AnEmptyListMayHaveNullItems) {
  Script script({JsonResponse(200, R"({"kind":"ConfigMapList","metadata":{"resourceVersion":"9"},"items":null})")});
  const auto list = script.client->List(kWeb.resource);
  ASSERT_TRUE(list.ok());
  EXPECT_TRUE(list->items.empty());
}

}  // namespace
}  // namespace plumb::kube
