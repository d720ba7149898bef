// Masking: a value never appears, a change always does.
#include "diff/mask.h"

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
  const Masker one, two;
  const Document a = testing::Json(R"("value")"), b = testing::Json(R"("other")");
  EXPECT_EQ(one.Marker(*a), one.Marker(*a));
  EXPECT_NE(one.Marker(*a), one.Marker(*b));
  EXPECT_NE(one.Marker(*a), two.Marker(*a)) << "salted";
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
  options.fields = {*FieldPath::Parse("spec.auth.key"), *FieldPath::Parse("spec.users[=\"*\"].hash")};
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

}  // namespace
}  // namespace plumb
