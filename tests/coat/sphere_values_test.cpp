// SPDX-License-Identifier: Apache-2.0
// The hypersphere's losses at numbers worked out by hand from [Siren 2025, Eq. 5 and 6] and the forms
// that Eq. 6 is known by.
#include <cmath>

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "coat/siren/hypersphere_torch.h"
#include "core/error.h"

namespace patina::coat::siren {
namespace {

torch::Tensor numbers(std::vector<double> values) { return torch::tensor(values, torch::kFloat64); }

double loss_of(double squared, double radius, NegativeForm form) {
  return negative_loss(numbers({squared}), radius, form)[0].item<double>();
}

// (3, 4) lies 5 from the origin, (1, 1) its root of two.
TEST(SquaredDistance, IsThatOfEachRowFromTheCentre) {
  const torch::Tensor features = numbers({3.0, 4.0, 1.0, 1.0, 2.0, -1.0}).view({3, 2});
  EXPECT_TRUE(
      torch::equal(squared_distance(features, numbers({0.0, 0.0})), numbers({25.0, 2.0, 5.0})));
  EXPECT_TRUE(torch::equal(squared_distance(features, numbers({1.0, 1.0}).view({1, 2})),
                           numbers({13.0, 0.0, 5.0})));
}

// sqrt(d^2 + 1) - 1 of the Pythagorean d^2 = 3, 8, 15, 24.
TEST(CoatingScore, IsTheRootOfTheSquaredDistanceAndOneLessOne) {
  EXPECT_TRUE(torch::allclose(coating_score(numbers({0.0, 3.0, 8.0, 15.0, 24.0, 0.5625})),
                              numbers({0.0, 1.0, 2.0, 3.0, 4.0, 0.25})));
}

// Eq. 5 of squared distances 1, 4, 9 and 16: R^2 + sum max(0, d^2 - R^2) / (4 nu).
TEST(PositiveLoss, IsEquationFive) {
  const torch::Tensor squared = numbers({1.0, 4.0, 9.0, 16.0});
  const struct {
    double radius, nu, loss;
  } cases[] = {{0.0, 1.0, 7.5},                       // 30 / 4
               {2.0, 0.5, 4.0 + (5.0 + 12.0) / 2.0},  // two outside
               {3.0, 0.1, 9.0 + 7.0 / 0.4},           // one outside
               {4.0, 0.1, 16.0}};                     // none
  for (const auto& tested : cases) {
    EXPECT_DOUBLE_EQ(positive_loss(squared, tested.radius, tested.nu).item<double>(), tested.loss)
        << tested.radius;
  }
}

TEST(PositiveLoss, PullsOnlyWhatLiesOutside) {
  torch::Tensor squared = numbers({1.0, 4.0, 9.0, 16.0}).set_requires_grad(true);
  positive_loss(squared, 2.5, 0.5).backward();  // 1 / (nu n) is a half.
  EXPECT_TRUE(torch::equal(squared.grad(), numbers({0.0, 0.0, 0.5, 0.5})));
}

TEST(NegativeLoss, AsAHingeIsWhatLacksToTheSphere) {
  EXPECT_EQ(loss_of(1.0, 2.0, NegativeForm::kHinge), 3.0);
  EXPECT_EQ(loss_of(4.0, 2.0, NegativeForm::kHinge), 0.0);
  EXPECT_EQ(loss_of(9.0, 2.0, NegativeForm::kHinge), 0.0);
}

// -log(1 - exp(-x)) is log 2 at x = log 2, and log(4/3) at x = log 4.
TEST(NegativeLoss, AsALogarithmHasItsValuesWhereTheExponentialIsAHalfAndAQuarter) {
  const double half = std::log(2.0), quarter = std::log(4.0);
  const auto squared_of_score = [](double h) { return (h + 1.0) * (h + 1.0) - 1.0; };
  const struct {
    double exponent, loss;
  } cases[] = {{half, std::log(2.0)}, {quarter, std::log(4.0 / 3.0)}};
  for (const auto& tested : cases) {
    const double x = tested.exponent;
    EXPECT_NEAR(loss_of(x, 1.0, NegativeForm::kLogDistance2), tested.loss, 1e-12);
    EXPECT_NEAR(loss_of(squared_of_score(x), 1.0, NegativeForm::kLogHuber), tested.loss, 1e-12);
    EXPECT_NEAR(
        loss_of(squared_of_score(x / 0.3), 1.0, NegativeForm::kLogHuberPublic), tested.loss, 1e-8);
    EXPECT_NEAR(loss_of(9.0 + x, 3.0, NegativeForm::kLogMargin), tested.loss, 1e-12);
  }
}

TEST(NegativeLoss, FallsWithTheDistanceInEveryForm) {
  for (const NegativeForm form : {NegativeForm::kHinge,
                                  NegativeForm::kLogDistance2,
                                  NegativeForm::kLogHuber,
                                  NegativeForm::kLogHuberPublic,
                                  NegativeForm::kLogMargin}) {
    double previous = std::numeric_limits<double>::infinity();
    for (const double squared : {0.0, 0.5, 1.5, 4.0, 25.0}) {
      const double loss = loss_of(squared, 1.0, form);
      EXPECT_LE(loss, previous);
      EXPECT_GE(loss, -1e-8);
      EXPECT_TRUE(std::isfinite(loss));
      previous = loss;
    }
  }
}

// Of 0, 1 ... 10 the share of nine tenths lies at 9, of three quarters at 7.5.
TEST(RadiusByQuantile, InterpolatesBetweenOrderStatistics) {
  const torch::Tensor distances = numbers({10, 3, 7, 0, 5, 1, 9, 2, 8, 4, 6});
  const std::pair<double, double> cases[] = {
      {0.1, 9.0}, {0.25, 7.5}, {0.5, 5.0}, {0.0, 10.0}, {1.0, 0.0}};
  for (const auto& [nu, radius] : cases) {
    EXPECT_NEAR(radius_by_quantile(distances, nu), radius, 1e-12) << nu;
  }
  EXPECT_EQ(radius_by_quantile(numbers({4.0}), 0.1), 4.0);
}

TEST(RadiusByQuantile, RefusesNoDistances) {
  EXPECT_THROW(radius_by_quantile(torch::empty({0}), 0.1), core::Error);
}

// Distances 1, 2, 3 and nu = 1/2: Eq. 5 is 1 + 11 / 1.5 at 1, 4 + 5 / 1.5 at 2 and 9 at 3. With nu =
// 0.9 it is 1 + 11 / 2.7 at 1, 4 + 5 / 2.7 at 2.
TEST(RadiusByLineSearch, IsTheDistanceOfTheLeastLoss) {
  EXPECT_EQ(radius_by_line_search(numbers({3.0, 1.0, 2.0}), 0.5), 2.0);
  EXPECT_EQ(radius_by_line_search(numbers({3.0, 1.0, 2.0}), 0.9), 1.0);
  EXPECT_EQ(radius_by_line_search(numbers({3.0, 1.0, 2.0}), 0.1), 3.0);
  EXPECT_EQ(radius_by_line_search(numbers({2.0, 2.0, 2.0}), 0.3), 2.0);
}

}  // namespace
}  // namespace patina::coat::siren
