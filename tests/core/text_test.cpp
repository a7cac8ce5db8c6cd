// SPDX-License-Identifier: Apache-2.0
#include "core/text.h"

#include <gtest/gtest.h>

namespace patina::core {
namespace {

struct Case {
  const char* name;
  std::string foreign;
  std::string shown;
};
void PrintTo(const Case& value, std::ostream* out) { *out << value.name; }

class Printable : public testing::TestWithParam<Case> {};

TEST_P(Printable, ShowsWhatIsThere) {
  EXPECT_EQ(printable(GetParam().foreign), GetParam().shown);
  EXPECT_EQ(printable(GetParam().shown), GetParam().shown) << "not idempotent";
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    Printable,
    testing::Values(
        Case{"Url", "http://a//b/", "http://a//b/"},
        Case{"Scripts", "Größe Ελληνικά Ёж 日本語 한국어 😀", "Größe Ελληνικά Ёж 日本語 한국어 😀"},
        Case{"LineBreak", "a\nb\tc\r", "a\\nb\\tc\\r"},
        Case{"Null", std::string("a\0b", 3), "a\\u0000b"},
        Case{"TerminalEscape", "\x1B[2J\x7F", "\\u001B[2J\\u007F"},
        Case{"C1Control", "\xC2\x9B", "\\u009B"},
        Case{"RightToLeftOverride", "gnp.\u202Eexe", "gnp.\\u202Eexe"},
        Case{"Isolate", "a\u2066b", "a\\u2066b"},
        Case{"ZeroWidth", "a\u200Bb", "a\\u200Bb"},
        Case{"Tag", "a\U000E0041", "a\\U000E0041"},
        Case{"Latin1", "caf\xE9", "caf\\xE9"},
        Case{"Truncated", "a\xE6\x97", "a\\xE6\\x97"},
        Case{"BrokenOff", "\xE2\x82g", "\\xE2\\x82g"},
        Case{"Overlong", "\xC0\xAF\xE0\x80\xAF", "\\xC0\\xAF\\xE0\\x80\\xAF"},
        Case{"Surrogate", "\xED\xA0\x80", "\\xED\\xA0\\x80"},
        Case{"BeyondUnicode", "\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"}),
    [](const auto& tested) { return tested.param.name; });

TEST(IsUtf8, KnowsWellFormedSequences) {
  EXPECT_TRUE(is_utf8("Größe \xF0\x9D\x84\x9E"));
  EXPECT_FALSE(is_utf8("\xFF"));
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(is_utf8("\xED\xBF\xBF"));
}

TEST(DecodeUtf8, ReadsCodePointsAndMarksOtherBytes) {
  EXPECT_EQ(decode_utf8("aé日\U0001D11E"), U"aé日\U0001D11E");
  EXPECT_EQ(decode_utf8("a\xE6\x97"), U"a\uFFFD\uFFFD");
}

TEST(EncodeUtf8, UndoesDecodingOfEveryCodePoint) {
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    const std::u32string text(1, code);
    ASSERT_EQ(decode_utf8(encode_utf8(text)), text) << static_cast<unsigned>(code);
  }
}

// The bounds of each length [RFC 3629, Sec. 3].
TEST(EncodeUtf8, WritesTheShortestForm) {
  EXPECT_EQ(encode_utf8(U"\x7F\x80"), "\x7F\xC2\x80");
  EXPECT_EQ(encode_utf8(U"\u07FF\u0800"), "\xDF\xBF\xE0\xA0\x80");
  EXPECT_EQ(encode_utf8(U"\uFFFF\U00010000"), "\xEF\xBF\xBF\xF0\x90\x80\x80");
}

TEST(EncodeUtf8, WritesTheReplacementForWhatIsNoCharacter) {
  EXPECT_EQ(encode_utf8(std::u32string{0xD800, 0x110000}), "\uFFFD\uFFFD");
}

TEST(ToUtf8, TakesOtherBytesForLatin1) { EXPECT_EQ(to_utf8("caf\xE9 é"), "café é"); }

TEST(CutUtf8, CutsNoCharacterInTwo) {
  EXPECT_EQ(cut_utf8("a€", 4), "a€");
  EXPECT_EQ(cut_utf8("a€", 3), "a");
  EXPECT_EQ(cut_utf8("a€", 1), "a");
  EXPECT_EQ(cut_utf8("€", 0), "");
  EXPECT_EQ(cut_utf8("\x80\x80\x80\x80\x80", 4), "\x80\x80\x80\x80") << "no character at all";
}

TEST(LowerAscii, LeavesOtherLettersAlone) { EXPECT_EQ(lower_ascii("AbÉ"), "abÉ"); }

// Byte order marks of [Unicode 15, Sec. 23.8]; U+1F431 is two units of UTF-16.
TEST(DecodeSavedText, ReadsWhatTheMarkSays) {
  using namespace std::string_literals;
  EXPECT_EQ(decode_saved_text("a cat"), "a cat");
  EXPECT_EQ(decode_saved_text("\xEF\xBB\xBF"
                              "a cat"),
            "a cat");
  EXPECT_EQ(decode_saved_text("\xFF\xFE"
                              "a\0\xFC\0\x3D\xD8\x31\xDC"s),
            "aü🐱");
  EXPECT_EQ(decode_saved_text("\xFE\xFF\0a\0\xFC\xD8\x3D\xDC\x31"s), "aü🐱");
  EXPECT_EQ(decode_saved_text(""), "");
}

TEST(DecodeSavedText, TakesNothingElseForText) {
  using namespace std::string_literals;
  EXPECT_EQ(decode_saved_text("smart \x92quote"), std::nullopt) << "Windows-1252";
  EXPECT_EQ(decode_saved_text("\xFF\xFE"
                              "a"),
            std::nullopt)
      << "half a unit";
  EXPECT_EQ(decode_saved_text("\xFF\xFE\x31\xDC"s), std::nullopt) << "the second half of a pair";
  EXPECT_EQ(decode_saved_text("\xFF\xFE\x3D\xD8"s), std::nullopt) << "the first half of a pair";
}

TEST(Join, PutsWordsOneAfterAnother) {
  EXPECT_EQ(join(std::vector<std::string>{"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(join(std::vector<const char*>{"a", "b"}, " and "), "a and b");
  EXPECT_EQ(join(std::vector<std::string>{}), "");
}

TEST(TrimBlank, TakesSpacesAndTabsFromTheEnds) {
  EXPECT_EQ(trim_blank(" \ta b\t "), "a b");
  EXPECT_EQ(trim_blank(" \t"), "");
}

}  // namespace
}  // namespace patina::core
