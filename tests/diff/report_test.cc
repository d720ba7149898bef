// Diffs as Markdown, HTML and JSON patches; and that unified diffs are real patches.
#include "diff/report.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/process.h"
#include "core/utf8.h"
#include "diff/json_patch.h"
#include "diff/patched.h"
#include "diff/present.h"
#include "tests/diff/pairs.h"

namespace plumb {
namespace {

using testing::Compare;
using testing::Yaml;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kLive[] = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, annotations: {a/b~c: old}}
spec:
  replicas: 3
  template:
    spec:
      volumes: [{name: v, emptyDir: {}}]
      containers:
      - {name: other, image: "other:1"}
      - name: web
        image: "web:1"
        args: [a, b]
        env: [{name: ONE, value: "1"}, {name: TWO, value: "2"}]
        ports: [{containerPort: 80, protocol: TCP}]
)";
constexpr char kManifest[] = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, annotations: {a/b~c: new, more: x}}
spec:
  replicas: 5
  template:
    spec:
      volumes: [{name: v, emptyDir: {}}, {name: w, configMap: {name: m}}]
      containers:
      - name: web
        image: "web:2"
        args: [a, c, d]
        env: [{name: TWO, value: "zwei"}, {name: THREE, value: "3"}]
        ports: [{containerPort: 80, name: http}]
)";

MaskedDiff Masked(const ObjectDiff& diff) { return Masker({.salt = "x"}).Mask(diff); }

TEST(PresentJsonPatch, AppliedToTheLiveObjectGivesWhatTheDiffSays) {
  const MaskedDiff diff = Masked(Compare(kManifest, kLive));
  ASSERT_GE(diff->changes.size(), 7u);
  const Document json = PresentJsonPatch(std::span(&diff, 1));
  const Value entry = json.root()[0];
  EXPECT_EQ(entry.GetString("action"), "patch");
  EXPECT_EQ(entry.GetString("apiVersion"), "apps/v1");
  Arena arena;
  arena.Adopt(json);
  const Value live = arena.Adopt(diff->live);
  const auto patched = ApplyJsonPatch(arena, live, entry.Get("patch"));
  ASSERT_TRUE(patched.ok()) << patched.error().message() << WriteJson(entry);
  EXPECT_EQ(WriteCanonicalJson(*patched), WriteCanonicalJson(Patched(arena, live, diff->changes)));
}

TEST(PresentJsonPatch, CreatedAndDeletedObjects) {
  const std::vector<MaskedDiff> diffs = {Masked(Compare(Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"), Document())),
                                         Masked(DeletionOf(Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}")))};
  EXPECT_EQ(WriteJson(*PresentJsonPatch(diffs)),
            R"([{"action":"create","apiVersion":"v1","kind":"ConfigMap","name":"a","patch":[{"op":"add","path":"","value":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}}]},)"
            R"({"action":"delete","apiVersion":"v1","kind":"ConfigMap","name":"b","patch":[{"op":"remove","path":""}]}])");
}

// Runs `patch -p1` over the live YAML and compares with what the diff says will be.
TEST(PresentUnified, IsTakenByPatch) {
  if (!FindProgram("patch", getenv("PATH")).ok()) GTEST_SKIP() << "no `patch` here";
  namespace fs = std::filesystem;
  std::string name = ::testing::TempDir() + "plumb-patch-XXXXXX";
  const fs::path folder = mkdtemp(name.data());
  const std::vector<MaskedDiff> diffs = {Masked(Compare(kManifest, kLive)),
                                         Masked(Compare("{apiVersion: v1, kind: ConfigMap, metadata: {name: text}, data: {a: \"x\\ny\\nz\", b: \"no newline\"}}",
                                                        "{apiVersion: v1, kind: ConfigMap, metadata: {name: text}, data: {a: \"x\\ny\\n\", b: \"line\\n\"}}")),
                                         Masked(Compare(Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: new}}"), Document())),
                                         Masked(DeletionOf(Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: old}}")))};
  Arena arena;
  std::map<std::string, std::string> before, after;
  before["shop/Deployment.apps/web.yaml"] = WriteYaml(Declarable(arena, diffs[0]->live.root()));
  after["shop/Deployment.apps/web.yaml"] = WriteYaml(Declarable(arena, Patched(arena, diffs[0]->live.root(), diffs[0]->changes)));
  before["_cluster/ConfigMap/text.yaml"] = WriteYaml(Declarable(arena, diffs[1]->live.root()));
  after["_cluster/ConfigMap/text.yaml"] = WriteYaml(Declarable(arena, Patched(arena, diffs[1]->live.root(), diffs[1]->changes)));
  before["_cluster/ConfigMap/old.yaml"] = WriteYaml(Declarable(arena, diffs[3]->live.root()));
  after["_cluster/ConfigMap/new.yaml"] = WriteYaml(Declarable(arena, diffs[2]->desired.root()));
  for (const auto& [file, text] : before) {
    fs::create_directories((folder / file).parent_path());
    std::ofstream(folder / file) << text;
  }
  const auto result = ProcessRunner::Real().Run({.argv = {"patch", "-p1", "--no-backup-if-mismatch"}, .directory = folder, .input = PresentUnified(diffs)});
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->status, 0) << result->out << result->err;
  for (const auto& [file, text] : after) {
    std::ostringstream got;
    got << std::ifstream(folder / file).rdbuf();
    EXPECT_EQ(got.str(), text) << file;
  }
  EXPECT_FALSE(fs::exists(folder / "_cluster/ConfigMap/old.yaml"));
  fs::remove_all(folder);
}

// As many Deployments as asked for; `same`: all change in the same way.
std::vector<MaskedDiff> Many(int count, bool same) {
  std::vector<MaskedDiff> diffs;
  for (int i = 0; i < count; ++i) {
    const std::string n = std::to_string(i), image = same ? "web:2" : "web:2-" + n;
    diffs.push_back(Masked(Compare("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web-" + n + ", namespace: shop}, spec: {template: {spec: {containers: [{name: c, image: '" + image + "'}]}}}}",
                                   "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web-" + n + ", namespace: shop}, spec: {template: {spec: {containers: [{name: c, image: 'web:1'}]}}}}")));
  }
  return diffs;
}

TEST(Markdown, ATableThenTheChangesFolded) {
  const std::vector<MaskedDiff> diffs = Many(1, true);
  EXPECT_EQ(WriteMarkdown(ReportOf(diffs), {.marker = "plumb diff"}), R"(<!-- plumb diff -->
### Differences

1 to change (1 field)

#### Objects

|  | Object | Fields | Certainty |
|---|---|---|---|
| patch | Deployment shop/web-0 | 1 | exact |


#### Changes

<details><summary><code>~</code> Deployment shop/web-0 &middot; 1 field</summary>

```diff
@@ spec.template.spec.containers[name=c].image @@ not declared before
- web:1
+ web:2
```
</details>
)");
}

TEST(Markdown, TheSameChangeInManyObjectsIsSaidOnce) {
  const std::string text = WriteMarkdown(ReportOf(Many(60, true)));
  EXPECT_THAT(text, HasSubstr("Deployment shop/web-0 and 59 more"));
  EXPECT_THAT(text, HasSubstr("The same change in Deployment shop/web-1, Deployment shop/web-2"));
  EXPECT_EQ(text.find("+ web:2"), text.rfind("+ web:2"));
  EXPECT_EQ(ItemsOf(Many(3, false)).size(), 3u) << "different changes stay apart";
}

TEST(Markdown, NeverAboveItsLimitAndSaysWhatWasCut) {
  const std::vector<MaskedDiff> diffs = Many(1000, false);
  const Report report = ReportOf(diffs);
  const std::string all = WriteMarkdown(report, {.limit = 10u << 20});
  EXPECT_THAT(all, HasSubstr("shortened: Objects (940 rows)")) << "a table's rows are bounded";
  EXPECT_THAT(all, Not(HasSubstr("left out")));
  for (const size_t limit : {size_t{1500}, size_t{3000}, size_t{10'000}, size_t{65'536}, size_t{100'000}}) {
    const std::string text = WriteMarkdown(report, {.limit = limit});
    EXPECT_LE(text.size(), limit);
    EXPECT_THAT(text, HasSubstr("**Cut to fit:**"));
    EXPECT_EQ(text, WriteMarkdown(report, {.limit = limit})) << "deterministic";
    size_t opened = 0, closed = 0;
    for (size_t at = 0; (at = text.find("<details>", at)) != std::string::npos; ++at) ++opened;
    for (size_t at = 0; (at = text.find("</details>", at)) != std::string::npos; ++at) ++closed;
    EXPECT_EQ(opened, closed) << limit;
  }
  EXPECT_THAT(WriteMarkdown(report), HasSubstr("parts left out: Deployment shop/web-"));
}

// Pathological reports: each part of them larger than any limit, made of characters of four bytes, and of those that are escaped.
Report Huge() {
  const auto wide = [](size_t n) {
    std::string text;
    for (size_t i = 0; i < n; ++i) text += i % 7 == 0 ? "<@*|`" : "\xf0\x9f\x90\xb3";
    return text;
  };
  Report report;
  report.title = wide(100);
  report.lead = {wide(2000), wide(10)};
  for (const size_t size : {size_t{1}, size_t{300}, size_t{9'000}}) {
    ReportSection section{wide(20), Tone::kBad, {wide(size)}, {wide(size), wide(3)}, {}, {}, false};
    section.tables.push_back({{wide(3), wide(2)}, std::vector<std::vector<std::string>>(size / 10 + 1, {wide(size % 1000), wide(5)})});
    for (size_t i = 0; i < 30; ++i)
      section.items.push_back({DiffAction::kPatch, wide(i * 10), wide(i), std::vector<std::string>(i * 5, wide(9)), {wide(i)}, std::vector<ChangeLine>(size / 100 + 1, {ChangeLine::Kind::kNew, wide(100), ""})});
    report.sections.push_back(section);
  }
  return report;
}

TEST(Markdown, NoLimitIsEverExceededNorACharacterCut) {
  const Report report = Huge();
  std::vector<size_t> limits = {4'000, 10'000, 65'536, 262'144, 4'000'000};
  for (size_t limit = 0; limit < 3'000; limit += 61) limits.push_back(limit);
  for (const size_t limit : limits) {
    const MarkdownOptions options{.limit = limit, .marker = "plumb diff"};
    const std::string text = WriteMarkdown(report, options);
    ASSERT_LE(text.size(), limit);
    ASSERT_EQ(FindInvalidUtf8(text), std::string::npos) << limit;
    ASSERT_EQ(text, WriteMarkdown(report, options)) << "deterministic";
    if (limit < 100) continue;
    EXPECT_THAT(text, ::testing::StartsWith("<!-- plumb diff -->\n")) << "a script finds its comment again, however short: " << limit;
    EXPECT_THAT(text, limit < 4'000'000 ? HasSubstr("**Cut to fit:**") : HasSubstr("")) << limit;
  }
}

TEST(Markdown, OneHugeObjectIsShortenedByLines) {
  std::string text;
  for (int i = 0; i < 9000; ++i) text += "line " + std::to_string(i) + "\\n";
  const MaskedDiff diff = Masked(Compare(Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: big}, data: {a: \"" + text + "\"}}"), Document()));
  const std::string markdown = WriteMarkdown(ReportOf(std::span(&diff, 1)), {.limit = 4000});
  EXPECT_LE(markdown.size(), 4000u);
  EXPECT_THAT(markdown, HasSubstr("more lines"));
  EXPECT_THAT(markdown, HasSubstr("shortened: ConfigMap big ("));
}

TEST(Markdown, ValuesCannotLeaveTheirFence) {
  const MaskedDiff diff = Masked(Compare("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: \"```\\n</details> @everyone ````` \\n\\e[31mred\\u202e\"}}",
                                         "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: b}}"));
  const std::string text = WriteMarkdown(ReportOf(std::span(&diff, 1)));
  EXPECT_THAT(text, HasSubstr("``````diff\n")) << "a fence longer than any within";
  EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << text;
  EXPECT_THAT(text, HasSubstr("\\u001b[31mred\\u202e"));
}

TEST(Markdown, TextOutsideOfFencesIsHarmless) {
  Report report;
  report.title = "a <b> | @team *x*";
  report.sections.push_back({"s", Tone::kBad, {"`code <kept>` and [link](x)"}, {}, {{{"a|b"}, {{"`x|y` <i>"}}}}, {}, false});
  const std::string text = WriteMarkdown(report);
  EXPECT_THAT(text, HasSubstr("### a &lt;b&gt; \\| &#64;team \\*x\\*"));
  EXPECT_THAT(text, HasSubstr("`code <kept>` and \\[link](x)"));
  EXPECT_THAT(text, HasSubstr("| `x\\|y` &lt;i&gt; |"));
}

TEST(Html, OneFileWithoutScriptsOrReferences) {
  const std::string html = WriteHtml(ReportOf(Many(3, false)));
  EXPECT_THAT(html, ::testing::StartsWith("<!doctype html>"));
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(html, HasSubstr("<span class=\"n\">+ web:2-0</span>"));
  for (const char* outside : {"<script", "http://", "https://", "src=", "href=", "url("}) EXPECT_THAT(html, Not(HasSubstr(outside)));
  const MaskedDiff diff = Masked(Compare("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: '<script>alert(1)</script>&'}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: b}}"));
  EXPECT_THAT(WriteHtml(ReportOf(std::span(&diff, 1))), HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;&amp;"));
}

TEST(Text, ReportForATerminal) {
  EXPECT_EQ(WriteText(ReportOf(Many(2, true))), R"(Differences
2 to change (2 fields)

Objects
         Object                 Fields  Certainty
  patch  Deployment shop/web-0  1       exact
  patch  Deployment shop/web-1  1       exact

Changes
  ~ Deployment shop/web-0 and 1 more  (1 field)
      the same in Deployment shop/web-1
      spec.template.spec.containers[name=c].image   not declared before
        - web:1
        + web:2
)");
  EXPECT_THAT(WriteText(ReportOf(Many(1, true)), {.colour = true}), HasSubstr("\x1b[32m+ web:2\x1b[0m"));
}

}  // namespace
}  // namespace plumb
