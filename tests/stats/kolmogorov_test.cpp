// SPDX-License-Identifier: Apache-2.0
#include "stats/kolmogorov.h"

#include <cmath>
#include <cstdint>
#include <utility>

#include <gtest/gtest.h>

#include "tests/core/caught.h"
#include "tests/stats/matching_digits.h"

namespace patina::stats {
namespace {

struct PublishedCdf {
  std::int64_t n;
  double d;
  double cdf;
};

class KolmogorovTable : public ::testing::TestWithParam<PublishedCdf> {};

// P(D_n < d): closed forms at small n, and the example of [Marsaglia 2003].
TEST_P(KolmogorovTable, TailIsOneMinusTheKnownDistribution) {
  const PublishedCdf& row = GetParam();
  EXPECT_NEAR(kolmogorov_tail(row.n, row.d).p_value, 1.0 - row.cdf, 2e-15);
}

INSTANTIATE_TEST_SUITE_P(
    Known,
    KolmogorovTable,
    ::testing::Values(PublishedCdf{10, 0.274, 0.6284796154565043},  // [Marsaglia 2003, Sec. 3].
                      PublishedCdf{1, 0.75, 0.5},                   // 2d - 1.
                      PublishedCdf{1, 0.5, 0.0},
                      PublishedCdf{2, 0.375, 0.125},   // 2 (2d - 1/2)^2 for 1/4 <= d <= 1/2.
                      PublishedCdf{2, 0.75, 0.875},    // 1 - 2 (1-d)^2 for d >= 1/2.
                      PublishedCdf{4, 0.25, 0.09375},  // n! (2d - 1/n)^n for d <= 1/n.
                      PublishedCdf{7, 0.05, 0.0}));

TEST(KolmogorovTail, SmallestRegionFollowsTheClosedForm) {
  // P(D_n < d) = n! (2d - 1/n)^n for 1/(2n) <= d <= 1/n [Ruben & Gambino 1982].
  for (const std::int64_t n : {3, 8, 15}) {
    const double size = static_cast<double>(n);
    const double d = 0.9 / size;
    const double cdf = std::tgamma(size + 1.0) * std::pow(2.0 * d - 1.0 / size, size);
    EXPECT_NEAR(kolmogorov_tail(n, d).p_value, 1.0 - cdf, 1e-14);
  }
}

TEST(KolmogorovTail, LastRegionFollowsTheClosedForm) {
  // P(D_n >= d) = 2 (1-d)^n for d >= 1 - 1/n.
  for (const std::int64_t n : {2, 10, 100, 1000}) {
    const double size = static_cast<double>(n);
    const double d = 1.0 - 0.5 / size;
    const double log10_expected = std::log10(2.0) + size * std::log10(0.5 / size);
    EXPECT_GE(matching_digits(kolmogorov_tail(n, d).log10_p_value, log10_expected), 12.0);
  }
}

TEST(KolmogorovTail, MethodsAgreeWhereTheyMeet) {
  // The body (matrix) and the tail (Miller) at n d^2 = 4.
  for (const std::int64_t n : {50, 200, 1500}) {
    const double d = std::sqrt(4.0 / static_cast<double>(n));
    const double below = kolmogorov_tail(n, d * (1.0 - 1e-13)).p_value;
    const double above = kolmogorov_tail(n, d * (1.0 + 1e-13)).p_value;
    EXPECT_GE(matching_digits(below, above), 9.5) << n;
  }
}

// The law of sqrt(n) D_n for large n, 2 sum_{k>=1} (-1)^(k-1) exp(-2 k^2 z^2), Kolmogorov's series.
double kolmogorov_limit(double z) {
  double sum = 0.0;
  for (int k = 20; k >= 1; --k) {
    sum += (k % 2 == 1 ? 2.0 : -2.0) * std::exp(-2.0 * k * k * z * z);
  }
  return sum;
}

TEST(KolmogorovTail, ExpansionForLargeSizesContinuesTheExactLaw) {
  // At n = 20,000 the expansion takes over from the matrix between these statistics; both follow
  // the limit with its 1/sqrt(n) shift, P(z + 1/(6 sqrt n)), to order 1/n.
  const std::int64_t n = 20'000;
  const double root_n = std::sqrt(static_cast<double>(n));
  for (const double z : {0.4, 0.45, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 1.7, 1.8, 2.2}) {
    const double shifted = kolmogorov_limit(z + 1.0 / (6.0 * root_n));
    EXPECT_NEAR(
        kolmogorov_tail(n, z / root_n).p_value / shifted, 1.0, 30.0 / static_cast<double>(n))
        << z;
  }
}

TEST(KolmogorovTail, ExpansionTakesOverFromTheMatrixWithoutAStep) {
  // At n = 8000 the matrix grows past its limit at n*d = 112 (z = 1.25), at n = 20,000 at 71 (z =
  // 0.5).
  for (const auto& [n, steps] : {std::pair{8'000, 112.0}, std::pair{20'000, 71.0}}) {
    const double d = steps / n;
    const double matrix = kolmogorov_tail(n, d * (1.0 - 1e-13)).p_value;
    const double expansion = kolmogorov_tail(n, d * (1.0 + 1e-13)).p_value;
    EXPECT_NE(matrix, expansion);
    EXPECT_GE(matching_digits(expansion, matrix), 8.5) << n;
  }
}

TEST(KolmogorovTail, DecreasesFromOneToZero) {
  for (const std::int64_t n : {1, 7, 140, 3000}) {
    double previous = 1.0;
    for (int step = 0; step <= 200; ++step) {
      const double p = kolmogorov_tail(n, step / 200.0).p_value;
      EXPECT_LE(p, previous * (1.0 + 1e-9) + 1e-12) << n << " at " << step;
      previous = p;
    }
    EXPECT_EQ(previous, 0.0);
  }
}

TEST(SmirnovTail, FollowsItsClosedForms) {
  EXPECT_NEAR(smirnov_tail(1, 0.3).p_value, 0.7, 1e-15);
  // n = 2: (1-d)^2 + 2 d (1/2 - d) for d <= 1/2.
  EXPECT_NEAR(smirnov_tail(2, 0.2).p_value, 0.64 + 2.0 * 0.2 * 0.3, 1e-15);
  EXPECT_NEAR(smirnov_tail(2, 0.7).p_value, 0.09, 1e-15);
  EXPECT_EQ(smirnov_tail(5, 0.0).p_value, 1.0);
  EXPECT_EQ(smirnov_tail(5, 1.0).p_value, 0.0);
}

TEST(SmirnovTail, LogarithmOutlivesTheSmallestDouble) {
  const TailProbability tail = smirnov_tail(2000, 0.9996);  // (1-d)^n.
  EXPECT_EQ(tail.p_value, 0.0);
  EXPECT_GE(matching_digits(tail.log10_p_value, 2000.0 * std::log10(1.0 - 0.9996)), 11.0);
}

TEST(Kolmogorov, RefusesImpossibleArguments) {
  EXPECT_EQ(core::caught_text([] { kolmogorov_tail(0, 0.5); }),
            "sample size: value 0 is below 1; choose at least 1.");
  EXPECT_EQ(core::caught_text([] { smirnov_tail(-1, 0.5); }),
            "sample size: value -1 is below 1; choose at least 1.");
}

}  // namespace
}  // namespace patina::stats
