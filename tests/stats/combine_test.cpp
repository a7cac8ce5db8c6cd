// SPDX-License-Identifier: Apache-2.0
#include "stats/combine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/caught.h"
#include "tests/stats/matching_digits.h"

namespace patina::stats {
namespace {

const std::vector<Combination> kCombinations = {
    Combination::kFisher, Combination::kPearson, Combination::kStouffer, Combination::kTippett};

const std::vector<Correction> kCorrections = {Correction::kBonferroni,
                                              Correction::kHolm,
                                              Correction::kHommel,
                                              Correction::kHochberg,
                                              Correction::kBenjaminiHochberg,
                                              Correction::kBenjaminiYekutieli};

TEST(Combine, OnePValueStaysItself) {
  for (const Combination combination : kCombinations) {
    for (const double p : {1e-200, 1e-9, 0.03, 0.5, 0.97}) {
      // A quantile z rounded to 16 digits gives p to z^2 times less.
      EXPECT_GE(matching_digits(combine_p_values({p}, combination).p_value, p), 11.0)
          << to_string(combination) << " " << p;
    }
  }
  // Student's t only resembles the logistic law it stands for.
  EXPECT_NEAR(combine_p_values({0.03}, Combination::kMudholkarGeorge).p_value, 0.03, 2e-3);
}

TEST(Combine, FisherOfTwoHasAClosedForm) {
  // P(p1 p2 <= c) = c (1 - ln c).
  const double c = 0.02 * 0.3;
  EXPECT_NEAR(
      combine_p_values({0.02, 0.3}, Combination::kFisher).p_value, c * (1.0 - std::log(c)), 1e-15);
}

TEST(Combine, FisherLogarithmOutlivesTheSmallestDouble) {
  const double log_c = -600.0 * std::log(10.0);
  const TestResult result = combine_p_values({1e-300, 1e-300}, Combination::kFisher);
  EXPECT_EQ(result.p_value, 0.0);
  EXPECT_GE(matching_digits(result.log10_p_value, -600.0 + std::log10(1.0 - log_c)), 13.0);
}

TEST(Combine, PearsonLogarithmOutlivesTheSmallestDouble) {
  // P(-sum ln(1-p) <= x) ~ x^2/2 for two tiny p-values.
  const TestResult result = combine_p_values({1e-200, 1e-200}, Combination::kPearson);
  EXPECT_GE(matching_digits(result.log10_p_value, std::log10(2.0) - 400.0), 13.0);
}

TEST(Combine, StoufferIsUnchangedByTheScaleOfWeights) {
  const std::vector<double> p = {0.01, 0.2, 0.7};
  EXPECT_DOUBLE_EQ(combine_weighted(p, {1, 2, 3}).p_value,
                   combine_weighted(p, {10, 20, 30}).p_value);
  EXPECT_DOUBLE_EQ(combine_weighted(p, {5, 5, 5}).p_value,
                   combine_p_values(p, Combination::kStouffer).p_value);
}

TEST(Combine, StoufferLogarithmOutlivesTheSmallestDouble) {
  const TestResult result = combine_p_values({1e-300, 1e-300, 1e-300, 1e-300},
                                             Combination::kStouffer);
  // z = 2 z1: log p = -2 z1^2 - log(2 z1 sqrt(2 pi)) up to 1/z^2.
  const double z = result.statistic;
  const double expected = (-0.5 * z * z - std::log(z * std::sqrt(2.0 * 3.14159265358979323846))) /
                          std::log(10.0);
  EXPECT_NEAR(result.log10_p_value, expected, 1e-3);
  EXPECT_LT(result.log10_p_value, -1190.0);
}

TEST(Combine, PValuesOfOneAreHarmlessToFisherAndTippett) {
  EXPECT_EQ(combine_p_values({1.0, 1.0}, Combination::kFisher).p_value, 1.0);
  EXPECT_EQ(combine_p_values({1.0, 1.0}, Combination::kTippett).p_value, 1.0);
  EXPECT_EQ(combine_p_values({1.0, 1.0}, Combination::kPearson).p_value, 1.0);
  EXPECT_EQ(combine_p_values({1.0, 0.5}, Combination::kStouffer).p_value, 1.0);
  EXPECT_EQ(combine_p_values({1.0, 0.5}, Combination::kMudholkarGeorge).p_value, 1.0);
}

struct AdjustedCase {
  Correction correction;
  std::vector<double> expected;
};

class AdjustedPValues : public ::testing::TestWithParam<AdjustedCase> {};

TEST_P(AdjustedPValues, FollowTheDefinition) {
  // By hand for 0.01, 0.02, 0.03, 0.04 given out of order.
  const std::vector<double> actual = adjusted_p_values({0.03, 0.01, 0.04, 0.02},
                                                       GetParam().correction);
  ASSERT_EQ(actual.size(), 4U);
  for (std::size_t i = 0; i < actual.size(); ++i) {
    EXPECT_NEAR(actual[i], GetParam().expected[i], 1e-15) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    ByHand,
    AdjustedPValues,
    ::testing::Values(AdjustedCase{Correction::kBonferroni, {0.12, 0.04, 0.16, 0.08}},
                      AdjustedCase{Correction::kHolm, {0.06, 0.04, 0.06, 0.06}},
                      AdjustedCase{Correction::kHochberg, {0.04, 0.04, 0.04, 0.04}},
                      AdjustedCase{Correction::kHommel, {0.04, 0.04, 0.04, 0.04}},
                      AdjustedCase{Correction::kBenjaminiHochberg, {0.04, 0.04, 0.04, 0.04}},
                      AdjustedCase{Correction::kBenjaminiYekutieli,
                                   {1.0 / 12.0, 1.0 / 12.0, 1.0 / 12.0, 1.0 / 12.0}}));

TEST(AdjustedPValues, KeepOrderAndNeverFallBelowTheInput) {
  const std::vector<double> p = {0.001, 0.9, 0.02, 0.02, 0.3, 0.0, 1.0, 0.04};
  for (const Correction correction : kCorrections) {
    const std::vector<double> adjusted = adjusted_p_values(p, correction);
    for (std::size_t i = 0; i < p.size(); ++i) {
      EXPECT_GE(adjusted[i], p[i]) << to_string(correction);
      EXPECT_LE(adjusted[i], 1.0);
      for (std::size_t j = 0; j < p.size(); ++j) {
        EXPECT_TRUE(p[i] > p[j] || adjusted[i] <= adjusted[j]) << to_string(correction);
      }
    }
  }
}

TEST(AdjustedPValues, StrongerCorrectionsNeverGiveLess) {
  const std::vector<double> p = {0.001, 0.2, 0.02, 0.025, 0.3, 0.04, 0.011};
  const auto by = [&](Correction correction) { return adjusted_p_values(p, correction); };
  for (std::size_t i = 0; i < p.size(); ++i) {
    EXPECT_LE(by(Correction::kBenjaminiHochberg)[i], by(Correction::kHommel)[i] + 1e-15);
    EXPECT_LE(by(Correction::kHommel)[i], by(Correction::kHochberg)[i] + 1e-15);
    EXPECT_LE(by(Correction::kHochberg)[i], by(Correction::kHolm)[i] + 1e-15);
    EXPECT_LE(by(Correction::kHolm)[i], by(Correction::kBonferroni)[i] + 1e-15);
  }
}

TEST(AdjustedPValues, OneTestNeedsNoCorrection) {
  for (const Correction correction : kCorrections) {
    EXPECT_EQ(adjusted_p_values({0.37}, correction), std::vector<double>{0.37});
  }
}

TEST(Combine, RefusesWhatIsNoPValue) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(core::caught_text([] { combine_p_values({}, Combination::kFisher); }),
            "p-values: 0 values, a test needs at least 1; add values.");
  EXPECT_EQ(core::caught_text([&] { combine_p_values({nan}, Combination::kFisher); }),
            "p-values: value 1 of 1 is not a number; remove it or score the image again.");
  EXPECT_EQ(core::caught_text([] {
              combine_p_values({0.0, 0.5}, Combination::kFisher);
            }),
            "p-values: value 0.000000 lies outside (0, 1]; use p-values that cannot be 0.");
  EXPECT_EQ(core::caught_text([] {
              combine_weighted({0.5, 0.5}, {1.0});
            }),
            "weights: 1 weights for 2 p-values; give one weight a p-value.");
  EXPECT_EQ(core::caught_text([] { combine_weighted({0.5}, {-1.0}); }),
            "weights: value -1.000000 is not positive; leave that p-value out.");
  EXPECT_EQ(core::caught_text([] { adjusted_p_values({1.5}, Correction::kHolm); }),
            "p-values: value 1.500000 lies outside [0, 1]; check where it comes from.");
}

TEST(Combine, NamesAreWords) {
  EXPECT_STREQ(to_string(Combination::kFisher), "fisher");
  EXPECT_STREQ(to_string(Combination::kPearson), "pearson");
  EXPECT_STREQ(to_string(Combination::kStouffer), "stouffer");
  EXPECT_STREQ(to_string(Combination::kTippett), "tippett");
  EXPECT_STREQ(to_string(Combination::kMudholkarGeorge), "mudholkar-george");
  EXPECT_STREQ(to_string(Correction::kBonferroni), "bonferroni");
  EXPECT_STREQ(to_string(Correction::kHolm), "holm");
  EXPECT_STREQ(to_string(Correction::kHommel), "hommel");
  EXPECT_STREQ(to_string(Correction::kHochberg), "hochberg");
  EXPECT_STREQ(to_string(Correction::kBenjaminiHochberg), "benjamini-hochberg");
  EXPECT_STREQ(to_string(Correction::kBenjaminiYekutieli), "benjamini-yekutieli");
}

}  // namespace
}  // namespace patina::stats
