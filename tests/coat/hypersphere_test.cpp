// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "coat/siren/hypersphere_torch.h"
#include "core/error.h"

namespace patina::coat::siren {
namespace {

TEST(CoatingScore, KeepsPrecisionNearTheCentre) {
  const torch::Tensor squared = torch::tensor({0.0F, 1e-12F, 1e-8F});
  const torch::Tensor score = coating_score(squared);
  EXPECT_EQ(score[0].item<float>(), 0.0F);
  EXPECT_NEAR(score[1].item<float>(), 5e-13F, 1e-18F);  // d^2/2; sqrt(1+d^2)-1 would give 0.
}

TEST(HypersphereLosses, HaveFiniteGradientsAtTheCentre) {
  for (const NegativeForm form : {NegativeForm::kHinge,
                                  NegativeForm::kLogDistance2,
                                  NegativeForm::kLogHuber,
                                  NegativeForm::kLogHuberPublic,
                                  NegativeForm::kLogMargin}) {
    torch::Tensor features = torch::zeros({3, 4}, torch::kFloat64).set_requires_grad(true);
    const torch::Tensor squared = squared_distance(features, torch::zeros({4}, torch::kFloat64));
    negative_loss(squared, 1.0, form).sum().backward();
    EXPECT_TRUE(torch::isfinite(features.grad()).all().item<bool>());
  }
}

TEST(LineSearch, LeavesAboutTheShareNuOutside) {
  const torch::Tensor distances = torch::arange(1, 101, torch::kFloat64);
  const double radius = radius_by_line_search(distances, 0.1);
  EXPECT_NEAR((distances > radius).sum().item<double>(), 10.0, 1.0);
}

TEST(LineSearch, NoOrderStatisticGivesLess) {
  const torch::Tensor distances = torch::tensor({0.3, 0.9, 1.1, 1.4, 2.0, 5.0}, torch::kFloat64);
  for (const double nu : {0.05, 0.3, 0.7}) {
    const auto value = [&](double radius) {
      return positive_loss(distances.square(), radius, nu).item<double>();
    };
    const double best = value(radius_by_line_search(distances, nu));
    for (int i = 0; i < 6; ++i) EXPECT_LE(best, value(distances[i].item<double>()) + 1e-12);
  }
}

TEST(LineSearch, RefusesNoDistances) {
  EXPECT_THROW(radius_by_line_search(torch::empty({0}), 0.1), core::Error);
}

}  // namespace
}  // namespace patina::coat::siren
