// SPDX-License-Identifier: Apache-2.0
#include "stats/key_signs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "core/rng.h"
#include "stats/binomial.h"
#include "tests/core/caught.h"
#include "tests/stats/matching_digits.h"

namespace patina::stats {
namespace {

std::vector<double> normal_terms(std::size_t size, double mean, std::uint64_t seed) {
  core::Rng rng(seed);
  std::vector<double> terms(size);
  for (double& term : terms) term = mean + rng.normal();
  return terms;
}

double share_of_all_patterns(const std::vector<double>& terms) {
  const double observed = std::accumulate(terms.begin(), terms.end(), 0.0);
  const std::size_t patterns = std::size_t{1} << terms.size();
  std::size_t at_least = 0;
  for (std::size_t pattern = 0; pattern < patterns; ++pattern) {
    double sum = 0.0;
    for (std::size_t k = 0; k < terms.size(); ++k) {
      sum += (pattern >> k & 1U) != 0U ? std::fabs(terms[k]) : -std::fabs(terms[k]);
    }
    at_least += sum >= observed - 1e-12 ? 1U : 0U;
  }
  return static_cast<double>(at_least) / static_cast<double>(patterns);
}

TEST(KeySigns, EqualsTheCountOverAllPatterns) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<double> terms = normal_terms(14, 0.1 * static_cast<double>(seed) - 0.5, seed);
    const double expected = share_of_all_patterns(terms);
    const double found = key_signs_test(terms, 1 << 20).p_value;
    EXPECT_GE(found, expected * (1.0 - 1e-12)) << seed;
    EXPECT_LE(found, expected * 1.001 + 1.0 / (1 << 14)) << seed;
  }
}

TEST(KeySigns, EqualTermsFollowTheBinomialLaw) {
  for (const std::int64_t disagreeing : {1, 5, 16, 40}) {
    std::vector<double> terms(100, 1.0);
    std::fill_n(terms.begin(), disagreeing, -1.0);
    const KeySignsResult result = key_signs_test(terms);
    EXPECT_GE(matching_digits(result.p_value, binomial_at_most({disagreeing, 100}, 0.5).p_value),
              12.0)
        << disagreeing;
    EXPECT_NEAR(result.statistic, 1.0 - 0.02 * static_cast<double>(disagreeing), 1e-15);
  }
}

TEST(KeySigns, FullAgreementHasOnePatternOfAll) {
  const KeySignsResult result = key_signs_test({0.2, 3.0, 0.0, 1e-9, 7.0});
  EXPECT_DOUBLE_EQ(result.p_value, 1.0 / 16.0) << "a term of zero has no sign";
  EXPECT_EQ(result.statistic, 1.0);
}

TEST(KeySigns, LogarithmOutlivesTheSmallestDouble) {
  const KeySignsResult result = key_signs_test(std::vector<double>(5000, 0.5));
  EXPECT_EQ(result.p_value, 0.0);
  EXPECT_GE(matching_digits(result.log10_p_value, -5000.0 * std::log10(2.0)), 13.0);
  std::vector<double> terms(1200, 1.0);
  terms[7] = -1.0;
  EXPECT_GE(matching_digits(key_signs_test(terms).log10_p_value,
                            std::log10(1201.0) - 1200.0 * std::log10(2.0)),
            12.0);
}

// Few sets count here, so that a fixed division by powers of two would leave nothing of them.
TEST(KeySigns, LogarithmOutlivesThousandsOfSigns) {
  std::vector<double> terms(3000, 1.0);
  terms[7] = -1.0;
  EXPECT_GE(matching_digits(key_signs_test(terms).log10_p_value,
                            std::log10(3001.0) - 3000.0 * std::log10(2.0)),
            12.0);
}

TEST(KeySigns, DoesNotDependOnUnits) {
  const std::vector<double> terms = normal_terms(60, 0.6, 3);
  std::vector<double> larger = terms;
  for (double& term : larger) term *= 1024.0;
  EXPECT_EQ(key_signs_test(terms).p_value, key_signs_test(larger).p_value);
}

TEST(KeySigns, CoarserGridsOnlyRaiseP) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<double> terms = normal_terms(80, 0.5, seed);
    const double fine = key_signs_test(terms, 1 << 18).p_value;
    const double coarse = key_signs_test(terms, 1 << 12).p_value;
    EXPECT_GE(coarse, fine * (1.0 - 1e-9)) << seed;
    EXPECT_LE(coarse, fine * 1.2) << seed;
  }
}

// Whatever the suspect's pattern is: here one that is dominated by a few terms.
TEST(KeySigns, RejectsAtMostAlphaOverKeysThatHaveNothingToDoWithTheSuspect) {
  core::Rng rng(11);
  std::vector<double> pattern = normal_terms(49, 0.0, 12);
  for (std::size_t k = 0; k < 5; ++k) pattern[k] *= 10.0;
  constexpr int kKeys = 20'000;
  int rejected = 0;
  for (int key = 0; key < kKeys; ++key) {
    std::vector<double> terms = pattern;
    for (double& term : terms) term = rng.bernoulli(0.5) ? term : -term;
    rejected += key_signs_test(terms, 512).p_value < 0.01 ? 1 : 0;
  }
  constexpr double kImplausible = 1e-5;
  EXPECT_GT(binomial_at_least({rejected, kKeys}, 0.01).p_value, kImplausible) << rejected;
  EXPECT_GT(rejected, kKeys / 200) << "and not far below it";
}

TEST(KeySigns, NoTermsOrOnlyZerosSayNothing) {
  EXPECT_EQ(key_signs_test({0.0, 0.0}).p_value, 1.0);
  EXPECT_EQ(core::caught_text([] { key_signs_test({}); }),
            "terms: 0 values, a test needs at least 1; add values.");
  EXPECT_EQ(core::caught_text([] {
              key_signs_test({1.0, std::numeric_limits<double>::quiet_NaN()});
            }),
            "terms: value 2 of 2 is not a number; remove it or score the image again.");
  EXPECT_EQ(core::caught_text([] { key_signs_test({1.0}, 1); }).rfind("grid", 0), 0U);
}

TEST(ResampledKeySigns, EqualsTheTestOfEveryDocumentedDraw) {
  std::vector<std::vector<double>> terms;
  for (std::uint64_t i = 0; i < 40; ++i) terms.push_back(normal_terms(20, 0.4, 100 + i));
  ResampledKeySignsOptions options;
  options.repeats = 20;
  options.size = 12;
  options.alphas = {0.1, 1e-12};
  options.seed = 5;
  const ResampledKeySignsResult result = resampled_key_signs(terms, options);
  core::Rng rng = core::Rng(5).fork("first");
  for (const double p : result.p_values) {
    // The draw as documented in two_sample.h, written the long way.
    std::vector<std::vector<double>> order = terms;
    std::vector<double> sums(20, 0.0);
    for (std::size_t k = 0; k < 12; ++k) {
      std::swap(order[k], order[k + rng.below(order.size() - k)]);
      for (std::size_t j = 0; j < 20; ++j) sums[j] += order[k][j];
    }
    EXPECT_DOUBLE_EQ(p, key_signs_test(sums, 2048).p_value);
  }
  EXPECT_EQ(result.rejected_fraction[0], 1.0);
  EXPECT_EQ(result.rejected_fraction[1], 0.0) << "20 signs allow no less than 2^-20";
}

TEST(ResampledKeySigns, RefusesListsThatDoNotGoTogether) {
  ResampledKeySignsOptions options;
  options.size = 2;
  EXPECT_EQ(core::caught_text([&] {
              resampled_key_signs({{1.0, 2.0}, {1.0}}, options);
            }),
            "terms: lists of 2 and 1 terms; give all images' terms by one key.");
  EXPECT_EQ(core::caught_text([&] { resampled_key_signs({{1.0}}, options); }).rfind("images", 0),
            0U);
}

TEST(MeanKeyTerms, IsTheMeanOfEachTermOverTheImages) {
  EXPECT_EQ(mean_key_terms({{1.0, -2.0}, {3.0, 6.0}}), (std::vector<double>{2.0, 2.0}));
  EXPECT_EQ(mean_key_terms({{0.25, 7.0}}), (std::vector<double>{0.25, 7.0}));
}

TEST(MeanKeyTerms, IsEmptyWithoutImagesAndForKeysWithoutSigns) {
  EXPECT_TRUE(mean_key_terms({}).empty());
  EXPECT_TRUE(mean_key_terms({{}, {}}).empty());
}

TEST(MeanKeyTerms, RefusesTermsOfDifferentKeys) {
  EXPECT_EQ(core::caught_text([] {
              mean_key_terms({{1.0}, {1.0, 2.0}});
            }),
            "terms: lists of 1 and 2 terms; give all images' terms by one key.");
}

}  // namespace
}  // namespace patina::stats
