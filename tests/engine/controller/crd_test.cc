// One source of truth: what the parsers read, what `plumb explain` prints and what the CustomResourceDefinitions say.
#include "engine/controller/crd.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "core/edit.h"
#include "core/json.h"
#include "core/yaml.h"
#include "engine/controller/project.h"
#include "engine/kube/client.h"
#include "engine/loop/application.h"
#include "engine/loop/field_table.h"
#include "engine/sandbox/sandbox.h"
#include "plugins/kustomize/options.h"
#include "plugins/plain/files.h"

namespace plumb {
namespace {

// A parser's own word on what it knows: the error for a field that nobody knows lists them.
std::set<std::string> KnownTo(const std::function<std::string(const std::string& yaml)>& parse, const std::string& yaml) {
  const std::string error = parse(yaml);
  const size_t at = error.find("known are ");
  EXPECT_NE(at, std::string::npos) << yaml << "\n" << error;
  std::set<std::string> names;
  std::string rest = at == std::string::npos ? "" : error.substr(at + 10);
  for (size_t comma = 0; !rest.empty(); rest.erase(0, comma == std::string::npos ? rest.size() : comma + 2)) names.insert(rest.substr(0, comma = rest.find(", ")));
  return names;
}

std::set<std::string> Names(const FieldRow& map) {
  std::set<std::string> names;
  for (const FieldRow& field : map.fields) names.insert(field.name);
  return names;
}

std::string ApplicationError(const std::string& spec) {
  const auto document = ParseYamlOne("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: " + spec);
  EXPECT_TRUE(document.ok()) << spec << document.error().message();
  const auto application = ParseApplication(*document);
  return application.ok() ? "" : application.error().message();
}

std::string ProjectError(const std::string& spec) {
  const auto document = ParseYamlOne("apiVersion: plumb.dev/v1alpha1\nkind: Project\nmetadata: {name: a}\nspec: " + spec);
  EXPECT_TRUE(document.ok()) << spec;
  const auto project = ParseProject(*document);
  return project.ok() ? "" : project.error().message();
}

const std::set<std::string> kReadByOthers = {"ignore", "health", "plain", "kustomize"};

TEST(FieldTable, HasExactlyTheFieldsThatTheParserOfApplicationsReads) {
  const FieldRow& spec = ApplicationFields();
  const std::string source = "sources: [{git: {url: 'https://u'}}]";
  const struct {
    const FieldRow* map;
    std::string yaml;
  } kMaps[] = {
      {&spec, "{zzz: 1, " + source + "}"},
      {spec.Find("sources"), "{sources: [{zzz: 1, git: {url: 'https://u'}}]}"},
      {spec.Find("sources")->Find("git"), "{sources: [{git: {zzz: 1, url: 'https://u'}}]}"},
      {spec.Find("sources")->Find("git")->Find("credentials"), "{sources: [{git: {url: 'https://u', credentials: {zzz: 1}}}]}"},
      {spec.Find("target"), "{target: {zzz: 1}, " + source + "}"},
      {spec.Find("sync"), "{sync: {zzz: 1}, " + source + "}"},
      {spec.Find("sync")->Find("retry"), "{sync: {retry: {zzz: 1}}, " + source + "}"},
      {spec.Find("sync")->Find("windows"), "{sync: {windows: [{zzz: 1, schedule: '0 0 * * *', duration: 1h}]}, " + source + "}"},
      {spec.Find("budget"), "{budget: {zzz: 1}, " + source + "}"},
      {spec.Find("dependsOn"), "{dependsOn: [{zzz: 1, name: b}], " + source + "}"},
  };
  size_t maps = 0;
  for (const auto& c : kMaps) {
    ASSERT_NE(c.map, nullptr) << c.yaml;
    EXPECT_EQ(KnownTo(ApplicationError, c.yaml), Names(*c.map)) << c.yaml;
    ++maps;
  }
  // And no map of the table was left out above: each is read by MapReader, but for rules and the renderers' options.
  const std::function<size_t(const FieldRow&)> count = [&](const FieldRow& map) {
    size_t n = 1;
    for (const FieldRow& field : map.fields)
      if (!field.fields.empty() && !kReadByOthers.contains(field.name)) n += count(field);
    return n;
  };
  EXPECT_EQ(maps, count(spec)) << "a map of the table that this test does not compare with the parser";
}

// Each field with its example in it, down to the last.
std::string Filled(const FieldRow& map) {
  std::string text;
  for (const FieldRow& field : map.fields) {
    const bool list = field.type == FieldRow::Type::kList;
    const std::string value = field.fields.empty() ? field.value : fmt::format("{}{}{}", list ? "[" : "", Filled(field), list ? "]" : "");
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", field.name, value);
  }
  return "{" + text + "}";
}

TEST(FieldTable, ItsExamplesAreWhatRulesAndRenderersRead) {
  const FieldRow &spec = ApplicationFields(), &source = *spec.Find("sources");
  const std::string health = "{health: [" + Filled(*spec.Find("health")) + "], sources: [{git: {url: 'https://u'}}]}";
  EXPECT_EQ(ApplicationError(health), "") << health;
  const auto options = [](const FieldRow& renderer, const std::string& yaml) {
    const auto document = ParseYamlOne(yaml);
    EXPECT_TRUE(document.ok()) << yaml << document.error().message();
    const Status read = renderer.name == "plain" ? Status(plain::ParseOptions(document->root()).ok() ? Ok() : Status(plain::ParseOptions(document->root()).error()))
                                                 : Status(kustomize::ReadOptions(document->root()).ok() ? Ok() : Status(kustomize::ReadOptions(document->root()).error()));
    return read.ok() ? "" : read.error().message();
  };
  for (const char* name : {"plain", "kustomize"}) {
    const FieldRow& renderer = *source.Find(name);
    EXPECT_EQ(options(renderer, Filled(renderer)), "") << Filled(renderer);
    EXPECT_NE(options(renderer, "{zzz: 1}"), "") << name << " reads anything, and the line before shows nothing";
  }
}

TEST(FieldTable, HasExactlyTheFieldsThatTheParserOfProjectsReads) {
  const FieldRow& spec = ProjectFields();
  EXPECT_EQ(KnownTo(ProjectError, "{zzz: 1}"), Names(spec));
  EXPECT_EQ(KnownTo(ProjectError, "{targets: [{zzz: 1, namespaces: [a]}]}"), Names(*spec.Find("targets")));
  EXPECT_EQ(KnownTo(ProjectError, "{kinds: {zzz: 1}}"), Names(*spec.Find("kinds")));
  EXPECT_EQ(KnownTo(ProjectError, "{serviceAccount: {zzz: 1, namespace: a, name: b}}"), Names(*spec.Find("serviceAccount")));
}

// Everything that the defaults of the table decide, in one text.
std::string Describe(const Application& a) {
  std::string text = fmt::format("{}|{}|{}|{}|{}|{}|{}", a.project, a.target_cluster, a.target_namespace, a.target_identity, a.suspend, fmt::format("{}{}{}", a.budget.deletes, a.budget.percent, a.budget.window.count()), a.history_limit);
  text += fmt::format("|{}{}{}{}|{}|{}|{}|{}|{}", a.sync.automatic, a.sync.prune, a.sync.self_heal, a.sync.create_namespace, a.sync.interval.count(), a.sync.timeout.count(),
                      a.sync.retry.first.count(), a.sync.retry.max.count(), a.sync.retry.limit);
  for (const SyncWindow& w : a.sync.windows.windows()) text += fmt::format("|{}{}{}", w.allow, w.zone_name, w.manual);
  for (const Dependency& d : a.depends_on) text += fmt::format("|{}{}", d.name, d.healthy);
  for (const ApplicationSource& s : a.sources) text += fmt::format("|{}{}{}{}", s.path, s.renderer, s.git.revision, s.git.submodules);
  return text;
}

TEST(FieldTable, DefaultsAreThoseOfTheParser) {
  const auto parse = [](const std::string& spec) {
    const auto document = ParseYamlOne("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: " + spec);
    const auto application = ParseApplication(*document);
    EXPECT_TRUE(application.ok()) << spec << application.error().message();
    return application.ok() ? Describe(*application) : "";
  };
  // Each default of the table, written out, changes nothing. `around` is what the field needs to stand in.
  size_t checked = 0;
  const std::function<void(const FieldRow&, const std::function<std::string(const std::string&)>&)> check = [&](const FieldRow& map, const auto& around) {
    std::string required;
    for (const FieldRow& field : map.fields)
      if (field.required && field.fields.empty()) required += fmt::format("{}: {}, ", field.name, field.value);
    for (const FieldRow& field : map.fields) {
      if (kReadByOthers.contains(field.name)) continue;
      if (field.has_default) {
        EXPECT_EQ(parse(around(required + fmt::format("{}: {}", field.name, field.value))), parse(around(required))) << field.name;
        ++checked;
      }
      if (field.fields.empty()) continue;
      const bool list = field.type == FieldRow::Type::kList;
      check(field, [&, list](const std::string& inner) { return around(fmt::format("{}: {}{{{}}}{}", field.name, list ? "[" : "", inner, list ? "]" : "")); });
    }
  };
  const std::string source = "sources: [{git: {url: 'https://u'}}]";
  for (const FieldRow& field : ApplicationFields().fields) {
    if (field.name == "sources") continue;
    FieldRow only;
    only.fields = {field};
    check(only, [&](const std::string& inner) { return "{" + source + (inner.empty() ? "" : ", " + inner) + "}"; });
  }
  check(*ApplicationFields().Find("sources"), [](const std::string& inner) { return "{sources: [{git: {url: 'https://u'}" + (inner.empty() ? "" : ", " + inner) + "}]}"; });
  EXPECT_GT(checked, 20u);
}

TEST(FieldTable, TheReferenceIsTheTable) {
  const std::string reference(ApplicationReference());
  const std::function<void(const FieldRow&)> look = [&](const FieldRow& map) {
    for (const FieldRow& field : map.fields) {
      EXPECT_NE(reference.find(field.name + ":"), std::string::npos) << field.name;
      EXPECT_NE(reference.find(field.meaning), std::string::npos) << field.name;
      look(field);
    }
  };
  look(ApplicationFields());
}

// The schema as a server takes it: accepted, nothing pruned of what the parser knows, defaults filled in, mistakes refused.
class CrdTest : public ::testing::Test {
 protected:
  CrdTest() {
    auto started = sandbox::Sandbox::Start({.listen = false, .clock = &clock_, .step = true, .seed = 1});
    EXPECT_TRUE(started.ok());
    sandbox_ = std::move(*started);
    client_ = std::make_unique<kube::Client>(std::shared_ptr<kube::Transport>(&sandbox_->transport(), [](kube::Transport*) {}));
    for (const Document& crd : {ApplicationCrd(), ProjectCrd()}) {
      const kube::Answer answer = client_->Create(*kube::BuiltIn("CustomResourceDefinition"), "", *crd);
      EXPECT_TRUE(answer.object.ok()) << answer.object.error().message();
    }
    sandbox_->Step();
  }
  kube::Answer Create(const kube::Resource& resource, const std::string& yaml) {
    const auto document = ParseYamlOne(yaml);
    EXPECT_TRUE(document.ok()) << document.error().message();
    return client_->Create(resource, "default", document->root());
  }

  FakeClock clock_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<kube::Client> client_;
};

TEST_F(CrdTest, TheReferenceIsStoredAsItIs) {
  const kube::Answer answer = Create(ApplicationResource(), std::string(ApplicationReference()));
  ASSERT_TRUE(answer.object.ok()) << answer.object.error().message();
  EXPECT_EQ(WriteCanonicalJson(answer.object->root().Get("spec")), WriteCanonicalJson(ParseYamlOne(ApplicationReference())->root().Get("spec")));
  const auto parsed = ParseApplication(*answer.object, Place::kCluster);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message();
}

TEST_F(CrdTest, MistakesAreRefusedByTheServer) {
  const std::string head = "apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: ";
  const struct {
    std::string spec, want;
  } kCases[] = {
      {"{sources: []}", "spec.sources"},
      {"{sources: [{git: {}}]}", "url"},
      {"{sources: [{git: {url: 'https://u'}}], snyc: {}}", "snyc"},
      {"{sources: [{git: {url: 'https://u'}}], sync: {interval: 3 minutes}}", "spec.sync.interval"},
      {"{sources: [{git: {url: 'https://u'}}], budget: {deletes: -1}}", "spec.budget.deletes"},
      {"{sources: [{git: {url: 'https://u'}, directory: /etc}]}", "directory"},
      {"{sources: [{git: {url: 'https://u'}, kustomize: {namePrefx: a}}]}", "namePrefx"},
      {"{sources: [{git: {url: 'https://u'}, kustomize: {replicas: [{name: web, count: many}]}}]}", "count"},
      {"{sources: [{git: {url: 'https://u'}, plain: {recurse: 'yes'}}]}", "recurse"},
      {"{sources: [{git: {url: 'https://u'}}], health: [{kinds: [A], rules: [{is: fine}]}]}", "spec.health[0].rules[0].is"},
  };
  for (const auto& c : kCases) {
    const kube::Answer answer = Create(ApplicationResource(), head + c.spec);
    ASSERT_FALSE(answer.object.ok()) << c.spec;
    EXPECT_NE(answer.object.error().message().find(c.want), std::string::npos) << answer.object.error().message();
  }
}

}  // namespace
}  // namespace plumb
