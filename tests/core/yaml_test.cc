// YAML: scalars, keys, merges, aliases, duplicate keys, streams, errors and their places.
#include "core/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"

namespace plumb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// The JSON of the only document, or the error.
std::string Parse(std::string_view text, YamlDialect dialect = YamlDialect::kKubernetes) {
  const auto parsed = ParseYamlOne(text, {.dialect = dialect});
  return parsed.ok() ? WriteJson(**parsed) : parsed.error().message();
}
std::string ParseKyaml(std::string_view text) { return Parse(text, YamlDialect::kKyaml); }

TEST(Yaml, ScalarsResolveAsKubernetesDoes) {
  const struct {
    std::string_view text, json;
  } kCases[] = {
      {"~", "null"}, {"null", "null"}, {"Null", "null"}, {"NULL", "null"}, {"", "null"}, {"nULL", "\"nULL\""},
      {"yes", "true"}, {"No", "false"}, {"on", "true"}, {"OFF", "false"}, {"y", "true"}, {"N", "false"},
      {"true", "true"}, {"FALSE", "false"}, {"tRue", "\"tRue\""}, {"yEs", "\"yEs\""},
      {"007", "7"}, {"010", "8"}, {"0o10", "8"}, {"0777", "511"}, {"08", "8"}, {"0999", "999"}, {"-010", "-8"},
      {"0x1F", "31"}, {"0X1f", "31"}, {"0b101", "5"}, {"-0b11", "-3"}, {"0b-11", "-3"}, {"+0x10", "16"},
      {"0x", "\"0x\""}, {"0b", "\"0b\""}, {"0o", "\"0o\""}, {"0xg", "\"0xg\""}, {"0o-7", "\"0o-7\""},
      {"1_000", "1000"}, {"1__0", "10"}, {"1_", "1"}, {"0_7", "7"}, {"_1", "\"_1\""}, {"+", "\"+\""}, {"-0", "0"},
      {"1e3", "1000"}, {"1E3", "1000"}, {"1e+3", "1000"}, {"1e", "\"1e\""}, {"e1", "\"e1\""}, {"1e400", "\"1e400\""},
      {"1e-400", "0"}, {"1.", "1"}, {".5", "0.5"}, {"+.5", "0.5"}, {"1_0.5", "10.5"}, {".5_0", "0.5"}, {"._5", "\"._5\""}, {".5_", "\".5_\""}, {".", "\".\""},
      {"1.50", "1.5"}, {"1e21", "1e+21"}, {"inf", "\"inf\""}, {"nan", "\"nan\""},
      {"1:30", "\"1:30\""}, {"190:20:30", "\"190:20:30\""}, {"2001-01-01", "\"2001-01-01\""}, {"2001-1-1", "\"2001-1-1\""},
      {"=", "\"=\""}, {"<<", "\"<<\""},
      {"9223372036854775807", "9223372036854775807"}, {"9223372036854775808", "9223372036854775808"},
      {"-9223372036854775808", "-9223372036854775808"}, {"18446744073709551615", "18446744073709551615"},
      {"18446744073709551616", "18446744073709552000"}, {"-9223372036854775809", "-9223372036854775808"},
      {"!!str 5", "\"5\""}, {"!!int \"5\"", "5"}, {"!!float 5", "5"}, {"!!binary aGk=", "\"hi\""}, {"!foo bar", "\"bar\""},
      {"! 12", "\"12\""}, {"\"5\"", "\"5\""}, {"'yes'", "\"yes\""}, {"!!bool yes", "true"}, {"!!null ''", "null"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Parse("a: " + std::string(c.text)), "{\"a\":" + std::string(c.json) + "}") << c.text;
}

TEST(Yaml, KyamlKnowsOnlyTrueAndFalseAndTurnsTimestampsIntoTimes) {
  const struct {
    std::string_view text, json;
  } kCases[] = {
      {"yes", "\"yes\""}, {"on", "\"on\""}, {"n", "\"n\""}, {"True", "true"}, {"010", "8"}, {"0o10", "8"}, {"0o-7", "-7"}, {"! 12", "12"}, {"! '12'", "\"12\""},
      {"2001-01-01", "\"2001-01-01T00:00:00Z\""},
      {"2001-12-14 21:59:43.10", "\"2001-12-14T21:59:43.1Z\""},
      {"2001-1-2T3:4:5+01:00", "\"2001-01-02T03:04:05+01:00\""},
      {"2001-02-29", "\"2001-02-29\""},
  };
  for (const auto& c : kCases) EXPECT_EQ(ParseKyaml("a: " + std::string(c.text)), "{\"a\":" + std::string(c.json) + "}") << c.text;
}

TEST(Yaml, RewritesFoldedScalarsWhereAskedTo) {
  const struct {
    std::string_view text, want;
  } kCases[] = {
      {">\n  a\n  b\n", "a b\n"},                    // nothing to lose
      {">\n  a\n\n  b\n", "a\nb\n"},                 //
      {">\n  a\n\n    b\n  c\n", "a\n\n\n  b\nc\n"},  // a line that is indented more: one empty line is added
      {">-\n  a\n    b", "a\n\n  b"},                 //
      {">+\n  a\n\n", "a\n\n\n"},                     // kept line breaks: one more
      {">2\n   a\n  b\n  c\n", " a\nb c\n"},          // begins with a space
  };
  for (const auto& c : kCases) {
    const auto document = ParseYamlOne("a: " + std::string(c.text), {.dialect = YamlDialect::kKyaml, .rewrite_folded = true});
    ASSERT_TRUE(document.ok()) << c.text;
    EXPECT_EQ(document->root().GetString("a"), c.want) << c.text;
  }
}

TEST(Yaml, KyamlTellsNullsLeftOutFromNullsSpelledOut) {
  const auto document = ParseYamlOne("bare:\nword: null\ntilde: ~\n", {.dialect = YamlDialect::kKyaml});
  ASSERT_TRUE(document.ok());
  EXPECT_TRUE(document->root().Get("bare").is_bare_null());
  EXPECT_FALSE(document->root().Get("word").is_bare_null());
  EXPECT_FALSE(document->root().Get("tilde").is_bare_null());
  EXPECT_TRUE(document->root().Get("bare") == document->root().Get("word"));
}

TEST(Yaml, KeysBecomeStrings) {
  EXPECT_EQ(Parse("{1: a, 0x10: b, y: c, 1.5: d, 1e7: e, .inf: f}"), R"({"1":"a","16":"b","true":"c","1.5":"d","1e+07":"e",".inf":"f"})");
  EXPECT_EQ(Parse("~: a"), "1:1: a key cannot be null; quote it if a string is meant");
  EXPECT_THAT(Parse("{{ .Values.x }}: y"), StartsWith("1:1: a key must be a plain value"));
  EXPECT_EQ(ParseKyaml("a: {1: b}"), "1:5: the key '1' is not a string; quote it");
}

TEST(Yaml, MergeKeys) {
  constexpr std::string_view kBefore = "b: &b {x: 1, y: 2}\nc: {<<: *b, x: 3}\n";
  constexpr std::string_view kAfter = "b: &b {x: 1, y: 2}\nc: {x: 3, <<: *b}\n";
  EXPECT_EQ(Parse(kBefore), R"({"b":{"x":1,"true":2},"c":{"x":3,"true":2}})");
  EXPECT_EQ(Parse(kAfter), R"({"b":{"x":1,"true":2},"c":{"x":1,"true":2}})") << "go-yaml v2 sets keys in their order";
  EXPECT_EQ(ParseKyaml(kAfter), R"({"b":{"x":1,"y":2},"c":{"x":3,"y":2}})") << "v3 lets explicit keys win";
  EXPECT_EQ(Parse("- &a {k: 1}\n- &b {k: 2, l: 2}\n- {<<: [*a, *b]}\n"), R"([{"k":1},{"k":2,"l":2},{"k":1,"l":2}])");
  EXPECT_THAT(Parse("<<: 5"), HasSubstr("1:5: expected a map"));
  EXPECT_EQ(Parse("'<<': 5"), R"({"<<":5})") << "a quoted << is a key like any other";
}

TEST(Yaml, AnchorsAndAliases) {
  EXPECT_EQ(Parse("a: &x [1, &y 2]\nb: *x\nc: *y\n*y : d\n"), R"({"a":[1,2],"b":[1,2],"c":2,"2":"d"})");
  EXPECT_EQ(Parse("a: &x 1\nb: &x 2\nc: *x"), R"({"a":1,"b":2,"c":2})");
  EXPECT_EQ(Parse("a: *x"), "1:4: unknown anchor 'x'; an alias needs an earlier '&x'");
  EXPECT_EQ(Parse("a: &x [*x]"), "1:8: the value of anchor 'x' contains itself");
}

// A text is one node, however long it is: what it comes to where aliases repeat it is bounded as the input is.
TEST(Yaml, LongTextsAreNotRepeatedWithoutEnd) {
  std::string text = "a: &x '" + std::string(1000, 'x') + "'\nb: &y [*x, *x, *x]\nc: [";
  for (int i = 0; i < 40; ++i) text += i == 0 ? "*y" : ", *y";
  text += "]\n";
  EXPECT_TRUE(ParseYaml(text, {.bytes = 125'000}).ok());
  const auto refused = ParseYaml(text, {.bytes = 100'000});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::kLimit);
  EXPECT_THAT(refused.error().message(), HasSubstr("3:129: the document has more than 100000 bytes of text where its aliases are written out"));
}

TEST(Yaml, LastOfRepeatedKeysWinsWithAWarning) {
  const auto documents = ParseYaml("spec:\n  a: 1\n  b: 2\n  a: 3\n");
  ASSERT_TRUE(documents.ok());
  EXPECT_EQ(WriteJson(*(*documents)[0].value), R"({"spec":{"a":3,"b":2}})");
  EXPECT_THAT((*documents)[0].warnings, ElementsAre("line 4: key 'a' given twice; the last one counts"));
  const auto json = ParseYaml("{\"a\": 1,\n \"a\": 2}");
  ASSERT_TRUE(json.ok());
  EXPECT_THAT((*json)[0].warnings, ElementsAre("line 2: key 'a' given twice; the last one counts"));

  const auto refused = ParseYaml("a: 1\na: 2\n", {.refuse_duplicate_keys = true});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message(), "2:1: key 'a' given twice; the first is on line 1");
  EXPECT_EQ(ParseKyaml("a: 1\na: 2\n"), "2:1: key 'a' given twice; the first is on line 1");
}

TEST(Yaml, StreamsSkipEmptyDocuments) {
  const auto documents = ParseYaml("# only a comment\n---\n---\na: 1\n---\n# nothing\n--- null\n---\n\nb: 2\n...\n");
  ASSERT_TRUE(documents.ok());
  ASSERT_EQ(documents->size(), 2u);
  EXPECT_EQ((*documents)[0].line, 4);
  EXPECT_EQ((*documents)[1].line, 10);
  EXPECT_EQ(WriteJson(*(*documents)[1].value), R"({"b":2})");
  EXPECT_EQ(Parse(""), "null");
  EXPECT_EQ(Parse("a: 1\n---\nb: 2\n"), "3:1: expected one document, found 2");
}

TEST(Yaml, EncodingsWithAByteOrderMark) {
  EXPECT_EQ(Parse("\xEF\xBB\xBF" "a: 1"), R"({"a":1})");
  EXPECT_EQ(Parse(std::string_view("\xFF\xFE" "a\0:\0 \0\xE4\0", 10)), R"({"a":"ä"})") << "UTF-16, little endian";
  EXPECT_EQ(Parse(std::string_view("\xFE\xFF" "\0a\0:\0 \0\xE4", 10)), R"({"a":"ä"})") << "UTF-16, big endian";
}

TEST(Yaml, IntegersAboveInt64KeepTheirDigits) {
  EXPECT_EQ(WriteYaml(ParseYamlOne("[12345678901234567890, 0xFFFFFFFFFFFFFFFF, 1e19]", {})->root()), "- 12345678901234567890\n- 18446744073709551615\n- 10000000000000000000\n");
}

// go-yaml's writer looks for the mark at the start of the text, whatever character it is at.
TEST(Yaml, ATextThatBeginsWithAByteOrderMarkIsWrittenAllEscaped) {
  EXPECT_EQ(WriteYaml(ParseYamlOne(R"(a: "\uFEFFbom \u00fc\n")", {})->root()), "a: \"\\uFEFF\\x62\\x6F\\x6D\\x20\\xFC\\n\"\n");
  EXPECT_EQ(WriteYaml(ParseYamlOne(R"(["\uFEFF", "a\uFEFFb", "\uFEFF\u2603\U0001F600\t"])", {})->root()), "- \"\\uFEFF\"\n- \"a\\uFEFFb\"\n- \"\\uFEFF\\u2603\\U0001F600\\t\"\n");
}

TEST(Yaml, AKeyThatLooksLikeAMergeIsReadBack) {
  const std::string_view text = "\"<<\": \"yes\"\napp: web\nwhat: <<\n";
  const auto tree = ParseYamlOne(R"({"<<": 'yes', app: web, what: "<<"})", {});
  ASSERT_TRUE(tree.ok());
  EXPECT_EQ(WriteYaml(tree->root()), text);
  const auto again = ParseYamlOne(text, {});
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(again->root(), tree->root());
}

TEST(Yaml, ErrorsSayWhereAndWhatToDo) {
  const struct {
    std::string_view text, error;
  } kCases[] = {
      {"a: 1\n b: 2\n", "2:3: found ': ' inside a value; quote the value, or check the indentation"},
      {"a: b: c", "1:5: found ': ' inside a value; quote the value, or check the indentation"},
      {"a:\n\tb: 1", "2:1: found a tab where only spaces may indent; replace it by spaces"},
      {"a: @x", "1:4: a plain value cannot start with this character; quote it"},
      {"a: 'x\nb: 1\n", "3:1: the text ends inside a quoted value; its closing quote is missing (while scanning a quoted scalar, line 1)"},
      {"a: 1\nb: \"x\xFF\"", "2:6: not UTF-8 text: invalid leading UTF-8 octet (byte 0xFF)"},
      {"a: x\x01", "1:5: found the control character U+0001; write it as an escape in double quotes"},
      {"a: .nan", "1:4: the number '.nan' has no form in JSON; quote it if a string is meant"},
      {"a: !!int x", "1:4: 'x' is tagged !!int but reads as !!str"},
      {"%YAML 1.2\n---\na: 1", "1:1: the document asks for YAML 1.2, but Kubernetes reads YAML 1.1; remove the %YAML line"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Parse(c.text), c.error) << c.text;
}

TEST(Yaml, EverythingIsBounded) {
  auto code = [](std::string_view text, const YamlOptions& options = {}) {
    const auto parsed = ParseYaml(text, options);
    return parsed.ok() ? std::string("ok") : std::string(CodeName(parsed.error().code())) + " " + parsed.error().message();
  };
  EXPECT_EQ(code("abc", {.bytes = 2}), "limit exceeded YAML of 3 bytes; at most 2 are read");
  EXPECT_EQ(code(std::string(2000, '[') + std::string(2000, ']')), "limit exceeded 1:501: nested more than 500 deep");
  std::string block;
  for (int i = 0; i < 2000; ++i) block += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_EQ(code(block), "limit exceeded 501:501: nested more than 500 deep");
  EXPECT_EQ(code("[1, 2, 3]", {.nodes = 4}), "limit exceeded 1:8: the document has more than 4 values");
  EXPECT_EQ(code("--- 1\n--- 2\n--- 3\n", {.documents = 2}), "limit exceeded 3:1: more than 2 documents");

  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string item = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + item;
    for (int j = 1; j < 9; ++j) bomb += ", " + item;
    bomb += "]\n";
  }
  EXPECT_THAT(code(bomb), StartsWith("limit exceeded 4:25: the document consists of aliases"));

  std::string tower = "a0: &a0 " + std::string(300, '[') + std::string(300, ']') + "\n";
  EXPECT_THAT(code(tower + "b: " + std::string(300, '[') + "*a0" + std::string(300, ']')), HasSubstr("nested more than 500 deep"))
      << "aliases cannot make a deeper tree than text can";
}

// Texts of this size must take about as long as any other of their size.
TEST(Yaml, HostileTextsOfTenMegabytes) {
  const auto repeat = [](std::string_view part, size_t bytes = 10u << 20) {
    std::string text;
    while (text.size() < bytes) text += part;
    return text;
  };
  const auto outcome = [](std::string_view text) {
    const auto parsed = ParseYaml(text);
    return parsed.ok() ? std::to_string(parsed->size()) + " documents" : parsed.error().message();
  };
  EXPECT_EQ(outcome("a: " + repeat("word ")), "1 documents");
  EXPECT_EQ(outcome("a: \"" + repeat("\\n") + "\""), "1 documents");
  EXPECT_EQ(outcome("{a: [" + repeat("{x: 1}, ") + "null]}"), "1 documents");
  EXPECT_EQ(outcome(std::string(10u << 20, '1')), "1 documents") << "a number of ten million digits is a string";
  EXPECT_THAT(outcome("{\"a\": [" + repeat("{\"x\": 1},") + "null}"), HasSubstr("expected ',' or ']'"));
  EXPECT_THAT(outcome(std::string(499, '[') + repeat("1,") + std::string(499, ']')), HasSubstr("nested too deeply for so large a text"));
  EXPECT_THAT(outcome(repeat("--- a\n")), HasSubstr("more than 100000 documents"));
  std::string tags;
  for (int i = 0; i < 100'000; ++i) tags += "%TAG !e" + std::to_string(i) + "! tag:x,2000:\n";
  EXPECT_EQ(outcome(tags + "---\na: 1"), "more than 1000 lines of YAML begin with %TAG");
  const auto repeated = ParseYaml(repeat("k: 1\n", 100'000));
  ASSERT_TRUE(repeated.ok());
  EXPECT_EQ((*repeated)[0].warnings.size(), 100u);
}

TEST(Yaml, LocateFindsValuesAndKeys) {
  constexpr std::string_view kText = "# empty\n---\na: 1\n---\nspec:\n  list:\n  - name: x\n    port: 80\n  - {name: y, port: 81}\n";
  const auto at = [&](const std::vector<std::string>& path, YamlPlace place = YamlPlace::kValue) {
    const Position p = LocateYaml(kText, 1, path, place);
    return std::to_string(p.line) + ":" + std::to_string(p.column);
  };
  EXPECT_EQ(at({}), "5:1");
  EXPECT_EQ(at({"spec", "list", "0", "port"}), "8:11");
  EXPECT_EQ(at({"spec", "list", "0", "port"}, YamlPlace::kKey), "8:5");
  EXPECT_EQ(at({"spec", "list", "1", "port"}), "9:21");
  EXPECT_EQ(at({"spec", "list", "7"}), "6:3") << "where the deepest known part begins";
  EXPECT_EQ(LocateYaml(kText, 9, {}).line, 0);
}

// For whoever changes scalars as text: their spelling and whether they were quoted is kept beside their value.
TEST(Yaml, ScalarsCanBeKeptAsTheyWereWritten) {
  const auto document = ParseYamlOne("i: 0x1F\nb: True\nn: ~\nf: 1.50\nd: 2001-01-01\ninf: .inf\nq: 'a'\np: a\nplain: 31\nl: |\n  x\nbare:\nflow: {bare: }\ntwice: {a: 1, a: 2}\n",
                                     {.dialect = YamlDialect::kKyaml, .as_written = true});
  ASSERT_TRUE(document.ok()) << document.error().message();
  const Value v = document->root();
  const struct {
    const char *key, *spelling;
    Kind kind;
  } kSpelled[] = {{"i", "0x1F", Kind::kInt}, {"b", "True", Kind::kBool}, {"n", "~", Kind::kNull}, {"f", "1.50", Kind::kFloat}, {"d", "2001-01-01", Kind::kString}, {"inf", ".inf", Kind::kFloat}};
  for (const auto& c : kSpelled) {
    EXPECT_TRUE(v.Get(c.key).has_spelling()) << c.key;
    EXPECT_EQ(v.Get(c.key).Spelling(), c.spelling);
    EXPECT_EQ(v.Get(c.key).kind(), c.kind) << c.key;
  }
  EXPECT_EQ(v.Get("i").AsInt(), 31);
  EXPECT_TRUE(v.Get("b").AsBool());
  EXPECT_EQ(v.Get("f").AsDouble(), 1.5);
  EXPECT_EQ(v.Get("i"), v.Get("plain")) << "equal by value";
  EXPECT_FALSE(v.Get("i").SameAs(v.Get("plain")));
  EXPECT_FALSE(v.Get("plain").has_spelling());
  EXPECT_TRUE(v.Get("q").is_quoted());
  EXPECT_FALSE(v.Get("p").is_quoted());
  EXPECT_TRUE(v.Get("l").is_quoted());
  EXPECT_TRUE(v.Get("bare").is_bare_null());
  EXPECT_FALSE(v.Get("bare").is_quoted());
  EXPECT_TRUE(v.Get("flow").Get("bare").is_quoted()) << "go-yaml writes '' for it";
  EXPECT_EQ(v.Get("twice").size(), 2u);
  EXPECT_EQ(v.Get("twice").Get("a").AsInt(), 1) << "the first one is found";
  Arena copies;
  EXPECT_EQ(copies.Copy(v).Get("i").Spelling(), "0x1F");
}

}  // namespace
}  // namespace plumb
