// SPDX-License-Identifier: Apache-2.0
#include "stats/rank_tests.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/stats/matching_digits.h"
#include "tests/stats/refusal.h"
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

TEST(CramerVonMises, StatisticIsThatOfTheDefinition) {
  // T = nm/N^2 * sum over the pooled sample of (F - G)^2 [Anderson 1962, Eq. 7], without ties.
  const RankTestResult result = cramer_von_mises({{1, 2, 4}, {3, 5}});
  const double sum = (1.0 + 4.0 + 1.0 / 4.0 + 9.0 / 4.0) / 9.0;  // F-G: 1/3, 2/3, 1/6, 1/2, 0.
  EXPECT_NEAR(result.statistic, 6.0 / 25.0 * sum, 1e-15);
}

TEST(CramerVonMises, ExactLawCountsLatticePaths) {
  // Separation is one of the two most extreme of C(8,4) = 70 orderings.
  EXPECT_NEAR(cramer_von_mises({{1, 2, 3, 4}, {5, 6, 7, 8}}).p_value, 2.0 / 70.0, 1e-16);
  EXPECT_EQ(cramer_von_mises({{1, 2}, {1, 2}}).p_value, 1.0);
}

TEST(CramerVonMises, LimitHasTheTabulatedPoints) {
  // [Anderson 1952, Table 1]: a(z) = 0.5, 0.9, 0.95, 0.99, 0.999.
  const std::vector<std::pair<double, double>> table = {
      {0.11888, 0.5}, {0.34730, 0.1}, {0.46136, 0.05}, {0.74346, 0.01}, {1.16786, 0.001}};
  for (const auto& [z, p] : table) {
    EXPECT_NEAR(cramer_von_mises_limit_tail(z).p_value / p, 1.0, 1e-4) << z;
  }
}

TEST(CramerVonMises, BothFormsOfTheLimitAgreeWhereTheyMeet) {
  EXPECT_GE(matching_digits(cramer_von_mises_limit_tail(0.5 - 1e-14).p_value,
                            cramer_von_mises_limit_tail(0.5).p_value),
            12.0);
}

TEST(CramerVonMises, FarTailFallsLikeItsLeadingExponential) {
  // d log p / dx tends to -pi^2/2.
  const double slope = (cramer_von_mises_limit_tail(2001.0).log10_p_value -
                        cramer_von_mises_limit_tail(2000.0).log10_p_value) *
                       std::log(10.0);
  EXPECT_NEAR(slope, -4.934802, 1e-3);
}

TEST(AndersonDarling, IsUnchangedByTheOrderOfTheSamples) {
  const std::vector<double> a = {1, 5, 2, 8};
  const std::vector<double> b = {3, 4, 7};
  const std::vector<double> c = {6, 9, 10, 12};
  EXPECT_GE(
      matching_digits(anderson_darling({a, b, c}).statistic, anderson_darling({c, a, b}).statistic),
      13.0);
}

TEST(AndersonDarling, CriticalValuesAreThoseOfTheTable) {
  // [Scholz 1987, Table 1], m = 1: 0.326, 1.225, 1.960, 2.719, 3.752.
  const std::vector<double> critical = anderson_darling({{1, 2, 3}, {4, 5, 6}}).critical_values;
  const std::vector<double> published = {0.326, 1.225, 1.960, 2.719, 3.752};
  for (std::size_t i = 0; i < published.size(); ++i) {
    EXPECT_NEAR(critical[i], published[i], 0.0021);
  }
}

TEST(AndersonDarling, SignificanceIsClippedToTheTable) {
  EXPECT_EQ(anderson_darling({ramp(30, 0.0), ramp(30, 0.5)}).significance_level, 0.25);
  EXPECT_EQ(anderson_darling({ramp(30, 0.0), ramp(30, 100.0)}).significance_level, 0.001);
}

TEST(RankTests, RefuseWhatTheyCannotTest) {
  const std::vector<double> good = {1, 2};
  const RankOptions exact = options_of(Shift::kDifferent, RankMethod::kExact);
  EXPECT_EQ(refusal([&] {
              mann_whitney({{}, good});
            }),
            "first sample: 0 values, a test needs at least 1; add values.");
  EXPECT_EQ(refusal([&] {
              mann_whitney({good, good}, exact);
            }),
            "Mann-Whitney U: the samples share values, the exact law assumes none; use the "
            "approximation.");
  EXPECT_EQ(refusal([&] {
              wilcoxon_signed_rank({1.0, kNaN});
            }),
            "differences: value 2 of 2 is not a number; remove it or score the image again.");
  EXPECT_EQ(refusal([&] {
              wilcoxon_signed_rank({0.0, 1.0}, exact);
            }),
            "Wilcoxon signed-rank: the exact law assumes at most 2000 differences, none zero or "
            "tied; use the approximation.");
  EXPECT_EQ(
      refusal([&] {
        cramer_von_mises({ramp(99, 0), ramp(100, 0)}, exact);
      }),
      "unsupported: Cramer-von Mises: the exact law at sizes 99 and 100 is too large to count; "
      "use the approximation.");
  EXPECT_EQ(refusal([&] { anderson_darling({good}); }),
            "Anderson-Darling: 1 samples, the test compares at least 2; add samples.");
  EXPECT_EQ(
      refusal([&] {
        anderson_darling({{1, 1}, {1, 1}});
      }),
      "Anderson-Darling: 4 values, 1 of them distinct; the test needs 4 values and 2 distinct "
      "ones; add values.");
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
