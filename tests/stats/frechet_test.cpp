// SPDX-License-Identifier: Apache-2.0
// The Frechet distance against cases with a closed form.
#include "stats/frechet.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "tests/core/caught.h"

namespace patina::stats {
namespace {

// Corners of a box: mean `shift`, covariance diag(4/3 a^2, 4/3 b^2) with the divisor n - 1.
FeatureSample box(double a, double b, double shift = 0.0) {
  return {{shift + a, b}, {shift + a, -b}, {shift - a, b}, {shift - a, -b}};
}

TEST(FrechetDistance, OfASampleToItselfIsZero) {
  EXPECT_NEAR(frechet_distance(box(1, 2), box(1, 2)), 0.0, 1e-12);
}

TEST(FrechetDistance, OfShiftedSamplesIsTheSquaredShift) {
  EXPECT_NEAR(frechet_distance(box(1, 2), box(1, 2, 3.0)), 9.0, 1e-12);
}

// Commuting covariances: sum over axes of (s1 - s2)^2.
TEST(FrechetDistance, OfScaledSamplesIsThatOfTheirDeviations) {
  const double unit = std::sqrt(4.0 / 3.0);
  const double expected = std::pow(unit * (3.0 - 1.0), 2) + std::pow(unit * (2.0 - 0.5), 2);
  EXPECT_NEAR(frechet_distance(box(3, 2), box(1, 0.5)), expected, 1e-12);
}

// Two axes a quarter turn apart: S1 = s e1 e1', S2 = s e2 e2', S1 S2 = 0.
TEST(FrechetDistance, OfOrthogonalLinesIsTheSumOfTheirVariances) {
  EXPECT_NEAR(frechet_distance({{1, 0}, {-1, 0}}, {{0, 1}, {0, -1}}), 4.0, 1e-12);
}

TEST(FrechetDistance, IsSymmetric) {
  const FeatureSample first = {{1, 2}, {3, 1}, {0, 4}}, second = {{2, 2}, {5, 1}, {1, 0}, {3, 3}};
  EXPECT_NEAR(frechet_distance(first, second), frechet_distance(second, first), 1e-12);
}

TEST(FrechetDistance, NeedsTwoItemsOfOneLength) {
  EXPECT_NE(core::caught_text([] {
              frechet_distance({{1.0}}, {{1.0}, {2.0}});
            }).find("1 items, it needs at least 2"),
            std::string::npos);
  EXPECT_NE(core::caught_text([] {
              frechet_distance({{1.0}, {2.0}}, {{1.0}, {2.0, 3.0}});
            }).find("items of 1 and 2 features"),
            std::string::npos);
}

}  // namespace
}  // namespace patina::stats
