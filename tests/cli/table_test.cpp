// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <cmath>

#include <gtest/gtest.h>

namespace patina::cli {
namespace {

TEST(FormatTable, AlignsColumnsToTheirWidestCell) {
  EXPECT_EQ(format_table({{"image", "dB"}, {"a.png", "40.1"}, {"long name.png", "9.0"}},
                         {Align::kLeft, Align::kRight}),
            "image            dB\n"
            "a.png          40.1\n"
            "long name.png   9.0\n");
}

TEST(FormatTable, CountsCharactersNotBytes) {
  EXPECT_EQ(format_table({{"é", "1"}, {"ab", "2"}}, {Align::kLeft, Align::kLeft}),
            "é   1\nab  2\n");
}

TEST(FormatTable, LeavesNoSpaceAtLineEnds) {
  EXPECT_EQ(format_table({{"a", "long"}, {"b"}}, {Align::kLeft, Align::kLeft}), "a  long\nb\n");
}

TEST(FormatTable, IgnoresCellsBeyondItsColumns) {
  EXPECT_EQ(format_table({{"a", "b", "c"}}, {Align::kLeft, Align::kLeft}), "a  b\n");
}

TEST(FormatTable, IsEmptyWithoutRows) { EXPECT_EQ(format_table({}, {Align::kLeft}), ""); }

TEST(DisplayWidth, CountsCodePointsOfEveryLength) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("ab"), 2U);
  EXPECT_EQ(display_width("\u00e9"), 1U) << "two bytes";
  EXPECT_EQ(display_width("\u2212"), 1U) << "three bytes";
  EXPECT_EQ(display_width("\U0001F4F7"), 1U) << "four bytes";
}

TEST(FormatDuration, ChoosesTheUnit) {
  EXPECT_EQ(format_duration(0.0), "0.0 s");
  EXPECT_EQ(format_duration(0.44), "0.4 s");
  EXPECT_EQ(format_duration(9.94), "9.9 s");
  EXPECT_EQ(format_duration(9.96), "10 s");
  EXPECT_EQ(format_duration(95), "95 s");
  EXPECT_EQ(format_duration(119.4), "119 s");
  EXPECT_EQ(format_duration(120), "2 min");
  EXPECT_EQ(format_duration(719), "12 min");
  EXPECT_EQ(format_duration(7170), "2 h 0 min");
  EXPECT_EQ(format_duration(12000), "3 h 20 min");
  EXPECT_EQ(format_duration(std::nan("")), "-");
  EXPECT_EQ(format_duration(-1), "-");
}

TEST(Wrap, BreaksAtSpacesWithinTheWidth) {
  EXPECT_EQ(wrap("one two three", 7, 0), "one two\nthree");
  EXPECT_EQ(wrap("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(wrap("unbreakable", 4, 0), "unbreakable");
}

TEST(Wrap, TakesAnyWhiteSpaceForOneSpace) {
  EXPECT_EQ(wrap("  one \n two\t three ", 80, 0), "one two three");
  EXPECT_EQ(wrap("", 80, 2), "");
}

TEST(Wrap, CountsCharactersNotBytes) {
  EXPECT_EQ(wrap("\u00e9\u00e9\u00e9 \u00e9\u00e9\u00e9", 7, 0),
            "\u00e9\u00e9\u00e9 \u00e9\u00e9\u00e9");
}

}  // namespace
}  // namespace patina::cli
