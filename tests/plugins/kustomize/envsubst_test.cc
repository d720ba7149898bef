// The dialect of Flux's postBuild, and what it does to objects.
#include "plugins/kustomize/envsubst.h"

#include <gtest/gtest.h>

#include "tests/plugins/kustomize/test_render.h"

namespace plumb::kustomize {
namespace {

const std::map<std::string, std::string> kVariables = {{"v", "abcABC123ABCabc"}, {"file", "bash.string.txt"}, {"path", "/home/me/notes"}, {"up", "ABC"}, {"empty", ""}, {"slash", "foo/bar/baz"}};

TEST(Envsubst, EveryFormHasItsMeaning) {
  const struct {
    const char *text, *want;
  } kCases[] = {
      {"plain $v text", "plain $v text"}, {"${v}", "abcABC123ABCabc"}, {"a${none}b", "ab"}, {"${#v}", "15"},
      {"${v^}", "AbcABC123ABCabc"}, {"${v^^}", "ABCABC123ABCABC"}, {"${up,}", "aBC"}, {"${up,,}", "abc"},
      {"${path:6}", "me/notes"}, {"${path:6:2}", "me"}, {"${path:100}", ""}, {"${path: -5}", "notes"}, {"${path:6:100}", "me/notes"},
      {"${v=x}", "abcABC123ABCabc"}, {"${none=x}", "x"}, {"${none:=x y}", "x y"}, {"${none:-x}", "x"}, {"${none-x}", "x"}, {"${empty:-x}", "x"},
      {"${none:=${up}}", "ABC"}, {"${none:=a${up}-b}", "aABC-b"}, {"${none:=${alsonone:-deep}}", "deep"}, {"${none:=}", ""},
      {"${v/abc/xyz}", "xyzABC123ABCabc"}, {"${v//abc/xyz}", "xyzABC123ABCxyz"}, {"${v/#abc/xyz}", "xyzABC123ABCabc"}, {"${v/%abc/xyz}", "abcABC123ABCxyz"}, {"${v//abc/}", "ABC123ABC"},
      {"${file#*.}", "string.txt"}, {"${file##*.}", "txt"}, {"${file%.*}", "bash.string"}, {"${file%%.*}", "bash"}, {"${path##*/}", "notes"}, {"${file#?[a-c]s}", "h.string.txt"},
      {"$${v}", "${v}"}, {"$$v", "$v"}, {"a $${v${up}", "a ${vABC"}, {R"(${slash/\//-})", "foo-bar/baz"}, {R"(${slash//\//-})", "foo-bar-baz"}, {R"(a\/b)", "a/b"},
  };
  for (const auto& c : kCases) {
    const auto got = Envsubst(c.text, kVariables);
    ASSERT_TRUE(got.ok()) << c.text << ": " << got.error().message();
    EXPECT_EQ(*got, c.want) << c.text;
  }
}

TEST(Envsubst, MalformedFormsAreErrorsThatShowThem) {
  for (const char* text : {"${", "${}", "${v", "${v!}", "${ v}", "${v/abc}", "x ${1:-", "${#}", "${v^^^}", "${foo.bar}"}) {
    const auto got = Envsubst(text, kVariables);
    ASSERT_FALSE(got.ok()) << text << " gives " << *got;
    EXPECT_NE(got.error().message().find("bad substitution '${"), std::string::npos) << got.error().message();
  }
}

TEST(Envsubst, StrictWantsEveryPlainVariable) {
  const EnvsubstOptions strict{.strict = true};
  const auto got = Envsubst("${fiel}", kVariables, strict);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().message(), "variable 'fiel' is not set, did you mean 'file'?");
  EXPECT_EQ(*Envsubst("${none:-d}${empty}", kVariables, strict), "d");
}

TEST(Envsubst, IsBounded) {
  std::string deep;
  for (int i = 0; i < 50; ++i) deep += "${a:=";
  EXPECT_EQ(Envsubst(deep, {}).error().code(), Code::kLimit);
  EXPECT_EQ(Envsubst("${v}${v}", kVariables, {.bytes = 20}).error().code(), Code::kLimit);
  const std::map<std::string, std::string> stars = {{"long", std::string(20'000, 'a')}};
  EXPECT_EQ(*Envsubst("${long##*a*a*a*b}", stars), stars.at("long")) << "a pattern cannot take exponential time";
}

const char kDeployment[] = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: ${REPLICAS:=2}\n  host: ${HOST}\n";

std::string Render(const std::string& options, const std::string& object = kDeployment) {
  return TextOf({{"kustomization.yaml", "resources: [a.yaml]\n"}, {"a.yaml", object}, {"vars.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {HOST: ZnJvbS5maWxl}\nstringData: {REPLICAS: '9'}\n"}}, options);
}

TEST(PostBuild, VariablesBecomeTypedValues) {
  EXPECT_EQ(Render("postBuild: {substitute: {HOST: a.example, REPLICAS: '3'}}"),
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  host: a.example\n  replicas: 3\n");
  EXPECT_NE(Render("postBuild: {substitute: {HOST: \"a\\nb\"}}").find("host: ab\n"), std::string::npos) << "line breaks go";
  EXPECT_NE(Render("").find("replicas: ${REPLICAS:=2}"), std::string::npos) << "nothing is replaced unless asked for";
  EXPECT_NE(Render("postBuild: {}").find("${HOST}"), std::string::npos);
  EXPECT_NE(Render("postBuild: {substituteStrategy: Always, strict: false}").find("replicas: 2"), std::string::npos);
}

TEST(PostBuild, FilesOfTheSourceGiveVariables) {
  const std::string text = Render("postBuild: {substitute: {REPLICAS: '4'}, substituteFrom: [{file: vars.yaml}]}");
  EXPECT_NE(text.find("host: from.file\n"), std::string::npos) << text;
  EXPECT_NE(text.find("replicas: 4\n"), std::string::npos) << "what is given in place wins";
  EXPECT_NE(Render("postBuild: {substituteFrom: [{kind: ConfigMap, name: x}]}").find("give 'file: path'"), std::string::npos);
}

TEST(PostBuild, ErrorsNameObjectFieldAndVariableButNoValue) {
  const std::string error = Render("postBuild: {substitute: {REPLICAS: '3', HOTS: s3cret}}");
  EXPECT_EQ(error, "error: postBuild: Deployment web: 'spec.host': variable 'HOST' is not set, did you mean 'HOTS'?");
  const std::string broken = Render("postBuild: {substitute: {HOST: '[s3cret'}}");
  EXPECT_NE(broken.find("error: postBuild: Deployment web is no YAML any more"), std::string::npos) << broken;
  EXPECT_EQ(broken.find("s3cret"), std::string::npos);
  EXPECT_NE(Render("postBuild: {substitute: {a-b: x}}").find("'a-b' cannot be the name of a variable"), std::string::npos);
}

TEST(PostBuild, ObjectsMayOptOutOrChooseHowStrict) {
  const auto with = [](const std::string& annotation) {
    return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n    " + annotation + "\ndata:\n  k: <${NONE}>\n";
  };
  EXPECT_NE(Render("postBuild: {substitute: {A: b}}", with("kustomize.toolkit.fluxcd.io/substitute: disabled")).find("<${NONE}>"), std::string::npos);
  EXPECT_NE(Render("postBuild: {substitute: {A: b}}", with("plumb.dev/substitute: lenient")).find("k: <>"), std::string::npos);
  EXPECT_NE(Render("postBuild: {substitute: {A: b}, strict: false}", with("plumb.dev/substitute: strict")).find("'NONE' is not set"), std::string::npos);
}

}  // namespace
}  // namespace plumb::kustomize
