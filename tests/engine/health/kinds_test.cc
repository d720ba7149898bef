// The table of custom resources against statuses as controllers write them, the form's errors, and rules of users.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "core/json.h"
#include "core/yaml.h"
#include "engine/health/health_rules.h"

namespace plumb {
namespace {

using ::testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Document Yaml(std::string_view text) {
  auto parsed = ParseYamlOne(text);
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message());
  return parsed.ok() ? *parsed : Document();
}

Gvk GvkOfName(std::string_view name) {
  const size_t dot = name.find('.');
  return {dot == std::string_view::npos ? "" : std::string(name.substr(dot + 1)), "v1", std::string(name.substr(0, dot))};
}

// "True Reason a message /Severity"
Value ConditionOf(Arena& a, std::string_view type, std::string_view text) {
  const auto word = [&] {
    const size_t space = std::min(text.find(' '), text.size());
    const std::string_view out = text.substr(0, space);
    text = space == text.size() ? "" : text.substr(space + 1);
    return a.String(out);
  };
  std::vector<Member> members = {{"type", a.String(type)}};
  if (const size_t slash = text.find(" /"); slash != std::string_view::npos) {
    members.push_back({"severity", a.String(text.substr(slash + 2))});
    text = text.substr(0, slash);
  }
  members.push_back({"status", word()});
  members.push_back({"reason", word()});
  members.push_back({"message", a.String(text)});
  return a.Map(members);
}

Document ObjectOf(Value line) {
  return BuildDocument([&](Arena& a) {
    const Gvk gvk = GvkOfName(line[0].AsString());
    std::vector<Value> conditions;
    std::vector<Member> status;
    if (line.size() > 2)
      for (const Member& c : line[2].members()) conditions.push_back(ConditionOf(a, c.key, c.value.AsString()));
    if (line.size() > 3)
      for (const Member& m : line[3].members()) status.push_back({a.Key(m.key), a.Copy(m.value)});
    if (!conditions.empty()) status.push_back({"conditions", a.List(conditions)});
    return a.Map({{"apiVersion", a.String(gvk.ApiVersion())}, {"kind", a.String(gvk.kind)},
                  {"metadata", a.Map({{"name", a.String("x")}, {"generation", Arena::Int(4)}})},
                  {"spec", line.size() > 4 ? a.Copy(line[4]) : a.Map(std::span<const Member>())}, {"status", a.Map(status)}});
  });
}

TEST(HealthKinds, StatusesAsControllersWriteThem) {
  const Document cases = Yaml(ReadFile(PLUMB_HEALTH_CASES));
  ASSERT_GT(cases->size(), 200u);
  for (Value line : cases->items()) {
    const Document object = ObjectOf(line);
    const Health health = Assess(object.root());
    EXPECT_EQ(std::string(HealthStatusName(health.status)) + (health.final ? "!" : ""), line[1].AsString()) << WriteJson(line) << "\n" << health.message;
    EXPECT_TRUE(HealthRules::BuiltIn().Has(GvkOf(object.root()))) << line[0].AsString();
    if (health.status != HealthStatus::kHealthy) {
      EXPECT_FALSE(health.message.empty()) << WriteJson(line);
    }
  }
}

// Every health that an entry of the table can give is given to some object of it: no rule is there that nobody tried.
TEST(HealthKinds, EveryEntryOfTheTableIsTried) {
  const Document table = Yaml(ReadFile(PLUMB_HEALTH_TABLE_FILE)), cases = Yaml(ReadFile(PLUMB_HEALTH_CASES));
  std::set<std::string> groups;
  for (Value entry : table->items()) {
    auto alone = HealthRules::Parse(BuildDocument([&](Arena& a) { return a.List({a.Copy(entry)}); }).root(), "");
    ASSERT_TRUE(alone.ok()) << alone.error().message();
    std::set<std::string> want, have;
    for (Value rule : entry.Get("rules").items()) want.insert(std::string(rule.GetString("is")) + (rule.Get("final").AsBool() ? "!" : ""));
    for (Value line : cases->items()) {
      const Gvk gvk = GvkOfName(line[0].AsString());
      if (alone->Has(gvk)) have.insert(std::string(line[1].AsString()));
    }
    for (Value kind : entry.Get("kinds").items()) groups.insert(GvkOfName(kind.AsString()).group);
    for (const std::string& health : want) {
      const bool seldom = health == "progressing" || health == "degraded";  // more rules than one give these in many entries
      EXPECT_TRUE(have.contains(health) || (seldom && have.size() > 1)) << WriteJson(entry.Get("kinds")) << ": " << health;
    }
  }
  EXPECT_GT(groups.size(), 80u);
}

TEST(HealthKinds, WhatHasNotReportedIsProgressingAndAStaleConditionSaysNothing) {
  const Document fresh = Yaml("{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: a}}");
  EXPECT_EQ(Assess(fresh.root()).status, HealthStatus::kProgressing);
  EXPECT_THAT(Assess(fresh.root()).message, HasSubstr("has not reported"));
  const Document stale = Yaml("{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: a, generation: 3}, status: {conditions: [{type: Ready, status: 'True', observedGeneration: 2}]}}");
  EXPECT_EQ(Assess(stale.root()).status, HealthStatus::kProgressing);
}

TEST(HealthKinds, RulesOfAUserGoBeforeTheProgramsOwn) {
  const auto rules = HealthRules::ParseFile(R"(
- kinds: [Deployment.apps, '*.shop.example']
  rules:
  - {is: degraded, final: true, when: {field: 'metadata.annotations["shop/broken"]', equals: 'yes'}, message: 'is broken: {metadata.name} {status.none}'}
  - {is: healthy}
)", "health.yaml");
  ASSERT_TRUE(rules.ok()) << rules.error().message();
  const Document broken = Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, annotations: {shop/broken: 'yes'}}}");
  EXPECT_EQ(Assess(broken.root(), &*rules), (Health{HealthStatus::kDegraded, "is broken: web", true}));
  EXPECT_EQ(Assess(broken.root()).status, HealthStatus::kProgressing);
  EXPECT_TRUE(Assess(Yaml("{apiVersion: a.shop.example/v1, kind: Cart, metadata: {name: c}}").root(), &*rules).healthy());
  const Document dying = Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, deletionTimestamp: '2026-01-01T00:00:00Z'}}");
  EXPECT_EQ(Assess(dying.root(), &*rules).status, HealthStatus::kProgressing) << "deletion comes before any rule";
}

TEST(HealthKinds, ErrorsNameFileLineAndField) {
  const struct { std::string_view text, want; } kCases[] = {
      {"kinds: []\n", "health.yaml:1: expected a list of {kinds, rules}, found a map"},
      {"- kinds: [A.b]\n  rules:\n  - {is: helthy}\n", "health.yaml:3: [0].rules[0].is: expected healthy, suspended, progressing, unknown or degraded, found 'helthy', did you mean 'healthy'?"},
      {"- kinds: [A.b]\n  rules:\n  - is: healthy\n    wen: {condition: Ready}\n", "health.yaml:4: [0].rules[0].wen: unknown field, did you mean 'when'?"},
      {"- kinds: [A.b]\n  rules:\n  - {is: healthy, final: true}\n", "health.yaml:3: [0].rules[0].final: only what is degraded can be so for good"},
      {"- kinds: [A.b]\n  rules:\n  - {is: healthy}\n  - {is: degraded, when: {condition: Ready}}\n", "has no 'when', so that no rule after it ever applies"},
      {"- kinds: [A.b]\n  rules:\n  - {is: healthy, when: {condition: Ready, field: status.phase}}\n", "give exactly one of 'condition' and 'field'"},
      {"- kinds: [A.b]\n  rules:\n  - {is: healthy, when: {field: status.phase, status: 'True'}}\n", "'status' goes with 'condition'"},
      {"- kinds: [A.b]\n  rules:\n  - {is: healthy, when: {field: 'status['}}\n", "health.yaml:3: [0].rules[0].when.field: "},
      {"- kinds: [A.b]\n  rules: []\n", "expected a list with at least one rule"},
      {"- kinds: [A.b, A.b]\n  rules: [{is: healthy}]\n", "kind 'A.b' has rules already"},
      {"- rules: [{is: healthy}]\n", "'kinds' is missing"},
  };
  for (const auto& c : kCases) {
    const auto rules = HealthRules::ParseFile(c.text, "health.yaml");
    ASSERT_FALSE(rules.ok()) << c.text;
    EXPECT_THAT(rules.error().message(), HasSubstr(c.want));
  }
  EXPECT_TRUE(HealthRules::ParseFile("", "health.yaml")->empty());
}

}  // namespace
}  // namespace plumb
