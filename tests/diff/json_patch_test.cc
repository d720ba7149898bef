// JSON patch by the rules and examples of RFC 6902 and RFC 6901, and the API server's bounds.
#include "diff/json_patch.h"

#include "tests/diff/json.h"

namespace plumb {
namespace {

using testing::Json;

struct Case {
  const char *name, *document, *patch, *want;  // want: the result, or "!" and a part of the error
};

std::string Apply(const Case& c, const JsonPatchOptions& options = {}) {
  Arena arena;
  const Document document = Json(c.document), patch = Json(c.patch);
  auto result = ApplyJsonPatch(arena, arena.Adopt(document), arena.Adopt(patch), options);
  return result.ok() ? WriteJson(*result) : "!" + result.error().message();
}

void Check(std::span<const Case> cases, const JsonPatchOptions& options = {}) {
  for (const Case& c : cases) {
    const std::string got = Apply(c, options);
    if (c.want[0] == '!') EXPECT_TRUE(got.starts_with("!") && got.find(c.want + 1) != std::string::npos) << c.name << ": " << got;
    else EXPECT_EQ(got, c.want) << c.name;
  }
}

TEST(JsonPatch, Rfc6902AppendixA) {
  const Case cases[] = {
      {"A.1 add a member", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])", R"({"foo":"bar","baz":"qux"})"},
      {"A.2 add an item", R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])", R"({"foo":["bar","qux","baz"]})"},
      {"A.3 remove a member", R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
      {"A.4 remove an item", R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])", R"({"foo":["bar","baz"]})"},
      {"A.5 replace", R"({"baz":"qux","foo":"bar"})", R"([{"op":"replace","path":"/baz","value":"boo"}])", R"({"baz":"boo","foo":"bar"})"},
      {"A.6 move a value", R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
       R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])", R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
      {"A.7 move an item", R"({"foo":["all","grass","cows","eat"]})", R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
       R"({"foo":["all","cows","eat","grass"]})"},
      {"A.8 test that holds", R"({"baz":"qux","foo":["a",2,"c"]})",
       R"([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}])", R"({"baz":"qux","foo":["a",2,"c"]})"},
      {"A.9 test that fails", R"({"baz":"qux"})", R"([{"op":"test","path":"/baz","value":"bar"}])", "!operation 1 (test \"/baz\"): test failed"},
      {"A.10 add a nested object", R"({"foo":"bar"})", R"([{"op":"add","path":"/child","value":{"grandchild":{}}}])",
       R"({"foo":"bar","child":{"grandchild":{}}})"},
      {"A.11 unknown members are ignored", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux","xyz":123}])", R"({"foo":"bar","baz":"qux"})"},
      {"A.12 add below nothing", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz/bat","value":"qux"}])", "!there is no key \"baz\""},
      {"A.13 'op' twice: the last counts, as in Go, and there is nothing to remove", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux","op":"remove"}])",
       "!there is no key \"baz\""},
      {"A.14 ~ escapes", R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])", R"({"/":9,"~1":10})"},
      {"A.15 strings and numbers differ", R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":"10"}])", "!test failed"},
      {"A.16 append", R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])", R"({"foo":["bar",["abc","def"]]})"},
  };
  Check(cases);
}

TEST(JsonPatch, OddCases) {
  const Case cases[] = {
      {"add replaces a member", R"({"a":1})", R"([{"op":"add","path":"/a","value":null}])", R"({"a":null})"},
      {"add at the root replaces all", R"({"a":1})", R"([{"op":"add","path":"","value":[1]}])", "[1]"},
      {"replace the root", "1", R"([{"op":"replace","path":"","value":{"a":1}}])", R"({"a":1})"},
      {"a key may be empty", R"({})", R"([{"op":"add","path":"/","value":1}])", R"({"":1})"},
      {"numbers compare by value", R"({"a":1})", R"([{"op":"test","path":"/a","value":1.0}])", R"({"a":1})"},
      {"test ignores the order of keys", R"({"a":{"x":1,"y":2}})", R"([{"op":"test","path":"/a","value":{"y":2,"x":1}}])", R"({"a":{"x":1,"y":2}})"},
      {"a later edit sees an earlier one", R"({"a":[1]})",
       R"([{"op":"add","path":"/a/0","value":0},{"op":"copy","from":"/a","path":"/b"},{"op":"remove","path":"/a/1"}])", R"({"a":[0],"b":[0,1]})"},
      {"copy is a copy", R"({"a":{"x":1}})", R"([{"op":"copy","from":"/a","path":"/b"},{"op":"replace","path":"/b/x","value":2}])",
       R"({"a":{"x":1},"b":{"x":2}})"},
      {"move to the same place", R"({"a":1})", R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":1})"},
      {"index one past the end", R"([1])", R"([{"op":"add","path":"/1","value":2}])", "[1,2]"},
      {"index beyond", R"([1])", R"([{"op":"add","path":"/2","value":2}])", "!index 2 is outside a list of 1 items"},
      {"leading zero", R"([1,2])", R"([{"op":"remove","path":"/01"}])", "!\"01\" is no index"},
      {"negative index", R"([1,2])", R"([{"op":"remove","path":"/-1"}])", "!\"-1\" is no index"},
      {"huge index", R"([1])", R"([{"op":"remove","path":"/99999999999999999999"}])", "!is no index"},
      {"remove at -", R"([1])", R"([{"op":"remove","path":"/-"}])", "!nothing is"},
      {"look inside a string", R"({"a":"x"})", R"([{"op":"remove","path":"/a/0"}])", "!looks inside a string"},
      {"remove what is absent", R"({"a":1})", R"([{"op":"add","path":"/b","value":1},{"op":"remove","path":"/c"}])",
       "!operation 2 (remove \"/c\"): there is no key \"c\""},
      {"move into itself", R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":"/a/b/c"}])", "!cannot be moved into itself"},
      {"pointer without slash", R"({"a":1})", R"([{"op":"remove","path":"a"}])", "!must begin with '/'"},
      {"pointer with a bare ~", R"({"a":1})", R"([{"op":"remove","path":"/~"}])", "!write '~' as \"~0\""},
      {"no value", R"({"a":1})", R"([{"op":"add","path":"/b"}])", "!'value' is missing"},
      {"no path", R"({"a":1})", R"([{"op":"remove"}])", "!'path' is missing"},
      {"no op", R"({"a":1})", R"([{"path":"/a"}])", "!'op' is missing"},
      {"unknown op", R"({"a":1})", R"([{"op":"spam","path":"/a"}])", "!unknown 'op' \"spam\""},
      {"not a list", R"({"a":1})", R"({"op":"remove","path":"/a"})", "!a list of operations, not a map"},
      {"operation not a map", R"({"a":1})", R"([1])", "!operation 1: expected a map, found a integer"},
  };
  Check(cases);
}

TEST(JsonPatch, KubernetesAcceptsNegativeIndicesAndAbsentAsNull) {
  const Case cases[] = {
      {"last", R"([1,2,3])", R"([{"op":"remove","path":"/-1"}])", "[1,2]"},
      {"insert before the last", R"([1,2])", R"([{"op":"add","path":"/-1","value":9}])", "[1,2,9]"},
      {"too far", R"([1])", R"([{"op":"remove","path":"/-2"}])", "!index -2 is outside a list of 1 items"},
      {"absent is null", R"({"a":1})", R"([{"op":"test","path":"/b","value":null}])", R"({"a":1})"},
  };
  Check(cases, JsonPatchOptions::Kubernetes());
}

TEST(JsonPatch, BoundsHold) {
  const Case copies = {"doubling", R"({"a":["0123456789","0123456789"]})",
                       R"([{"op":"copy","from":"/a","path":"/a/-"},{"op":"copy","from":"/a","path":"/a/-"}])", ""};
  EXPECT_NE(Apply(copies, {.copied_bytes = 60}).find("larger than 60 bytes"), std::string::npos);
  const Case two = {"two", "{}", R"([{"op":"add","path":"/a","value":1},{"op":"add","path":"/b","value":1}])", ""};
  EXPECT_NE(Apply(two, {.operations = 1}).find("at most 1"), std::string::npos);
  std::string deep = "[";
  for (int i = 0; i < 40; ++i)
    deep += R"({"op":"add","path":"/b","value":{}},{"op":"move","from":"/a","path":"/b/a"},{"op":"move","from":"/b","path":"/a"},)";
  deep += R"({"op":"test","path":"/b","value":1}])";
  EXPECT_NE(Apply({"deep", R"({"a":1})", deep.c_str(), ""}, {.depth = 30}).find("deeper than 30"), std::string::npos);
}

TEST(JsonPatch, LeavesTheOldTreeAndSharesWhatItDidNotTouch) {
  const Document document = Json(R"({"a":{"x":1},"b":{"big":[1,2,3]}})"), patch = Json(R"([{"op":"replace","path":"/a/x","value":2}])");
  Arena arena;
  const Value result = *ApplyJsonPatch(arena, arena.Adopt(document), arena.Adopt(patch));
  EXPECT_TRUE(result.Get("b").SameAs(document->Get("b")));
  EXPECT_EQ(WriteJson(*document), R"({"a":{"x":1},"b":{"big":[1,2,3]}})");
}

TEST(JsonPointer, Rfc6901Section5) {
  const struct { const char* pointer; std::vector<std::string> want; } cases[] = {
      {"", {}}, {"/foo", {"foo"}}, {"/foo/0", {"foo", "0"}}, {"/", {""}}, {"/a~1b", {"a/b"}},
      {"/m~0n", {"m~n"}}, {"/~01", {"~1"}}, {"//", {"", ""}},
  };
  for (const auto& c : cases) EXPECT_EQ(*ParseJsonPointer(c.pointer), c.want) << c.pointer;
  EXPECT_EQ(EscapeJsonPointer("a/b~c"), "a~1b~0c");
}

}  // namespace
}  // namespace plumb
