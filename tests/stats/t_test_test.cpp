// SPDX-License-Identifier: Apache-2.0
#include "stats/t_test.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/caught.h"
#include "tests/stats/matching_digits.h"

namespace patina::stats {
namespace {

TEST(Welch, EqualSizesAndVariancesGiveStudentsTest) {
  // Means 2 and 4, variances 1: t = -2/sqrt(2/3), 4 degrees of freedom, where with s =
  // t/sqrt(4+t^2) P(|T| >= t) = 1 - (3/2) s (1 - s^2/3).
  const WelchResult result = welch_t_test({{1, 2, 3}, {3, 4, 5}});
  const double t = 2.0 / std::sqrt(2.0 / 3.0);
  const double s = t / std::sqrt(4.0 + t * t);
  EXPECT_NEAR(result.statistic, -t, 1e-14);
  EXPECT_NEAR(result.degrees_of_freedom, 4.0, 1e-13);
  EXPECT_NEAR(result.p_value, 1.0 - 1.5 * s * (1.0 - s * s / 3.0), 1e-14);
}

TEST(Welch, DirectionsAreComplementary) {
  const std::vector<double> x = {0.3, 1.2, -0.4, 2.0};
  const std::vector<double> y = {1.3, 0.2, 2.4, 2.2, 5.0};
  const double smaller = welch_t_test({x, y}, Shift::kFirstSmaller).p_value;
  const double larger = welch_t_test({x, y}, Shift::kFirstLarger).p_value;
  EXPECT_LT(smaller, 0.5);
  EXPECT_NEAR(smaller + larger, 1.0, 1e-15);
  EXPECT_NEAR(welch_t_test({x, y}).p_value, 2.0 * smaller, 1e-15);
}

TEST(Welch, OneSampleMayBeConstant) {
  // All variance lies in the first: its one-sample test with 2 degrees, P = 1/2 - t/(2
  // sqrt(2+t^2)).
  const WelchResult result = welch_t_test({{0, 1, 2}, {5, 5, 5, 5}}, Shift::kFirstSmaller);
  const double t = 4.0 * std::sqrt(3.0);
  EXPECT_NEAR(result.degrees_of_freedom, 2.0, 1e-14);
  EXPECT_NEAR(result.p_value, 0.5 - 0.5 * t / std::sqrt(2.0 + t * t), 1e-15);
}

TEST(Welch, LogarithmOutlivesTheSmallestDouble) {
  std::vector<double> x;
  std::vector<double> y;
  for (int i = 0; i < 400; ++i) {
    x.push_back(i % 2);
    y.push_back(100.0 + i % 2);
  }
  const WelchResult result = welch_t_test({x, y}, Shift::kFirstSmaller);
  // Leading term at v degrees for t^2 >> v: x^(v/2) / sqrt(2 pi v), x = 1/(1 + t^2/v), where
  // Gamma((v+1)/2)/Gamma(v/2) = sqrt(v/2) up to 1/(4v).
  const double v = result.degrees_of_freedom;
  const double t = -result.statistic;
  const double log_tail = -0.5 * std::log(2.0 * 3.14159265358979323846 * v) -
                          0.5 * v * std::log1p(t * t / v);
  EXPECT_EQ(result.p_value, 0.0);
  EXPECT_NEAR(result.log10_p_value, log_tail / std::log(10.0), 1e-3);
}

TEST(Welch, KeepsItsPrecisionFarFromZero) {
  const WelchResult near = welch_t_test({{1, 2, 3}, {2, 4, 6}});
  const WelchResult far = welch_t_test({{1e8 + 1, 1e8 + 2, 1e8 + 3}, {1e8 + 2, 1e8 + 4, 1e8 + 6}});
  EXPECT_NEAR(far.p_value, near.p_value, 1e-7);
}

TEST(Welch, RefusesSamplesWithoutSpread) {
  EXPECT_EQ(core::caught_text([] {
              welch_t_test({{1}, {1, 2}});
            }),
            "first sample: 1 value, Welch's test needs at least 2; add values.");
  EXPECT_EQ(core::caught_text([] {
              welch_t_test({{1, 2}, {}});
            }),
            "second sample: 0 values, a test needs at least 1; add values.");
  EXPECT_EQ(core::caught_text([] {
              welch_t_test({{0.1, 0.1, 0.1}, {2, 2}});
            }),
            "Welch's test: both samples have variance 0, at least one must vary; compare ranks "
            "instead.");
}

}  // namespace
}  // namespace patina::stats
