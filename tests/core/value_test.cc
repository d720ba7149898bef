// The document tree: building, sharing, equality, lookup.
#include "core/value.h"

#include <gtest/gtest.h>

#include "core/edit.h"
#include "core/json.h"

namespace plumb {
namespace {

Document Json(std::string_view text) {
  auto parsed = ParseJson(text);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message();
  return *parsed;
}

TEST(Value, EqualityIgnoresKeyOrderAndNumberSpelling) {
  EXPECT_TRUE(*Json(R"({"a":1,"b":[1,2]})") == *Json(R"({"b":[1,2.0],"a":1})"));
  EXPECT_EQ(Hash(*Json(R"({"a":1,"b":[1,2]})")), Hash(*Json(R"({"b":[1,2.0],"a":1})")));
  EXPECT_FALSE(*Json(R"({"a":null})") == *Json("{}")) << "null and absent differ in the tree";
  EXPECT_FALSE(*Json("[1,2]") == *Json("[2,1]"));
  EXPECT_FALSE(*Json("9007199254740993") == *Json("9007199254740992.0")) << "no rounding through double";
}

TEST(Value, BigMapsAreIndexed) {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i) text += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":" + std::to_string(i);
  const Document d = Json(text + "}");
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(d->Get("k" + std::to_string(i)).AsInt(), i);
  EXPECT_EQ(d->Find("k1000"), nullptr);
}

TEST(Value, CompactedIsTheSameTreeInExactlyTheMemoryItNeeds) {
  const char* const kTexts[] = {"null", "1.50", "\"\"", "[]", "{}", R"({"":{"":""}})",
                                R"({"metadata":{"name":"web","labels":{"app":"web","tier":"web"}},"spec":{"weights":[0.5,1e3,7],"name":null}})"};
  for (const char* text : kTexts) {
    const Document whole = Json(text), copy = Compacted(whole.root());
    EXPECT_EQ(WriteJson(*copy), WriteJson(*whole));
    EXPECT_TRUE(copy->is_scalar() || !copy->size() || !copy->SameAs(*whole)) << text;
  }
  std::string text = "{";
  for (int i = 0; i < 100; ++i) text += (i ? ",\"key-" : "\"key-") + std::to_string(i) + "\":\"the same value\"";
  const Document whole = Json(text + "}"), copy = Compacted(whole.root());
  EXPECT_EQ(WriteJson(*copy), text + "}");
  EXPECT_EQ(copy->Get("key-99").AsString(), "the same value") << "its index is there";
  EXPECT_EQ(copy.arena()->bytes(), 100 * (sizeof(Member) + sizeof(uint32_t)) + 590 + 14) << "equal texts once, no slack";
}

TEST(Edit, ChangedCopySharesTheRest) {
  const Document old = Json(R"({"metadata":{"name":"web"},"spec":{"replicas":1,"template":{"big":[1,2,3]}}})");
  const Document changed = BuildDocument([&](Arena& a) {
    return WithAt(a, a.Adopt(old), {"spec", "replicas"}, Arena::Int(3));
  });
  EXPECT_EQ(WriteJson(*changed), R"({"metadata":{"name":"web"},"spec":{"replicas":3,"template":{"big":[1,2,3]}}})");
  EXPECT_TRUE(changed->Get("metadata").SameAs(old->Get("metadata")));
  EXPECT_EQ(GetAt(*old, {"spec", "replicas"}).AsInt(), 1) << "the old tree is untouched";
}

}  // namespace
}  // namespace plumb
