// SPDX-License-Identifier: Apache-2.0
#include "report/words/text_codec.h"

#include <gtest/gtest.h>

namespace patina::report {
namespace {

struct Case {
  const char* name;
  std::string raw;
  std::string printable;
};

class PrintableText : public testing::TestWithParam<Case> {};

TEST_P(PrintableText, ShowsWhatIsThere) {
  EXPECT_EQ(printable_text(GetParam().raw), GetParam().printable);
  EXPECT_EQ(printable_text(GetParam().printable), GetParam().printable) << "not idempotent";
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    PrintableText,
    testing::Values(
        Case{"Scripts", "Größe Ελληνικά Ёж 日本語 한국어", "Größe Ελληνικά Ёж 日本語 한국어"},
        Case{"LineBreak", "a\nb\tc\r", "a\\nb\\tc\\r"},
        Case{"Bell", "\x07", "\\u0007"},
        Case{"RightToLeftOverride",
             "gnp.\xE2\x80\xAE"
             "exe",
             "gnp.\\u202Eexe"},
        Case{"ZeroWidth",
             "a\xE2\x80\x8B"
             "b",
             "a\\u200Bb"},
        Case{"BeyondBasicPlane", "\xF0\x9D\x84\x9E", "\xEF\xBF\xBD"},
        Case{"StrayByte",
             "a\xFF"
             "b",
             "a\xEF\xBF\xBD"
             "b"},
        Case{"Truncated", "a\xE6\x97", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
        Case{"Overlong", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        Case{"Surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}),
    [](const auto& test) { return test.param.name; });

TEST(Utf8, IsRecognised) {
  EXPECT_TRUE(is_utf8("Größe \xF0\x9D\x84\x9E"));
  EXPECT_FALSE(is_utf8("\xFF"));
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(is_utf8("\xED\xBF\xBF"));
}

TEST(Utf8, SurvivesDecodingAndEncoding) {
  const std::string text = "aé日\xEF\xBF\xBD";
  EXPECT_EQ(encode_utf8(decode_utf8(text)), text);
  EXPECT_EQ(decode_utf8(text), U"aé日\uFFFD");
}

}  // namespace
}  // namespace patina::report
