// SPDX-License-Identifier: Apache-2.0
#include "core/numbers.h"

#include <cmath>
#include <cstdlib>
#include <limits>

#include <gtest/gtest.h>

namespace patina::core {
namespace {

struct PValueCase {
  double p;
  double log10_p;
  const char* text;
};

class PValueText : public testing::TestWithParam<PValueCase> {};

TEST_P(PValueText, IsReadable) {
  EXPECT_EQ(p_value_text(GetParam().p, GetParam().log10_p), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(Table,
                         PValueText,
                         testing::Values(PValueCase{1.0, 0.0, "1.0"},
                                         PValueCase{0.34, -0.468, "0.34"},
                                         PValueCase{0.05, -1.3, "0.050"},
                                         PValueCase{0.001, -3.0, "0.0010"},
                                         PValueCase{1e-6, -6.0, "10⁻⁶"},
                                         PValueCase{3.2e-12, -11.49, "3.2 × 10⁻¹²"},
                                         PValueCase{9.99e-8, -7.0, "1.0 × 10⁻⁷"},
                                         PValueCase{
                                             0.0, -341.7, "2.0 × 10⁻³⁴² (log10 p = −341.700)"},
                                         PValueCase{0.0, -INFINITY, "below 10⁻³⁰⁰"},
                                         PValueCase{NAN, NAN, "n/a"}));

struct NumberCase {
  double value;
  const char* text;
};

class NumberText : public testing::TestWithParam<NumberCase> {};

TEST_P(NumberText, KeepsFourDigits) { EXPECT_EQ(number_text(GetParam().value), GetParam().text); }

INSTANTIATE_TEST_SUITE_P(Table,
                         NumberText,
                         testing::Values(NumberCase{0.0, "0"},
                                         NumberCase{12.3456, "12.35"},
                                         NumberCase{-6.9, "−6.900"},
                                         NumberCase{0.00012346, "0.0001235"},
                                         NumberCase{1234567.0, "1234567"},
                                         NumberCase{2.5e9, "2.5 × 10⁹"},
                                         NumberCase{-3e-7, "−3.0 × 10⁻⁷"},
                                         NumberCase{INFINITY, "n/a"}));

TEST(CountText, GroupsThousands) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(-1234567), "-1,234,567");
  EXPECT_EQ(counted_text(1, "benign image"), "1 benign image");
  EXPECT_EQ(counted_text(1024, "benign image"), "1,024 benign images");
}

TEST(SeventeenDigitsText, ReadsBackAsTheSameDouble) {
  for (const double value : {0.1, 1.0 / 3.0, 12.345678901234567, 5e-324, 1.7976931348623157e308}) {
    EXPECT_EQ(std::strtod(seventeen_digits_text(value).c_str(), nullptr), value);
    EXPECT_EQ(std::strtod(exact_text(value).c_str(), nullptr), value);
  }
  EXPECT_EQ(seventeen_digits_text(0.1), "0.10000000000000001");
}

TEST(ExactText, WritesWholeNumbersAsPeopleDo) {
  EXPECT_EQ(exact_text(100'000.0), "100000");
  EXPECT_EQ(exact_text(-3.0), "-3");
  EXPECT_EQ(exact_text(1e20), "1e+20");
  EXPECT_EQ(exact_text(0.000001), "1e-06");
}

TEST(LevelText, HasNoNeedlessZeros) {
  EXPECT_EQ(level_text(0.95), "95 %");
  EXPECT_EQ(level_text(0.999), "99.9 %");
  EXPECT_EQ(percent_text(0.9734), "97.3 %");
  EXPECT_EQ(percent_text(std::numeric_limits<double>::quiet_NaN()), "n/a");
}

TEST(FixedText, HasFixedDecimalsAndWordsForTheRest) {
  EXPECT_EQ(fixed_text(3.14159, 2), "3.14");
  EXPECT_EQ(fixed_text(std::numeric_limits<double>::infinity(), 2), "inf");
  EXPECT_EQ(fixed_text(-std::numeric_limits<double>::infinity(), 2), "-inf");
  EXPECT_EQ(fixed_text(std::numeric_limits<double>::quiet_NaN(), 2), "-");
}

TEST(GeneralText, HasNoNeedlessZeros) {
  EXPECT_EQ(general_text(7.5), "7.5");
  EXPECT_EQ(general_text(7.0), "7");
  EXPECT_EQ(general_text(1e-6), "1e-06");
  EXPECT_EQ(general_text(0.2618, 3), "0.262");
}

TEST(ZeroPaddedText, KeepsLongNumbersWhole) {
  EXPECT_EQ(zero_padded_text(42, 6), "000042");
  EXPECT_EQ(zero_padded_text(1234567, 6), "1234567");
}

}  // namespace
}  // namespace patina::core
