// Masking: a value never appears, a change always does.
#include "diff/mask.h"

#include "core/edit.h"
#include "diff/ignore.h"
#include "diff/present.h"
#include "tests/diff/pairs.h"

namespace plumb {
namespace {

using testing::Compare;
using testing::Yaml;

std::string Everything(const MaskedDiff& diff) {
  const std::span<const MaskedDiff> one(&diff, 1);
  return PresentText(one, {.unchanged = true, .ignored = true}) + PresentUnified(one) + WriteJson(*PresentJson(one)) +
         WriteJson(*diff->live) + WriteJson(*diff->desired);
}

TEST(Mask, SecretsShowThatTheyChangeAndNotWhat) {
  const ObjectDiff diff = Compare("{apiVersion: v1, kind: Secret, metadata: {name: db}, stringData: {user: hunter2-new, same: equal-value}}",
                                  "{apiVersion: v1, kind: Secret, metadata: {name: db}, data: {user: aHVudGVyMi1vbGQ=, same: ZXF1YWwtdmFsdWU=, more: b3RoZXI=}}");
  const MaskedDiff masked = Masker({.salt = "s"}).Mask(diff);
  ASSERT_EQ(masked->changes.size(), 1u);
  EXPECT_EQ(masked->changes[0].path.ToString(), "data.user");
  EXPECT_NE(masked->changes[0].old_value->AsString(), masked->changes[0].new_value->AsString());
  const std::string text = Everything(masked);
  for (const char* value : {"hunter2", "aHVudGVy", "ZXF1YW", "equal-value", "b3RoZXI"}) EXPECT_EQ(text.find(value), std::string::npos) << value << " in " << text;
}

TEST(Mask, MarkersAreEqualWithinARunAndMeaningBetweenRunsIsNone) {
  const Masker one, two, named({.salt = "s"});
  const Document a = testing::Json(R"("value")"), b = testing::Json(R"("other")");
  EXPECT_EQ(one.Marker(*a), one.Marker(*a));
  EXPECT_NE(one.Marker(*a), one.Marker(*b));
  EXPECT_EQ(one.Marker(*a), two.Marker(*a));
  EXPECT_NE(one.Marker(*a), named.Marker(*a)) << "salted";
  const Masker other({.salt = "t"});
  EXPECT_NE(other.Marker(*a), named.Marker(*a));
}

TEST(Mask, CopyInTheLastAppliedAnnotationToo) {
  const Document secret = Yaml(R"(
apiVersion: v1
kind: Secret
metadata: {name: db, annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"data":{"user":"aHVudGVyMg=="}}', note: plain}}
data: {user: aHVudGVyMg==}
)");
  const std::string text = WriteJson(*Masker().MaskObject(secret));
  EXPECT_EQ(text.find("aHVudGVy"), std::string::npos) << text;
  EXPECT_NE(text.find("plain"), std::string::npos);
}

TEST(Mask, DataThatIsNoMap) {
  for (const char* text : {"{apiVersion: v1, kind: Secret, data: hunter2}", "{apiVersion: v1, kind: Secret, data: [hunter2]}",
                           "{apiVersion: v1, kind: Secret, stringData: {a: {b: hunter2}}}"})
    EXPECT_EQ(WriteJson(*Masker().MaskObject(Yaml(text))).find("hunter2"), std::string::npos) << text;
}

TEST(Mask, VariablesWithSecretNamesAndFieldsOfTheUser) {
  MaskOptions options;
  options.fields = {*FieldPattern::Parse("spec.auth.key"), *FieldPattern::Parse("spec.users[*].hash")};
  const Document pod = Yaml(R"(
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  auth: {key: k-hunter2, name: visible}
  users: [{name: visible, hash: h-hunter2}]
  containers:
  - name: c
    env: [{name: DB_PASSWORD, value: p-hunter2}, {name: db_token, value: t-hunter2}, {name: MODE, value: visible-mode}]
)");
  const std::string text = WriteJson(*Masker(options).MaskObject(pod));
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  EXPECT_NE(text.find("visible-mode"), std::string::npos);
  EXPECT_TRUE(Masker({.env_names = {}}).MaskObject(pod)->SameAs(*pod)) << "nothing sensitive: the same document";
}

TEST(Mask, ChangedVariableOfAContainer) {
  const ObjectDiff diff = Compare(
      "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: i, env: [{name: TOKEN, value: new-hunter2}, {name: NEW_SECRET, value: x-hunter2}]}]}}",
      "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: i, env: [{name: TOKEN, value: old-hunter2}]}]}}");
  ASSERT_EQ(diff.changes.size(), 2u);
  EXPECT_EQ(Everything(Masker().Mask(diff)).find("hunter2"), std::string::npos) << Everything(Masker().Mask(diff));
}

TEST(Mask, TheSameSecretHasTheSameMarkerInDataStringDataAndVariables) {
  const Masker masker({.salt = "s"});
  const auto marker = [&](std::string_view yaml, std::initializer_list<std::string_view> keys) { return std::string(GetAt(*masker.MaskObject(Yaml(yaml)), keys).AsString()); };
  const std::string data = marker("{apiVersion: v1, kind: Secret, data: {a: aHVudGVyMg==}}", {"data", "a"});
  EXPECT_EQ(data, marker("{apiVersion: v1, kind: Secret, stringData: {a: hunter2}}", {"stringData", "a"}));
  EXPECT_EQ(data, marker("{apiVersion: v1, kind: Secret, data: {a: 'aHVu\n\ndGVyMg=='}}", {"data", "a"})) << "by its bytes";
  EXPECT_EQ(data, marker("{apiVersion: v1, kind: ConfigMap, data: {DB_PASSWORD: hunter2}}", {"data", "DB_PASSWORD"}));
  EXPECT_NE(data, marker("{apiVersion: v1, kind: Secret, stringData: {a: hunter3}}", {"stringData", "a"}));
}

TEST(Mask, MaskedTwiceStaysTheSame) {
  const Masker one({.salt = "a"}), two({.salt = "b"});
  const Document secret = Yaml("{apiVersion: v1, kind: Secret, data: {a: aHVudGVyMg==}}");
  EXPECT_EQ(WriteJson(*two.MaskObject(one.MaskObject(secret))), WriteJson(*one.MaskObject(secret)));
}

TEST(Mask, CredentialsWithinTexts) {
  const Masker masker({.salt = "s"});
  const std::pair<const char*, const char*> kCases[] = {
      // What stands in an object, and what of it must stay readable.
      {"--db-password=hunter2", "--db-password="},
      {"-Dspring.datasource.password=hunter2", "-Dspring.datasource.password="},
      {"postgres://user:hunter2@db:5432/shop?x=y", "@db:5432/shop?x=y"},
      {"host=db password='hunter2' sslmode=off", "sslmode=off"},
      {"{\"password\": \"hunter2\", \"user\": \"visible\"}", "visible"},
      {"user: visible\npassword: hunter2 hunter2\nmode: fast\n", "mode: fast"},
      {"API_TOKEN=hunter2,MODE=fast", "MODE=fast"},
      {"-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----", "(masked "},
  };
  for (const auto& [text, readable] : kCases) {
    const Document pod = BuildDocument([&, t = text](Arena& a) {
      return a.Map({{"apiVersion", a.String("v1")}, {"kind", a.String("Pod")}, {"spec", a.Map({{"containers", a.List({a.Map({{"args", a.List({a.String(t)})}})})}})}});
    });
    const std::string masked = WriteJson(*masker.MaskObject(pod));
    EXPECT_EQ(masked.find("hunter2"), std::string::npos) << text << " -> " << masked;
    EXPECT_NE(masked.find(readable), std::string::npos) << text << " -> " << masked;
  }
  for (const char* plain : {"--token-ttl", "--password=$(DB_PASSWORD)", "https://user@host/path", "image: web:1.2", "a=b", "${TOKEN}", "time 10:30:00"}) {
    const Document pod = BuildDocument([&](Arena& a) { return a.Map({{"kind", a.String("Pod")}, {"x", a.String(plain)}}); });
    EXPECT_TRUE(masker.MaskObject(pod)->SameAs(*pod)) << plain;
  }
}

TEST(Mask, WhatAServerQuotesOfAnObject) {
  const Document secret = Yaml("{apiVersion: v1, kind: Secret, data: {a: aHVudGVyMi1sb25n, short: YWI=}, stringData: {b: 'line \"hunter3\"'}}");
  const Document pod = Yaml("{apiVersion: v1, kind: Pod, spec: {containers: [{name: c, env: [{name: DB_PASSWORD, value: hunter2}, {name: MODE, value: visible}]}]}}");
  const Masker masker({.salt = "s"});
  const std::string text = masker.MaskText(
      R"(Job.batch "x" is invalid: [spec.template: Invalid value: {"env":[{"name":"DB_PASSWORD","value":"hunter2"},{"name":"MODE","value":"visible"}]}: field is immutable, )"
      R"(data[a]: Invalid value: "hunter2-long", data[b]: "line \"hunter3\"", aHVudGVyMg==, aHVudGVyMi1sb25n, ab])",
      {secret, pod});
  for (const char* value : {"hunter", "aHVudGVy"}) EXPECT_EQ(text.find(value), std::string::npos) << text;
  for (const char* said : {"field is immutable", "visible", "DB_PASSWORD", ", ab]", "(masked "}) EXPECT_NE(text.find(said), std::string::npos) << text;
  EXPECT_EQ(masker.MaskText("nothing of it", {pod, Document()}), "nothing of it");
}

TEST(Mask, ArgumentBehindAFlagAndFieldsByTheirName) {
  const std::string text = WriteJson(*Masker().MaskObject(Yaml(R"(
apiVersion: example.org/v1
kind: Database
spec:
  auth: {password: p-hunter2, passwordSecretRef: {name: visible-ref}, clientSecret: c-hunter2}
  validation: {openAPIV3Schema: {properties: {password: {type: visible-type}}}}
  args: [--password, a-hunter2, --mode, visible-mode]
)")));
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  for (const char* visible : {"visible-ref", "visible-type", "visible-mode"}) EXPECT_NE(text.find(visible), std::string::npos) << visible << text;
}

}  // namespace
}  // namespace plumb
