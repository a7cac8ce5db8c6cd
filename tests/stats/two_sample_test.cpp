// SPDX-License-Identifier: Apache-2.0
#include "stats/two_sample.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/caught.h"
#include "tests/stats/matching_digits.h"
#include "tests/stats/samples.h"

namespace patina::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

KSResult ks(const std::vector<double>& first,
            const std::vector<double>& second,
            Alternative alternative,
            PValueMethod method = PValueMethod::kAuto) {
  KSOptions options;
  options.alternative = alternative;
  options.method = method;
  return ks_two_sample({first, second}, options);
}

// Statistic n*m*max(F-G) of one labelling of a pooled sample, looked at after whole groups of ties.
std::int64_t brute_count(const std::vector<bool>& is_first,
                         const std::vector<double>& pool,
                         Alternative alternative) {
  const std::int64_t n = std::count(is_first.begin(), is_first.end(), true);
  const std::int64_t m = static_cast<std::int64_t>(is_first.size()) - n;
  std::int64_t height = 0;
  std::int64_t largest = 0;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    height += is_first[i] ? m : -n;
    const bool group_ends = i + 1 == pool.size() || pool[i + 1] != pool[i];
    if (group_ends && alternative != Alternative::kLess) {
      largest = std::max(largest, height);
    }
    if (group_ends && alternative != Alternative::kGreater) {
      largest = std::max(largest, -height);
    }
  }
  return largest;
}

// Share of all labellings whose statistic reaches the observed one.
double brute_p_value(const std::vector<double>& first,
                     const std::vector<double>& second,
                     Alternative alternative) {
  std::vector<std::pair<double, bool>> pool;
  for (const double value : first) {
    pool.emplace_back(value, true);
  }
  for (const double value : second) {
    pool.emplace_back(value, false);
  }
  std::sort(pool.begin(), pool.end());
  std::vector<double> values;
  std::vector<bool> labels;
  for (const auto& [value, is_first] : pool) {
    values.push_back(value);
    labels.push_back(is_first);
  }
  const std::int64_t observed = brute_count(labels, values, alternative);
  std::sort(labels.begin(), labels.end());
  std::int64_t all = 0;
  std::int64_t extreme = 0;
  do {
    ++all;
    extreme += brute_count(labels, values, alternative) >= observed ? 1 : 0;
  } while (std::next_permutation(labels.begin(), labels.end()));
  return static_cast<double>(extreme) / static_cast<double>(all);
}

TEST(KSStatistic, GreaterMeansTheFirstSampleIsSmaller) {
  const KSStatistic statistic = ks_statistic({{1.0, 2.0}, {3.0, 4.0, 5.0}});
  EXPECT_EQ(statistic.count_greater, 6);
  EXPECT_EQ(statistic.count_less, 0);
  EXPECT_DOUBLE_EQ(statistic.greater(), 1.0);
  EXPECT_DOUBLE_EQ(statistic.two_sided(), 1.0);
  EXPECT_FALSE(statistic.has_ties);
}

TEST(KSStatistic, SwappingTheSamplesSwapsTheDirections) {
  const std::vector<double> x = {0.1, 0.4, 0.5, 0.9};
  const std::vector<double> y = {0.2, 0.3, 0.8};
  const KSStatistic forward = ks_statistic({x, y});
  const KSStatistic backward = ks_statistic({y, x});
  EXPECT_EQ(forward.count_greater, backward.count_less);
  EXPECT_EQ(forward.count_less, backward.count_greater);
}

TEST(KSStatistic, TiesAreSteppedThroughAtOnce) {
  const KSStatistic equal = ks_statistic({{1.0, 1.0, 1.0}, {1.0, 1.0}});
  EXPECT_TRUE(equal.has_ties);
  EXPECT_EQ(equal.count_greater, 0);
  EXPECT_EQ(equal.count_less, 0);
  EXPECT_TRUE(ks_statistic({{1.0, 1.0}, {2.0}}).has_ties);
}

TEST(KSStatistic, IsUnchangedByAnIncreasingTransformation) {
  const std::vector<double> x = {0.1, 0.4, 0.5, 0.9};
  const std::vector<double> y = {0.2, 0.3, 0.8};
  std::vector<double> exp_x;
  std::vector<double> exp_y;
  std::transform(
      x.begin(), x.end(), std::back_inserter(exp_x), [](double v) { return std::exp(v); });
  std::transform(
      y.begin(), y.end(), std::back_inserter(exp_y), [](double v) { return std::exp(v); });
  EXPECT_EQ(ks_statistic({x, y}).count_greater, ks_statistic({exp_x, exp_y}).count_greater);
}

struct BruteCase {
  std::string name;
  std::vector<double> first;
  std::vector<double> second;
};

class KSAgainstEnumeration : public ::testing::TestWithParam<BruteCase> {};

TEST_P(KSAgainstEnumeration, PermutationPValueIsTheShareOfLabellings) {
  const BruteCase& example = GetParam();
  for (const Alternative alternative :
       {Alternative::kTwoSided, Alternative::kGreater, Alternative::kLess}) {
    SCOPED_TRACE(to_string(alternative));
    const double expected = brute_p_value(example.first, example.second, alternative);
    const KSResult actual = ks(example.first, example.second, alternative);
    EXPECT_GE(matching_digits(actual.p_value, expected), 14.0);
    EXPECT_GE(matching_digits(std::pow(10.0, actual.log10_p_value), expected), 14.0);
    EXPECT_GE(ks(example.first, example.second, alternative, PValueMethod::kExact).p_value,
              expected * (1.0 - 1e-14))
        << "ignoring ties is conservative";
  }
}

INSTANTIATE_TEST_SUITE_P(
    SmallSamples,
    KSAgainstEnumeration,
    ::testing::Values(BruteCase{"separated", {1, 2, 3}, {4, 5, 6, 7}},
                      BruteCase{"interleaved", {1, 3, 5, 7, 9}, {2, 4, 6, 8}},
                      BruteCase{"unequal", {0.5, 1.5}, {1, 2, 3, 4, 5, 6, 7, 8, 9}},
                      BruteCase{"one_each", {1}, {2}},
                      BruteCase{"ties_across", {1, 2, 2, 3}, {2, 3, 3, 4, 5}},
                      BruteCase{"ties_within", {1, 1, 1, 2}, {3, 3, 4, 4}},
                      BruteCase{"two_values", {0, 0, 0, 0, 1}, {0, 1, 1, 1, 1, 1}},
                      BruteCase{"all_equal", {1, 1, 1}, {1, 1, 1, 1}}),
    [](const auto& case_info) { return case_info.param.name; });

TEST(KSExact, EqualSizesFollowTheReflectionPrinciple) {
  // P(max(F-G) >= k/n) = C(2n, n-k)/C(2n, n) for n = m [Gnedenko & Korolyuk 1951].
  for (const std::int64_t n : {5, 17, 60}) {
    double expected = 1.0;
    for (std::int64_t k = 1; k <= n; ++k) {
      expected *= static_cast<double>(n - k + 1) / static_cast<double>(n + k);
      EXPECT_GE(matching_digits(ks_exact_p_value(n, n, k * n, Alternative::kGreater), expected),
                12.0)
          << n << " " << k;
    }
  }
}

TEST(KSExact, OneSidedDirectionsShareOneLaw) {
  for (std::int64_t count = 1; count <= 77; ++count) {
    EXPECT_GE(matching_digits(ks_exact_p_value(7, 11, count, Alternative::kGreater),
                              ks_exact_p_value(7, 11, count, Alternative::kLess)),
              14.0);
  }
}

TEST(KSExact, TwoSidedLiesBetweenOneAndTwoOneSided) {
  double previous = 1.0;
  for (std::int64_t count = 1; count <= 600; count += 7) {
    const double one = ks_exact_p_value(20, 30, count, Alternative::kGreater);
    const double two = ks_exact_p_value(20, 30, count, Alternative::kTwoSided);
    EXPECT_GE(two, one);
    EXPECT_LE(two, 2.0 * one * (1.0 + 1e-14));
    EXPECT_LE(two, previous);
    previous = two;
  }
}

TEST(KSExact, CountsOutsideTheLatticeHaveProbabilityOneOrZero) {
  EXPECT_EQ(ks_exact_p_value(3, 4, 0, Alternative::kGreater), 1.0);
  EXPECT_EQ(ks_exact_p_value(3, 4, -5, Alternative::kTwoSided), 1.0);
  EXPECT_EQ(ks_exact_p_value(3, 4, 13, Alternative::kGreater), 0.0);
}

TEST(KSExact, LogarithmOutlivesTheSmallestDouble) {
  // Complete separation of 1000 and 1000: p = 1/C(2000,1000).
  double expected = 0.0;
  for (int i = 1; i <= 1000; ++i) {
    expected -= std::log10((1000.0 + i) / i);
  }
  const KSResult result = ks(ramp(1000, 0.0), ramp(1000, 5000.0), Alternative::kGreater);
  EXPECT_EQ(result.method, PValueMethod::kExact);
  EXPECT_EQ(result.p_value, 0.0);
  EXPECT_GE(matching_digits(result.log10_p_value, expected), 11.0);
}

TEST(KSTwoSample, AutoIsExactUpToTheLimitAndAwareOfTies) {
  KSOptions options;
  options.exact_limit = 12;
  EXPECT_EQ(ks_two_sample({{1, 2, 3}, {4, 5, 6, 7}}, options).method, PValueMethod::kExact);
  EXPECT_EQ(ks_two_sample({{1, 2, 3}, {3, 5, 6, 7}}, options).method, PValueMethod::kExactWithTies);
  EXPECT_EQ(ks_two_sample({{1, 2, 3}, {4, 5, 6, 7, 8}}, options).method, PValueMethod::kAsymptotic);
}

TEST(KSTwoSample, AutomaticAsymptoticPIsNeverBelowThatOfCompleteSeparation) {
  KSOptions options;
  options.exact_limit = 0;
  const std::vector<double> x = ramp(10, 0.0);
  const std::vector<double> y = ramp(10, 100.0);
  EXPECT_GE(matching_digits(ks_two_sample({x, y}, options).p_value, 2.0 / 184756.0), 13.0);
  // Asked for by name, it is the law of the continuous limit, which SciPy gives too.
  EXPECT_EQ(ks(x, y, Alternative::kTwoSided, PValueMethod::kAsymptotic).p_value, 0.0);
}

TEST(KSTwoSample, AsymptoticApproachesExactForLargeSamples) {
  for (const Alternative alternative : {Alternative::kTwoSided, Alternative::kGreater}) {
    const double exact = ks_exact_p_value(1500, 1300, 117000, alternative);
    EXPECT_NEAR(ks_asymptotic_p_value(1500, 1300, 0.06, alternative) / exact, 1.0, 0.02);
  }
}

TEST(KSTwoSample, EqualSamplesGivePOne) {
  const std::vector<double> x = {3.0, 1.0, 2.0};
  for (const PValueMethod method : {PValueMethod::kAuto,
                                    PValueMethod::kExact,
                                    PValueMethod::kExactWithTies,
                                    PValueMethod::kAsymptotic}) {
    const KSResult result = ks(x, x, Alternative::kTwoSided, method);
    EXPECT_EQ(result.p_value, 1.0) << to_string(method);
    EXPECT_EQ(result.log10_p_value, 0.0);
  }
}

TEST(KSCriticalValue, IsTheInverseOfTheTwoSidedExponentialBound) {
  // Siren's sizes at alpha = 1e-3 [Siren 2025, Eq. 8]: 1.9495 * sqrt(330/9000).
  EXPECT_NEAR(ks_critical_value(30, 300, 1e-3), 0.3733, 5e-5);
  EXPECT_NEAR(ks_critical_value(30, 300, 1e-9), 0.6266, 5e-5);
  const double d = ks_critical_value(40, 50, 0.01);
  EXPECT_NEAR(2.0 * std::exp(-2.0 * d * d * 40.0 * 50.0 / 90.0), 0.01, 1e-15);
}

TEST(KSTwoSample, RefusesWhatIsNotASample) {
  const std::vector<double> good = {1.0, 2.0};
  EXPECT_EQ(core::caught_text([&] {
              ks_statistic({{}, good});
            }),
            "first sample: 0 values, a test needs at least 1; add values.");
  EXPECT_EQ(core::caught_text([&] {
              ks_statistic({good, {1.0, kNaN}});
            }),
            "second sample: value 2 of 2 is not a number; remove it or score the image again.");
  EXPECT_EQ(core::caught_text([&] {
              ks_statistic({{kInfinity}, good});
            }),
            "first sample: value 1 of 1 is infinite; remove it or score the image again.");
  EXPECT_EQ(core::caught_text([] { ks_exact_p_value(0, 3, 1, Alternative::kLess); }),
            "size of the first sample: value 0 is below 1; choose at least 1.");
  EXPECT_EQ(core::caught_text([] { ks_critical_value(3, 3, 1.0); }),
            "alpha: value 1.000000 lies outside (0, 1); choose a number between 0 and 1.");
  EXPECT_EQ(core::caught_text([] { ks_critical_value(3, 3, kNaN); }),
            "alpha: value nan lies outside (0, 1); choose a number between 0 and 1.");
  EXPECT_EQ(
      core::caught_text([] { ks_asymptotic_p_value(3, 3, 1.5, Alternative::kLess); }),
      "Kolmogorov-Smirnov statistic: value 1.500000 lies outside [0, 1]; divide the count by n*m.");
}

TEST(KSNames, AreTheWordsOfTheReport) {
  EXPECT_STREQ(to_string(Alternative::kTwoSided), "two-sided");
  EXPECT_STREQ(to_string(Alternative::kGreater), "greater");
  EXPECT_STREQ(to_string(Alternative::kLess), "less");
  EXPECT_STREQ(to_string(PValueMethod::kAuto), "auto");
  EXPECT_STREQ(to_string(PValueMethod::kExact), "exact");
  EXPECT_STREQ(to_string(PValueMethod::kExactWithTies), "exact-ties");
  EXPECT_STREQ(to_string(PValueMethod::kAsymptotic), "asymptotic");
}

}  // namespace
}  // namespace patina::stats
