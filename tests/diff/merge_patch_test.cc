// JSON merge patch: the cases of RFC 7386 (kubectl's three-way form is replayed by tests/conformance).
#include "diff/merge_patch.h"

#include "tests/diff/json.h"

namespace plumb {
namespace {

using testing::Json;

TEST(MergePatch, Rfc7386AppendixA) {
  const struct { const char *target, *patch, *want; } cases[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", R"(null)", R"(null)"},
      {R"({"a":"foo"})", R"("bar")", R"("bar")"},
      {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
      {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const auto& c : cases) {
    Arena arena;
    const Document target = Json(c.target), patch = Json(c.patch);
    EXPECT_EQ(WriteJson(ApplyMergePatch(arena, *target, *patch)), c.want) << c.target << " with " << c.patch;
  }
}

TEST(MergePatch, TheDifferenceAppliedGivesTheNewDocument) {
  const char* documents[] = {
      R"({})", R"({"a":1})", R"({"a":{"b":1,"c":[1,{"d":2}]}})", R"({"a":{"b":2},"e":"f"})", R"({"a":[1],"e":{}})", R"({"a":{"c":[1,{"d":3}]}})",
  };
  for (const char* from : documents)
    for (const char* to : documents) {
      Arena arena;
      const Document a = Json(from), b = Json(to);
      const Value patch = DiffMergePatch(arena, *a, *b);
      EXPECT_TRUE(ApplyMergePatch(arena, *a, patch) == *b) << from << " to " << to << " by " << WriteJson(patch);
      EXPECT_EQ(patch.empty(), std::string_view(from) == to) << "equal documents need no patch";
    }
}

TEST(MergePatch, UnchangedPartsAreShared) {
  const Document target = Json(R"({"a":{"big":[1,2,3]},"b":1})"), patch = Json(R"({"b":2})");
  Arena arena;
  EXPECT_TRUE(ApplyMergePatch(arena, *target, *patch).Get("a").SameAs(target->Get("a")));
}

TEST(MergePatch, ThreeWayTakesAwayOnlyWhatWasAppliedBefore) {
  Arena arena;
  const Document original = Json(R"({"a":1,"b":1})"), modified = Json(R"({"a":2})"), current = Json(R"({"a":1,"b":1,"live":1})");
  EXPECT_EQ(WriteJson(ThreeWayMergePatch(arena, *original, *modified, *current)), R"({"b":null,"a":2})");
}

}  // namespace
}  // namespace plumb
