#include "diff/field_set.h"

#include <gtest/gtest.h>

#include "diff/embedded_schema.h"
#include "tests/diff/json.h"

namespace plumb {
namespace {

class FieldSetTest : public ::testing::Test {
 protected:
  FieldSet Set(std::string_view json) {
    Result<FieldSet> set = ParseFieldSet(arena_, json);
    EXPECT_TRUE(set.ok()) << json;
    return set.ok() ? *set : FieldSet();
  }

  Arena arena_;
};

TEST_F(FieldSetTest, WritesTheCanonicalForm) {
  const struct {
    const char* in;
    const char* out;
  } kCases[] = {
      {R"({ "v:1" : {}, "k:{\"b\":1,\"a\":\"x\"}":{}, "f:z":{}, "f:a":{".":{},"f:b":{}}, "i:0":{}})",
       R"({"f:a":{".":{},"f:b":{}},"f:z":{},"k:{\"a\":\"x\",\"b\":1}":{},"v:1":{},"i:0":{}})"},
      {R"({"f:a":{".":{}}})", R"({"f:a":{}})"},
      {R"({"x:future":{"f:b":{}},"f:a":{}})", R"({"f:a":{}})"},
      {R"({"k:{\"n\": \"x\"}":{"f:a":{}},"k:{\"n\":\"x\"}":{"f:b":{}}})", R"({"k:{\"n\":\"x\"}":{"f:a":{},"f:b":{}}})"},
      {R"({"v:\"b\"":{},"v:true":{},"v:2.0":{},"v:1":{},"v:null":{}})", R"({"v:1":{},"v:2.0":{},"v:\"b\"":{},"v:true":{},"v:null":{}})"},
      {R"({"k:{\"n\":\"ünïcödé\"}":{}})", R"({"k:{\"n\":\"ünïcödé\"}":{}})"},
      {"null", "{}"},
  };
  for (const auto& c : kCases) EXPECT_EQ(SerializeFieldSet(Set(c.in)), c.out) << c.in;
}

TEST_F(FieldSetTest, RefusesWhatServersRefuse) {
  for (const char* json : {"1", "[]", R"({"f":{}})", R"({"k:1":{}})", R"({"k:{":{}})", R"({"i:x":{}})", R"({"f:a":1})", R"({"v:":{}})"})
    EXPECT_FALSE(ParseFieldSet(arena_, json).ok()) << json;
}

TEST_F(FieldSetTest, AMemberDoesNotTakeAwayWhatIsBelow) {
  const FieldSet a = Set(R"({"f:a":{".":{},"f:b":{}},"f:c":{}})"), b = Set(R"({"f:a":{}})");
  EXPECT_EQ(SerializeFieldSet(Difference(arena_, a, b)), R"({"f:a":{"f:b":{}},"f:c":{}})");
  EXPECT_EQ(SerializeFieldSet(RecursiveDifference(arena_, a, b)), R"({"f:c":{}})");
}

TEST_F(FieldSetTest, NamedParentsAreDeclaredFieldsOnly) {
  const Type* type = EmbeddedSchema()->Find({"apps", "v1", "Deployment"});
  const FieldSet set = Set(R"({"f:metadata":{"f:labels":{"f:a":{}}},"f:spec":{"f:template":{"f:spec":{"f:containers":)"
                           R"({"k:{\"name\":\"c\"}":{"f:image":{}}}}}}})");
  EXPECT_EQ(SerializeFieldSet(WithNamedParents(arena_, set, type)),
            R"({"f:metadata":{".":{},"f:labels":{".":{},"f:a":{}}},"f:spec":{".":{},"f:template":{".":{},"f:spec":{".":{},)"
            R"("f:containers":{".":{},"k:{\"name\":\"c\"}":{"f:image":{}}}}}}})");
}

TEST_F(FieldSetTest, PartsOfAtomicsBecomeTheWhole) {
  const Type* type = EmbeddedSchema()->Find({"apps", "v1", "Deployment"});
  const FieldSet set = Set(R"({"f:spec":{"f:replicas":{},"f:selector":{"f:matchLabels":{"f:a":{}}}}})");
  EXPECT_EQ(SerializeFieldSet(WithoutPartsOfAtomics(arena_, set, type)), R"({"f:spec":{"f:replicas":{},"f:selector":{}}})");
  const FieldSet whole = Set(R"({"f:spec":{"f:selector":{}}})");
  EXPECT_TRUE(WithoutPartsOfAtomics(arena_, whole, type).SharesNodesWith(whole)) << "nothing to change";
}

TEST_F(FieldSetTest, PathsAndSetsAreTheSame) {
  std::vector<FieldPath> paths;
  for (const char* text : {"a.b", "list[name=x,port=80].c", "list[name=x,port=80]", "set[=v]", "i[3]"}) paths.push_back(*FieldPath::Parse(text));
  const FieldSet set = FieldSetOf(arena_, paths);
  std::vector<std::string> members;
  ForEachMember(set, [&](const FieldPath& path) { members.push_back(path.ToString()); });
  EXPECT_EQ(members, (std::vector<std::string>{"a.b", "i[3]", "list[name=x,port=80]", "list[name=x,port=80].c", "set[=v]"}));
  EXPECT_EQ(set.CountMembers(), 5u);
}

}  // namespace
}  // namespace plumb
