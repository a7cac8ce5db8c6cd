// SPDX-License-Identifier: Apache-2.0
#include "stats/binomial.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/core/caught.h"
#include "tests/stats/matching_digits.h"

namespace patina::stats {
namespace {

TEST(BinomialTail, AllHeadsHasTheObviousProbability) {
  EXPECT_GE(matching_digits(binomial_at_least({900, 900}, 0.5).p_value, std::ldexp(1.0, -900)),
            12.5);
  EXPECT_GE(matching_digits(binomial_at_most({0, 900}, 0.5).p_value, std::ldexp(1.0, -900)), 12.5);
}

TEST(BinomialTail, LogarithmOutlivesTheSmallestDouble) {
  const TailProbability tail = binomial_at_least({5000, 5000}, 0.5);
  EXPECT_EQ(tail.p_value, 0.0);
  EXPECT_GE(matching_digits(tail.log10_p_value, -5000.0 * std::log10(2.0)), 13.0);
}

TEST(BinomialTail, TailsOverlapInOnePoint) {
  for (const std::int64_t k : {0, 1, 20, 48, 49, 50, 51, 80, 99, 100}) {
    const double p = 0.493;
    const double both = binomial_at_least({k, 100}, p).p_value +
                        binomial_at_most({k, 100}, p).p_value;
    const double point = std::exp(internal::binomial_log_pmf({k, 100}, p, 1.0 - p));
    EXPECT_NEAR(both, 1.0 + point, 1e-14) << k;
  }
}

TEST(BinomialTail, SmallCaseIsPascalsTriangle) {
  EXPECT_NEAR(binomial_at_least({4, 5}, 0.5).p_value, 6.0 / 32.0, 1e-16);
  EXPECT_NEAR(binomial_at_least({2, 5}, 0.5).p_value, 26.0 / 32.0, 1e-15);
  EXPECT_NEAR(binomial_at_most({2, 5}, 0.5).p_value, 0.5, 1e-15);
}

TEST(BinomialTail, CertainProbabilitiesGiveCertainties) {
  EXPECT_EQ(binomial_at_least({0, 5}, 0.0).p_value, 1.0);
  EXPECT_EQ(binomial_at_least({1, 5}, 0.0).p_value, 0.0);
  EXPECT_EQ(binomial_at_least({5, 5}, 1.0).p_value, 1.0);
  EXPECT_EQ(binomial_at_most({4, 5}, 1.0).p_value, 0.0);
}

TEST(ClopperPearson, BoundsAreWhereTheTailsReachHalfTheError) {
  for (const std::int64_t k : {1, 7, 19}) {
    const BinomialCount count = {k, 20};
    const Interval interval = clopper_pearson(count, 0.95);
    EXPECT_NEAR(binomial_at_least(count, interval.low).p_value, 0.025, 1e-13) << k;
    EXPECT_NEAR(binomial_at_most(count, interval.high).p_value, 0.025, 1e-13) << k;
  }
}

TEST(ClopperPearson, ExtremeCountsHaveClosedForms) {
  // Three of three models detected: TPR at least 0.025^(1/3) = 29 %.
  EXPECT_NEAR(clopper_pearson({3, 3}, 0.95).low, std::cbrt(0.025), 1e-14);
  EXPECT_EQ(clopper_pearson({3, 3}, 0.95).high, 1.0);
  EXPECT_EQ(clopper_pearson({0, 10}, 0.9).low, 0.0);
  EXPECT_NEAR(clopper_pearson({0, 10}, 0.9).high, 1.0 - std::pow(0.05, 0.1), 1e-14);
}

TEST(Wilson, BoundsSolveTheScoreEquation) {
  // |k/n - p| = z sqrt(p (1-p)/n), z = 1.959963984540054.
  const Interval interval = wilson({7, 20}, 0.95);
  for (const double p : {interval.low, interval.high}) {
    EXPECT_NEAR(std::abs(0.35 - p), 1.959963984540054 * std::sqrt(p * (1.0 - p) / 20.0), 1e-14);
  }
}

TEST(Wilson, ExtremeCountsReachTheEnds) {
  const double z2 = 1.959963984540054 * 1.959963984540054;
  EXPECT_EQ(wilson({0, 30}, 0.95).low, 0.0);
  EXPECT_NEAR(wilson({0, 30}, 0.95).high, z2 / (30.0 + z2), 1e-14);
  EXPECT_EQ(wilson({30, 30}, 0.95).high, 1.0);
  EXPECT_NEAR(wilson({30, 30}, 0.95).low, 30.0 / (30.0 + z2), 1e-14);
}

TEST(Binomial, RefusesImpossibleCounts) {
  EXPECT_EQ(core::caught_text([] {
              binomial_at_least({4, 3}, 0.5);
            }),
            "binomial successes: value 4 exceeds the 3 trials; count each trial once.");
  EXPECT_EQ(core::caught_text([] {
              binomial_at_most({-1, 3}, 0.5);
            }),
            "binomial successes: value -1 is below 0; choose at least 0.");
  EXPECT_EQ(core::caught_text([] {
              wilson({0, 0}, 0.5);
            }),
            "binomial trials: value 0 is below 1; choose at least 1.");
  EXPECT_EQ(
      core::caught_text([] {
        binomial_at_least({1, 3}, std::numeric_limits<double>::quiet_NaN());
      }),
      "binomial probability: value nan lies outside [0, 1]; choose a number between 0 and 1.");
  EXPECT_EQ(core::caught_text([] {
              clopper_pearson({1, 3}, 1.0);
            }),
            "confidence: value 1.000000 lies outside (0, 1); choose a number between 0 and 1.");
}

}  // namespace
}  // namespace patina::stats
