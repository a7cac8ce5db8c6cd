// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace patina::cli {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

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

TEST(FormatNumber, HasFixedDecimalsAndWordsForTheRest) {
  EXPECT_EQ(format_number(3.14159, 2), "3.14");
  EXPECT_EQ(format_number(kInf, 2), "inf");
  EXPECT_EQ(format_number(-kInf, 2), "-inf");
  EXPECT_EQ(format_number(std::nan(""), 2), "-");
}

TEST(ExactNumber, ReadsBackAsTheSameDouble) {
  for (const double value : {0.1, 1.0 / 3.0, 1e-6, 123456789.123, 2.2250738585072014e-308}) {
    EXPECT_EQ(std::stod(exact_number(value)), value);
  }
  EXPECT_EQ(exact_number(1e-6), "1e-06");
  EXPECT_EQ(exact_number(1.5), "1.5");
}

TEST(FormatPValue, GoesOnWhereADoubleUnderflows) {
  EXPECT_EQ(format_p_value(3.21e-12, -11.49), "3.2e-12");
  EXPECT_EQ(format_p_value(0.041, -1.387), "0.041");
  EXPECT_EQ(format_p_value(0.0, -412.34), "10^-412.3");
  EXPECT_EQ(format_p_value(0.0, -kInf), "0");
}

TEST(CountOf, KnowsThePlural) {
  EXPECT_EQ(count_of(0, "image"), "0 images");
  EXPECT_EQ(count_of(1, "image"), "1 image");
  EXPECT_EQ(count_of(12, "image"), "12 images");
}

TEST(Wrap, BreaksAtSpacesWithinTheWidth) {
  EXPECT_EQ(wrap("one two three", 7, 0), "one two\nthree");
  EXPECT_EQ(wrap("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(wrap("unbreakable", 4, 0), "unbreakable");
}

}  // namespace
}  // namespace patina::cli
