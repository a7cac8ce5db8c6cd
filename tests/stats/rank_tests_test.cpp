// SPDX-License-Identifier: Apache-2.0
#include "stats/rank_tests.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/caught.h"
#include "tests/stats/matching_digits.h"
#include "tests/stats/samples.h"

namespace patina::stats {
namespace {

RankOptions options_of(Shift alternative, RankMethod method) {
  RankOptions options;
  options.alternative = alternative;
  options.method = method;
  return options;
}

TEST(MannWhitney, StatisticCountsPairsWhereFirstIsLarger) {
  EXPECT_EQ(mann_whitney({{1, 5, 9}, {2, 4, 9}}).statistic, 0.0 + 2.0 + 2.5);
  EXPECT_EQ(mann_whitney({{1, 2}, {3, 4, 5}}).statistic, 0.0);
}

TEST(MannWhitney, ExactLawCountsOrderings) {
  // n = 3, m = 4: 35 orderings; U = 0, 1, 2, 3 arise in 1, 1, 2, 3 ways [Mann 1947, Table I].
  const auto p = [](const std::vector<double>& x, const std::vector<double>& y) {
    return mann_whitney({x, y}, options_of(Shift::kFirstSmaller, RankMethod::kExact)).p_value;
  };
  EXPECT_NEAR(p({1, 2, 3}, {4, 5, 6, 7}), 1.0 / 35.0, 1e-16);
  EXPECT_NEAR(p({1, 2, 4}, {3, 5, 6, 7}), 2.0 / 35.0, 1e-16);
  EXPECT_NEAR(p({1, 2, 5}, {3, 4, 6, 7}), 4.0 / 35.0, 1e-16);
  EXPECT_NEAR(p({1, 2, 6}, {3, 4, 5, 7}), 7.0 / 35.0, 1e-16);
  EXPECT_NEAR(p({5, 6, 7}, {1, 2, 3, 4}), 1.0, 1e-16);
}

TEST(MannWhitney, ExactTailsOfBothDirectionsShareTheObservedPoint) {
  const std::vector<double> x = {1, 4, 6, 9, 12};
  const std::vector<double> y = {2, 3, 5, 7, 8, 10, 11};
  const double smaller =
      mann_whitney({x, y}, options_of(Shift::kFirstSmaller, RankMethod::kExact)).p_value;
  const double larger =
      mann_whitney({x, y}, options_of(Shift::kFirstLarger, RankMethod::kExact)).p_value;
  const double swapped =
      mann_whitney({y, x}, options_of(Shift::kFirstLarger, RankMethod::kExact)).p_value;
  EXPECT_GT(smaller + larger, 1.0);
  EXPECT_GE(matching_digits(swapped, smaller), 14.0);
}

TEST(MannWhitney, LogarithmOutlivesTheSmallestDouble) {
  // Complete separation: p = 1/C(800, 400) one-sided.
  double expected = 0.0;
  for (int i = 1; i <= 400; ++i) {
    expected -= std::log10((400.0 + i) / i);
  }
  const RankTestResult result = mann_whitney({ramp(400, 0.0), ramp(400, 1000.0)},
                                             options_of(Shift::kFirstSmaller, RankMethod::kExact));
  EXPECT_GE(matching_digits(result.log10_p_value, expected), 12.0);
}

TEST(MannWhitney, ExactAndApproximateAgreeForLargerSamples) {
  const std::vector<double> x = ramp(100, 0.0);
  const std::vector<double> y = ramp(120, -7.5);
  const double exact =
      mann_whitney({x, y}, options_of(Shift::kFirstSmaller, RankMethod::kExact)).p_value;
  const double approximate =
      mann_whitney({x, y}, options_of(Shift::kFirstSmaller, RankMethod::kApproximate)).p_value;
  EXPECT_NEAR(approximate / exact, 1.0, 0.02);
}

TEST(MannWhitney, ChoosesExactOnlyWithoutTies) {
  EXPECT_EQ(mann_whitney({{1, 2}, {3, 4}}).method, RankMethod::kExact);
  EXPECT_EQ(mann_whitney({{1, 2}, {2, 4}}).method, RankMethod::kApproximate);
  EXPECT_EQ(mann_whitney({ramp(500, 0.0), ramp(500, 0.5)}).method, RankMethod::kApproximate);
}

TEST(MannWhitney, EqualValuesSayNothing) {
  const RankTestResult result = mann_whitney({{2, 2, 2}, {2, 2}});
  EXPECT_EQ(result.statistic, 3.0);
  EXPECT_EQ(result.p_value, 1.0);
}

TEST(Wilcoxon, ExactLawCountsSigns) {
  // W+ = 0 in one of 2^5 sign patterns, W+ <= 1 in two, W+ <= 2 in three, W+ <= 3 in five.
  const auto p = [](const std::vector<double>& d) {
    return wilcoxon_signed_rank(d, options_of(Shift::kFirstSmaller, RankMethod::kExact)).p_value;
  };
  EXPECT_EQ(p({-1, -2, -3, -4, -5}), 1.0 / 32.0);
  EXPECT_EQ(p({1, -2, -3, -4, -5}), 2.0 / 32.0);
  EXPECT_EQ(p({-1, 2, -3, -4, -5}), 3.0 / 32.0);
  EXPECT_EQ(p({1, 2, -3, -4, -5}), 5.0 / 32.0);
  EXPECT_EQ(p({1, 2, 3, 4, 5}), 1.0);
}

TEST(Wilcoxon, NegatingTheDifferencesSwapsTheDirections) {
  const std::vector<double> d = {0.3, -1.2, 2.4, -0.7, 0.1, 1.9};
  std::vector<double> negated(d.size());
  std::transform(d.begin(), d.end(), negated.begin(), [](double value) { return -value; });
  for (const RankMethod method : {RankMethod::kExact, RankMethod::kApproximate}) {
    EXPECT_DOUBLE_EQ(
        wilcoxon_signed_rank(d, options_of(Shift::kFirstLarger, method)).p_value,
        wilcoxon_signed_rank(negated, options_of(Shift::kFirstSmaller, method)).p_value);
  }
}

TEST(Wilcoxon, ZerosAreDroppedAndAllZerosSayNothing) {
  const RankOptions approximate = options_of(Shift::kDifferent, RankMethod::kApproximate);
  EXPECT_EQ(wilcoxon_signed_rank({0, 1, -2, 3, 0}, approximate).p_value,
            wilcoxon_signed_rank({1, -2, 3}, approximate).p_value);
  EXPECT_EQ(wilcoxon_signed_rank({0, 0}).p_value, 1.0);
}

TEST(RankTests, RefuseWhatTheyCannotTest) {
  const std::vector<double> good = {1, 2};
  const RankOptions exact = options_of(Shift::kDifferent, RankMethod::kExact);
  EXPECT_EQ(core::caught_text([&] {
              mann_whitney({{}, good});
            }),
            "first sample: 0 values, a test needs at least 1; add values.");
  EXPECT_EQ(core::caught_text([&] {
              mann_whitney({good, good}, exact);
            }),
            "Mann-Whitney U: the samples share values, the exact law assumes none; use the "
            "approximation.");
  EXPECT_EQ(core::caught_text([&] {
              wilcoxon_signed_rank({1.0, kNaN});
            }),
            "differences: value 2 of 2 is not a number; remove it or score the image again.");
  EXPECT_EQ(core::caught_text([&] {
              wilcoxon_signed_rank({0.0, 1.0}, exact);
            }),
            "Wilcoxon signed-rank: the exact law assumes at most 2000 differences, none zero or "
            "tied; use the approximation.");
}

TEST(RankTests, MethodsHaveNames) {
  EXPECT_STREQ(to_string(RankMethod::kAuto), "auto");
  EXPECT_STREQ(to_string(RankMethod::kExact), "exact");
  EXPECT_STREQ(to_string(RankMethod::kApproximate), "approximate");
  EXPECT_STREQ(to_string(Shift::kDifferent), "different");
  EXPECT_STREQ(to_string(Shift::kFirstSmaller), "first-smaller");
  EXPECT_STREQ(to_string(Shift::kFirstLarger), "first-larger");
}

}  // namespace
}  // namespace patina::stats
