// JSON: spelling of numbers, errors with their place, bounds, and the fast parser against the exact one.
#include "core/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/json_parser.h"

namespace plumb {
namespace {

using ::testing::HasSubstr;

std::string Parse(std::string_view text, const JsonLimits& limits = {}) {
  const auto parsed = ParseJson(text, limits);
  return parsed.ok() ? WriteJson(**parsed) : parsed.error().message();
}

TEST(Json, RoundTrip) {
  for (std::string_view text : {"null", "true", "-5", "1.5", R"("a\"\n\u0001é")", "[]", "{}", R"({"a":[1,{"b":null}]})", "9223372036854775807", "-9223372036854775808"})
    EXPECT_EQ(Parse(text), text);
}

TEST(Json, NumbersKeepTheirSpelling) {
  constexpr std::string_view kText =
      R"([1.0,1e3,-0.50,1,{"1.5 in a key":2.50,"b":"3.5 \" \\"},18446744073709551615,1E+2,9223372036854775808])";
  EXPECT_EQ(Parse(kText), kText);
  EXPECT_EQ(Parse("[18446744073709551616, 1.5, -9223372036854775809]"), "[18446744073709551616,1.5,-9223372036854775809]");
  const auto big = ParseJson("18446744073709551616");
  ASSERT_TRUE(big.ok());
  EXPECT_EQ((*big)->AsDouble(), 0x1p64);
  EXPECT_TRUE((*ParseJson("1e3"))->is_float()) << "an exponent makes a float, as in Go";
}

TEST(Json, LastOfRepeatedKeysWins) {
  EXPECT_EQ(Parse(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})");
  EXPECT_EQ(Parse("{\"a\":1,\n \"a\":3}", {.refuse_repeated_keys = true}), "2:2: key 'a' given twice");
}

TEST(Json, SurrogatesAsGoTakesThem) {
  EXPECT_EQ(Parse(R"("\ud83d\ude00")"), "\"😀\"");
  EXPECT_EQ(Parse(R"(["\ud83d", "\ud83dx", "\ude00", "\ud83d\u0041"])"), "[\"\uFFFD\",\"\uFFFDx\",\"\uFFFD\",\"\uFFFDA\"]");
}

TEST(Json, AByteOrderMarkIsSkipped) { EXPECT_EQ(Parse("\xEF\xBB\xBF{}"), "{}"); }

TEST(Json, ErrorsSayWhereAndWhatWasExpected) {
  const struct {
    std::string_view text, error;
  } kCases[] = {
      {"", "1:1: the text is empty; expected a JSON value"},
      {"{\n  \"a\": 1,\n}", "3:1: expected a key in double quotes, found '}'"},
      {"{\"a\" 1}", "1:6: expected ':' after the key 'a', found '1'"},
      {"{\"a\": 1 \"b\": 2}", "1:9: expected ',' or '}' after a map's member, found '\"'"},
      {"[1, 2", "1:6: expected ',' or ']' after a list's item, found the end of the text"},
      {"{} x", "1:4: expected the end of the text after one JSON value, found 'x'"},
      {"{}{}", "1:3: expected the end of the text after one JSON value, found '{'"},
      {"[tru]", "1:2: expected 'true', found 't'"},
      {"[01]", "1:3: expected ',' or ']' after a list's item, found '1'"},
      {"[-]", "1:3: expected a digit, found ']'"},
      {"[1.]", "1:4: expected a digit after the point, found ']'"},
      {"[1e400]", "1:2: the number '1e400' is too large"},
      {"[\"abc]", "1:2: the closing quote of this string is missing"},
      {"[\"a\tb\"]", "1:4: found a control character (byte 0x09) in a string; write it as an escape"},
      {"[\"\\x\"]", "1:4: no such escape: '\\' before 'x'"},
      {"[\"\\u12g4\"]", "1:5: expected four hexadecimal digits after '\\u'"},
      {"[\"é\xFF\"]", "1:4: not UTF-8 text: byte 0xFF"},
      {"[\n'a']", "2:1: expected a JSON value, found '''"},
      {"\xFF\xFE{", "1:1: expected a JSON value, found byte 0xFF"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Parse(c.text), c.error) << c.text;
}

TEST(Json, EverythingIsBounded) {
  EXPECT_EQ(Parse("[1]", {.bytes = 2}), "JSON of 3 bytes; at most 2 are read");
  EXPECT_EQ(Parse("[[[1]]]", {.depth = 3}), "[[[1]]]");
  EXPECT_EQ(Parse("[[[]]]", {.depth = 2}), "1:3: nested more than 2 deep");
  const auto deep = ParseJson(std::string(2000, '[') + std::string(2000, ']'));
  ASSERT_FALSE(deep.ok());
  EXPECT_EQ(deep.error().code(), Code::kLimit);
  EXPECT_EQ(Parse("[[1]]"), "[[1]]") << "a thread's parser is as before after a failure";
}

TEST(Json, LimitsMayChangeFromCallToCall) {
  for (int i = 0; i < 2000; ++i) {
    ASSERT_EQ(Parse("[[1]]", {.depth = i % 2 ? 2000u : 3u}), "[[1]]") << "the thread's parser must not grow with each change";
    ASSERT_EQ(Parse("[[[[1]]]]", {.depth = 3}), "1:4: nested more than 3 deep");
  }
}

TEST(Json, TenMegabytesOnOneLine) {
  std::string text = "[";
  while (text.size() < 10u << 20) text += "{\"name\":\"item\",\"value\":1.50},";
  text += "null]";
  const auto parsed = ParseJson(text);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message();
  EXPECT_EQ(WriteJson(**parsed), text);
  text.back() = '}';
  EXPECT_THAT(Parse(text), HasSubstr("expected ',' or ']'"));
}

// Whatever simdjson accepts, the exact parser reads as the same tree with the same spelling.
TEST(Json, FastAndExactParserAgree) {
  const std::vector<std::string> pieces = {"{", "}", "[", "]", ",", ":", "\"a\"", "\"b\":", "1", "-1.50", "1e5", "0", "true", "null", " ", "\"\\n\"", "\"\\u0041\"", "\"é\"", "18446744073709551615"};
  std::mt19937 random(3);
  size_t accepted = 0;
  for (int n = 0; n < 200000; ++n) {
    std::string text;
    for (size_t i = random() % 8 + 1; i > 0; --i) text += pieces[random() % pieces.size()];
    if (n % 2) text = "[" + text + "]";
    const auto fast = ParseJson(text), exact = ParseJsonExactly(text, {});
    ASSERT_EQ(fast.ok(), exact.ok()) << text;
    if (!fast.ok()) continue;
    ++accepted;
    ASSERT_EQ(WriteJson(**fast), WriteJson(**exact)) << text;
  }
  EXPECT_GT(accepted, 5000u);
}

TEST(Json, CanonicalTextSortsKeys) {
  EXPECT_EQ(WriteCanonicalJson(**ParseJson(R"({"b":1,"a":{"d":[],"c":1.0}})")), R"({"a":{"c":1.0,"d":[]},"b":1})");
}

TEST(Json, IndentedAsKubectlPrints) {
  EXPECT_EQ(WriteJson(**ParseJson(R"({"a":[1,{}],"b":[]})"), JsonStyle::kIndent4), "{\n    \"a\": [\n        1,\n        {}\n    ],\n    \"b\": []\n}");
}

}  // namespace
}  // namespace plumb
