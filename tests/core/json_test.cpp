// SPDX-License-Identifier: Apache-2.0
#include "core/json.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/core/caught.h"

namespace patina::core {
namespace {

using nlohmann::json;

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(ParseJson, ReadsEveryKindOfValue) {
  const json value = parse_json(
      R"({"null": null, "yes": true, "int": -3, "big": 18446744073709551615, "pi": 3.25,
          "text": "\u00e4\n", "list": [1, [2], {}], "nested": {"a": {"b": []}}})",
      "test");
  EXPECT_TRUE(value["null"].is_null());
  EXPECT_EQ(value["yes"], true);
  EXPECT_EQ(value["int"], -3);
  EXPECT_EQ(value["big"].get<std::uint64_t>(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(value["pi"], 3.25);
  EXPECT_EQ(value["text"], "\xC3\xA4\n");
  EXPECT_EQ(value["list"], json::array({1, json::array({2}), json::object()}));
  EXPECT_EQ(value["nested"]["a"]["b"], json::array());
  EXPECT_EQ(parse_json("7", "test"), 7);
}

TEST(ParseJson, AllowsEqualKeysInDifferentObjects) {
  EXPECT_EQ(parse_json(R"([{"a": 1}, {"a": {"a": 2}}])", "test")[1]["a"]["a"], 2);
}

struct BadCase {
  const char* name;
  std::string text;
  const char* problem;
};

class ParseJsonRefuses : public testing::TestWithParam<BadCase> {};

TEST_P(ParseJsonRefuses, AndSaysWhy) {
  const Error error = caught([] { parse_json(GetParam().text, "evidence.json"); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_EQ(error.where(), "evidence.json");
  EXPECT_THAT(error.problem(), testing::HasSubstr(GetParam().problem));
  EXPECT_EQ(error.todo(), "mend or replace it");
}

INSTANTIATE_TEST_SUITE_P(
    Text,
    ParseJsonRefuses,
    testing::Values(BadCase{"Empty", "", "not JSON at byte 1"},
                    BadCase{"CutOff", R"({"a": [1, )", "not JSON at byte 11"},
                    BadCase{"TrailingText", "{} x", "not JSON at byte 4"},
                    BadCase{"TrailingComma", "[1,]", "not JSON at byte 4"},
                    BadCase{"Comment", "[1] // one", "not JSON at byte 5"},
                    BadCase{"NotANumber", "NaN", "not JSON at byte 1"},
                    BadCase{"HugeNumber", "1e999", "not JSON"},
                    BadCase{"ZeroByteThenMore", std::string("{}\0!", 4), "zero byte at byte 2"},
                    BadCase{"StrayByte", "\"\xFF\"", "invalid string: ill-formed UTF-8 byte"},
                    BadCase{"OverlongSlash", "\"\xC0\xAF\"", "ill-formed UTF-8 byte"},
                    BadCase{"Surrogate", "\"\xED\xA0\x80\"", "ill-formed UTF-8 byte"},
                    BadCase{"LoneEscapedSurrogate", R"("\ud800")", "invalid string"},
                    BadCase{"DuplicateKey",
                            R"({"a": 1, "b": 2, "a": 3})",
                            "key \"a\" appears twice in one object"},
                    BadCase{"DuplicateKeyByEscape", R"({"a": 1, "\u0061": 3})", "appears twice"},
                    BadCase{"DepthOf65", nested(65), "nested deeper than 64 levels"},
                    BadCase{"DepthOfAMillion", nested(1000000), "nested deeper than 64 levels"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(ParseJson, CountsDepthUpToTheGivenLimit) {
  EXPECT_TRUE(parse_json(nested(64), "test").is_array());
  EXPECT_TRUE(parse_json(R"({"a": [1]})", "test", 2).is_object());
  EXPECT_EQ(caught([] { parse_json(R"({"a": [1]})", "test", 1); }).problem(),
            "nested deeper than 1 levels");
}

TEST(ParseJson, KeepsHostileBytesOutOfItsMessage) {
  const std::string text = caught_text([] { parse_json("\"\x1B\xFF", "x"); });
  for (const char c : text) {
    EXPECT_TRUE(c >= 0x20 && c < 0x7F) << text;
  }
}

TEST(DumpJson, IndentsSortsAndEndsTheLine) {
  EXPECT_EQ(dump_json(json{{"b", {1, 2}}, {"a", nullptr}}),
            "{\n  \"a\": null,\n  \"b\": [\n    1,\n    2\n  ]\n}\n");
}

TEST(DumpJson, DoublesRoundTrip) {
  for (const double value : {0.1, 1.0 / 3.0, 1e-308, 4.9e-324, 1.7976931348623157e308, -0.0}) {
    const double back = parse_json(dump_json(json(value)), "test").get<double>();
    EXPECT_EQ(back, value);
    EXPECT_EQ(std::signbit(back), std::signbit(value));
  }
}

TEST(DumpJson, RefusesNumbersThatAreNotFiniteAndSaysWhere) {
  const json value{{"tests", {1.0, {{"p_value", std::nan("")}}}}};
  const Error error = caught([&] { dump_json(value); });
  EXPECT_EQ(error.kind(), ErrorKind::kInternal);
  EXPECT_STREQ(error.what(),
               "/tests/1/p_value: a number that is not finite cannot be written as JSON; write "
               "null and a reason instead.");
  EXPECT_EQ(caught([] { dump_json(json(-INFINITY)); }).where(), "/");
}

TEST(DumpJson, RefusesTextThatIsNotUtf8) {
  const Error error = caught([] { dump_json(json{{"name", "caf\xE9.png"}}); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_STREQ(error.what(),
               "JSON output: a text in it is not UTF-8; rename files whose names are not UTF-8.");
}

TEST(NumberOrNull, IsNullExactlyWhenNotFinite) {
  EXPECT_EQ(number_or_null(0.25), json(0.25));
  EXPECT_TRUE(number_or_null(std::nan("")).is_null());
  EXPECT_TRUE(number_or_null(INFINITY).is_null());
}

}  // namespace
}  // namespace patina::core
