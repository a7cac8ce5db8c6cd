// SPDX-License-Identifier: Apache-2.0
#include "stats/score_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/rng.h"
#include "stats/binomial.h"
#include "tests/core/caught.h"
#include "tests/stats/matching_digits.h"

namespace patina::stats {
namespace {

std::vector<double> scores(std::size_t size, double mean, std::uint64_t seed) {
  core::Rng rng(seed);
  std::vector<double> values(size);
  for (double& value : values) {
    value = mean + rng.normal();
  }
  return values;
}

const NamedTest& test_named(const ScoreComparison& comparison, const std::string& name) {
  return *std::find_if(comparison.tests.begin(),
                       comparison.tests.end(),
                       [&](const NamedTest& test) { return test.name == name; });
}

TEST(CompareScores, PrimaryTestIsOneSidedAndComesFirst) {
  const ScoreComparison comparison = compare_scores({scores(30, -3.0, 1), scores(300, 0.0, 2)});
  ASSERT_EQ(comparison.tests.size(), 4U);
  EXPECT_EQ(comparison.tests[0].name, "Kolmogorov-Smirnov, one-sided");
  EXPECT_EQ(comparison.tests[0].alternative, "suspect scores are smaller");
  EXPECT_EQ(comparison.tests[1].name, "Kolmogorov-Smirnov, two-sided");
  EXPECT_EQ(comparison.tests[2].name, "Mann-Whitney U");
  EXPECT_EQ(comparison.tests[3].name, "Welch t");
  EXPECT_EQ(std::count_if(comparison.tests.begin(),
                          comparison.tests.end(),
                          [](const NamedTest& test) { return test.primary; }),
            1);
  EXPECT_TRUE(comparison.tests[0].primary);
}

TEST(CompareScores, SmallSuspectScoresAreEvidenceAndLargeOnesAreNot) {
  const std::vector<double> benign = scores(300, 0.0, 2);
  EXPECT_TRUE(compare_scores({scores(30, -3.0, 1), benign}).rejected);
  const ScoreComparison opposite = compare_scores({scores(30, 3.0, 1), benign});
  EXPECT_FALSE(opposite.rejected);
  EXPECT_GT(opposite.tests[0].p_value, 0.5);
  EXPECT_TRUE(opposite.tests[1].rejected) << "the two-sided companion sees it but does not decide";
}

TEST(CompareScores, SignsOfTheKeyDecideWhereItHasAny) {
  ScoreSamples samples = {scores(30, -3.0, 1), scores(300, 0.0, 2), std::vector<double>(40, 0.1)};
  const ScoreComparison agreeing = compare_scores(samples);
  ASSERT_EQ(agreeing.tests.size(), 5U);
  EXPECT_EQ(agreeing.tests[0].name, kKeySignsTest);
  EXPECT_TRUE(agreeing.tests[0].primary);
  EXPECT_EQ(agreeing.tests[1].name, kScoresTest);
  EXPECT_FALSE(agreeing.tests[1].primary);
  EXPECT_DOUBLE_EQ(agreeing.tests[0].p_value, std::ldexp(1.0, -40));
  EXPECT_TRUE(agreeing.rejected);
  EXPECT_EQ(agreeing.smallest_possible_p, std::ldexp(1.0, -40));
  EXPECT_EQ(&test_called(agreeing, kScoresTest), &agreeing.tests[1]);

  // Scores as small as of a coated model, but by a pattern that is not the key's.
  for (std::size_t k = 0; k < 20; ++k) samples.key_terms[2 * k] = -0.1;
  const ScoreComparison foreign = compare_scores(samples);
  EXPECT_TRUE(foreign.tests[1].rejected);
  EXPECT_FALSE(foreign.tests[0].rejected);
  EXPECT_FALSE(foreign.rejected);
}

TEST(CompareScores, RejectsExactlyBelowAlpha) {
  // Complete separation of 3 and 4: p = 1/35.
  const ScoreSamples samples = {{1, 2, 3}, {4, 5, 6, 7}};
  ComparisonOptions options;
  options.alpha = 0.0285;
  EXPECT_FALSE(compare_scores(samples, options).rejected);
  options.alpha = 0.0286;
  EXPECT_TRUE(compare_scores(samples, options).rejected);
  EXPECT_NEAR(compare_scores(samples, options).tests[0].p_value, 1.0 / 35.0, 1e-15);
}

TEST(CompareScores, SaysWhichPIsTheSmallestPossible) {
  const ScoreComparison comparison = compare_scores({{1, 2, 3}, {4, 5, 6, 7}});
  EXPECT_GE(matching_digits(comparison.smallest_possible_p, 1.0 / 35.0), 13.0);
  EXPECT_GE(comparison.tests[0].p_value, comparison.smallest_possible_p * (1.0 - 1e-13));
}

TEST(CompareScores, TiedScoresUseTheirOwnPermutationLaw) {
  const ScoreComparison comparison = compare_scores({{1, 1, 2}, {2, 3, 3, 4}});
  EXPECT_EQ(comparison.tests[0].method, "exact-ties");
  EXPECT_EQ(test_named(comparison, "Mann-Whitney U").method, "approximate");
}

TEST(EffectSize, SuperiorityCountsPairs) {
  const EffectSize effect = compare_scores({{1, 3}, {2, 3, 5}}).effect;
  EXPECT_NEAR(effect.superiority, (1 + 1 + 1 + 0.5 + 1) / 6.0, 1e-15);
  EXPECT_LT(effect.superiority_interval.low, effect.superiority);
  EXPECT_GT(effect.superiority_interval.high, effect.superiority);
}

TEST(EffectSize, CompleteSeparationStillHasAnInterval) {
  const EffectSize effect = compare_scores({{1, 2, 3}, {4, 5, 6, 7}}).effect;
  EXPECT_EQ(effect.superiority, 1.0);
  EXPECT_EQ(effect.superiority_interval.high, 1.0);
  EXPECT_NEAR(effect.superiority_interval.low, std::cbrt(0.025), 1e-13);
  const EffectSize opposite = compare_scores({{4, 5, 6, 7}, {1, 2, 3}}).effect;
  EXPECT_NEAR(opposite.superiority_interval.high, 1.0 - std::cbrt(0.025), 1e-13);
}

TEST(EffectSize, SuperiorityIntervalCoversAboutAsOftenAsItSays) {
  // True superiority of a unit shift: Phi(1/sqrt 2).
  const double truth = 0.5 * std::erfc(-0.5);
  int covered = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Interval interval = compare_scores(
                                  {scores(25, -1.0, 2 * seed), scores(40, 0.0, 2 * seed + 1)})
                                  .effect.superiority_interval;
    covered += interval.low <= truth && truth <= interval.high ? 1 : 0;
  }
  EXPECT_GT(binomial_at_most({covered, 400}, 0.93).p_value, 1e-4);
}

TEST(EffectSize, MediansAndShiftAreThoseOfTheSortedValues) {
  const std::vector<double> suspect = {5, 1, 2, 9};
  const std::vector<double> benign = {4, 8, 3};
  std::vector<double> differences;
  for (const double x : suspect) {
    for (const double y : benign) {
      differences.push_back(x - y);
    }
  }
  std::sort(differences.begin(), differences.end());
  const EffectSize effect = compare_scores({suspect, benign}).effect;
  EXPECT_EQ(effect.median_suspect, 3.5);
  EXPECT_EQ(effect.median_benign, 4.0);
  EXPECT_EQ(effect.hodges_lehmann_shift, 0.5 * (differences[5] + differences[6]));
  EXPECT_EQ(compare_scores({{7}, {4, 8, 3}}).effect.hodges_lehmann_shift, 3.0);
  EXPECT_EQ(compare_scores({{2, 2}, {2}}).effect.hodges_lehmann_shift, 0.0);
}

TEST(EffectSize, ShareInsideCountsTheRadiusItself) {
  ComparisonOptions options;
  options.radius_score = 2.0;
  const EffectSize effect = compare_scores({{1, 2, 3, 1}, {2, 3, 4, 5, 6}}, options).effect;
  EXPECT_EQ(effect.share_inside_suspect, 0.75);
  EXPECT_EQ(effect.share_inside_benign, 0.2);
  EXPECT_EQ(effect.share_inside_suspect_interval.low, wilson({3, 4}, 0.95).low);
  EXPECT_EQ(effect.share_inside_benign_interval.high, wilson({1, 5}, 0.95).high);
}

TEST(EffectSize, WithoutARadiusThereIsNoShare) {
  const EffectSize effect = compare_scores({{1, 2}, {3, 4}}).effect;
  EXPECT_TRUE(std::isnan(effect.share_inside_suspect));
  EXPECT_TRUE(std::isnan(effect.share_inside_benign_interval.high));
}

TEST(CompareScores, LeavesWelchOutWhereItIsNotDefined) {
  EXPECT_EQ(compare_scores({{1}, {2, 3}}).tests.size(), 3U);
  EXPECT_EQ(compare_scores({{1, 1}, {2, 2}}).tests.size(), 3U);
  EXPECT_EQ(compare_scores({{1, 1}, {2, 3}}).tests.size(), 4U);
  EXPECT_EQ(compare_scores({{1e300, -1e300}, {2, 3}}).tests.size(), 3U);
  EXPECT_EQ(compare_scores({{1e-300, 2e-300}, {0, 0}}).tests.size(), 3U);
}

TEST(CompareScores, AllNumbersAreFiniteWhateverTheScores) {
  const std::vector<std::vector<double>> samples = {
      {0.0}, {1.0, 1.0}, {1e308, -1e308}, {1e-320, 0.0, -0.0}, scores(50, 0.0, 3)};
  for (const std::vector<double>& suspect : samples) {
    for (const std::vector<double>& benign : samples) {
      const ScoreComparison comparison = compare_scores({suspect, benign});
      for (const NamedTest& test : comparison.tests) {
        EXPECT_TRUE(std::isfinite(test.statistic)) << test.name;
        EXPECT_TRUE(test.p_value > 0.0 && test.p_value <= 1.0) << test.name;
        EXPECT_NEAR(test.log10_p_value, std::log10(test.p_value), 1e-12) << test.name;
      }
      EXPECT_TRUE(std::isfinite(comparison.effect.superiority_interval.low));
      EXPECT_TRUE(std::isfinite(comparison.effect.superiority_interval.high));
    }
  }
}

TEST(CompareScores, RefusesScoresAndOptionsThatMeanNothing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(core::caught_text([] {
              compare_scores({{}, {1}});
            }),
            "suspect scores: 0 values, a test needs at least 1; add values.");
  EXPECT_EQ(core::caught_text([&] {
              compare_scores({{1}, {1, nan}});
            }),
            "benign scores: value 2 of 2 is not a number; remove it or score the image again.");
  ComparisonOptions options;
  options.alpha = 0.0;
  EXPECT_EQ(core::caught_text([&] {
              compare_scores({{1}, {2}}, options);
            }),
            "alpha: value 0.000000 lies outside (0, 1); choose a number between 0 and 1.");
  options.alpha = 0.5;
  options.confidence = 1.0;
  EXPECT_EQ(core::caught_text([&] {
              compare_scores({{1}, {2}}, options);
            }),
            "confidence: value 1.000000 lies outside (0, 1); choose a number between 0 and 1.");
}

}  // namespace
}  // namespace patina::stats
