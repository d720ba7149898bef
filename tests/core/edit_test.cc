// Changes to immutable trees: what is new is new, what was stays as it was, and odd paths change nothing.
#include "core/edit.h"

#include <gtest/gtest.h>

#include "core/json.h"

namespace plumb {
namespace {

class EditTree : public testing::Test {
 protected:
  Value Read(const std::string& json) { return arena_.Adopt(*ParseJson(json)); }
  Arena arena_;
};

TEST_F(EditTree, AKeyIsReplacedInPlaceOrAddedAtTheEnd) {
  const Value map = Read(R"({"a":1,"b":2})");
  EXPECT_EQ(WriteJson(With(arena_, map, "a", Arena::Int(9))), R"({"a":9,"b":2})");
  EXPECT_EQ(WriteJson(With(arena_, map, "c", Arena::Int(3))), R"({"a":1,"b":2,"c":3})");
  EXPECT_EQ(WriteJson(With(arena_, Value(), "a", Arena::Int(1))), R"({"a":1})") << "null counts as empty";
  EXPECT_EQ(WriteJson(map), R"({"a":1,"b":2})") << "the old tree is untouched";
}

TEST_F(EditTree, AKeyIsRemovedAndAnAbsentOneLeavesTheVeryValue) {
  const Value map = Read(R"({"a":1,"b":2})");
  EXPECT_EQ(WriteJson(Without(arena_, map, "a")), R"({"b":2})");
  EXPECT_EQ(WriteJson(Without(arena_, map, "z")), WriteJson(map));
  EXPECT_EQ(WriteJson(Without(arena_, Read("{\"a\":1}"), "a")), "{}");
}

TEST_F(EditTree, APathIsMadeWhereItIsAbsentAndNotThroughAScalar) {
  const struct { const char *before, *after; } kCases[] = {
      {R"({})", R"({"metadata":{"labels":{"a":"x"}}})"},
      {R"({"metadata":null})", R"({"metadata":{"labels":{"a":"x"}}})"},
      {R"({"metadata":{"labels":{"a":"old","b":"y"},"name":"n"}})", R"({"metadata":{"labels":{"a":"x","b":"y"},"name":"n"}})"},
      {R"({"metadata":"text"})", R"({"metadata":"text"})"},
      {R"({"metadata":{"labels":[1]}})", R"({"metadata":{"labels":[1]}})"},
  };
  for (const auto& c : kCases) EXPECT_EQ(WriteJson(WithAt(arena_, Read(c.before), {"metadata", "labels", "a"}, Arena::Borrow("x"))), c.after) << c.before;
}

TEST_F(EditTree, APathIsRemovedAndEmptiedMapsStay) {
  const struct { const char *before, *after; } kCases[] = {
      {R"({"metadata":{"labels":{"a":"x"}}})", R"({"metadata":{"labels":{}}})"},
      {R"({"metadata":{"labels":{"b":"x"}}})", R"({"metadata":{"labels":{"b":"x"}}})"},
      {R"({"metadata":{"labels":"text"}})", R"({"metadata":{"labels":"text"}})"},
      {R"({"spec":1})", R"({"spec":1})"},
  };
  for (const auto& c : kCases) EXPECT_EQ(WriteJson(WithoutAt(arena_, Read(c.before), {"metadata", "labels", "a"})), c.after) << c.before;
}

TEST_F(EditTree, AnExistingNullIsFoundAndAnAbsentNodeIsNot) {
  const Value root = Read(R"({"a":{"b":null}})");
  ASSERT_NE(FindAt(root, {"a", "b"}), nullptr);
  EXPECT_TRUE(FindAt(root, {"a", "b"})->is_null());
  EXPECT_EQ(FindAt(root, {"a", "c"}), nullptr);
  EXPECT_EQ(FindAt(root, {"a", "b", "c"}), nullptr);
  EXPECT_TRUE(GetAt(root, {"x", "y", "z"}).is_null());
}

}  // namespace
}  // namespace plumb
