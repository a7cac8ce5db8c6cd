// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "transforms/lowpass_torch.h"

namespace patina::transforms {
namespace {

torch::Tensor impulse(int side, int y, int x) {
  torch::Tensor image = torch::zeros({1, 1, side, side}, torch::kFloat64);
  image[0][0][y][x] = 1.0;
  return image;
}

torch::Tensor noise(at::IntArrayRef shape) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(5);
  return torch::rand(shape, generator, torch::kFloat64);
}

TEST(Lowpass, ReachesTwoAndAHalfDeviationsRoundedUp) {
  const std::pair<double, int> cases[] = {
      {0.0, 0}, {0.1, 1}, {0.4, 1}, {0.5, 2}, {1.0, 3}, {2.0, 5}, {3.0, 8}};
  for (const auto& [sigma, radius] : cases) EXPECT_EQ(lowpass_radius(sigma), radius) << sigma;
}

// exp(-k^2 / 2) for k = 0 to 3 is 1, 0.60653, 0.13534, 0.01111; both sides sum to 2.50596.
TEST(Lowpass, OfAnImpulseIsTheProductOfTwoNormalisedGaussians) {
  const double taps[] = {0.39905028, 0.24203623, 0.05400559, 0.00443305};
  const torch::Tensor seen = lowpass(impulse(15, 7, 7), 1.0, Border::kZero);
  for (int y = 0; y < 15; ++y) {
    for (int x = 0; x < 15; ++x) {
      const int down = std::abs(y - 7), across = std::abs(x - 7);
      const double expected = down > 3 || across > 3 ? 0.0 : taps[down] * taps[across];
      EXPECT_NEAR(seen[0][0][y][x].item<double>(), expected, 1e-7) << x << "," << y;
    }
  }
}

TEST(Lowpass, IsTheSameWhicheverWayTheImageIsTurned) {
  const torch::Tensor image = noise({1, 2, 14, 14});
  for (const Border border : {Border::kZero, Border::kReplicate}) {
    const torch::Tensor plain = lowpass(image, 1.3, border);
    EXPECT_TRUE(torch::allclose(lowpass(image.flip(3), 1.3, border).flip(3), plain));
    EXPECT_TRUE(torch::allclose(lowpass(image.flip(2), 1.3, border).flip(2), plain));
    EXPECT_TRUE(
        torch::allclose(lowpass(image.transpose(2, 3), 1.3, border).transpose(2, 3), plain));
  }
}

TEST(Lowpass, LeavesAConstantAloneWhereTheBorderIsRepeated) {
  const torch::Tensor constant = torch::full({2, 3, 9, 6}, 0.37, torch::kFloat64);
  EXPECT_TRUE(torch::allclose(lowpass(constant, 2.0, Border::kReplicate), constant));
}

// At the corner of ones amid zeros each axis keeps the middle tap and one side: (1 + 0.39905) / 2.
TEST(Lowpass, CountsWhatLiesOutsideAsNothingWhereTheBorderIsZero) {
  const torch::Tensor seen = lowpass(
      torch::ones({1, 1, 9, 9}, torch::kFloat64), 1.0, Border::kZero);
  EXPECT_NEAR(seen[0][0][0][0].item<double>(), 0.69952514 * 0.69952514, 1e-7);
  EXPECT_NEAR(seen[0][0][0][4].item<double>(), 0.69952514, 1e-7);
  EXPECT_NEAR(seen[0][0][4][4].item<double>(), 1.0, 1e-12);
}

TEST(Lowpass, OfDeviationZeroIsTheImageItself) {
  const torch::Tensor image = noise({1, 3, 5, 4});
  for (const Border border : {Border::kZero, Border::kReplicate}) {
    EXPECT_TRUE(torch::equal(lowpass(image, 0.0, border), image));
  }
}

TEST(Lowpass, KeepsTheMeanOfAnImageThatIsDarkNearItsBorder) {
  torch::Tensor image = torch::zeros({1, 1, 21, 21}, torch::kFloat64);
  image.slice(2, 6, 15).slice(3, 6, 15).copy_(noise({1, 1, 9, 9}));
  EXPECT_NEAR(
      lowpass(image, 2.0, Border::kZero).sum().item<double>(), image.sum().item<double>(), 1e-12);
}

TEST(Lowpass, TreatsImagesAndChannelsApart) {
  const torch::Tensor batch = noise({2, 3, 8, 11});
  const torch::Tensor together = lowpass(batch, 0.8, Border::kReplicate);
  for (int n = 0; n < 2; ++n) {
    for (int c = 0; c < 3; ++c) {
      const torch::Tensor alone = batch.slice(0, n, n + 1).slice(1, c, c + 1);
      EXPECT_TRUE(torch::allclose(lowpass(alone, 0.8, Border::kReplicate)[0][0], together[n][c]));
    }
  }
}

TEST(Lowpass, IsLinear) {
  const torch::Tensor one = noise({1, 1, 7, 7}), other = one.flip(2) * one;
  EXPECT_TRUE(torch::allclose(
      lowpass(2.0 * one - 3.0 * other, 1.5, Border::kZero),
      2.0 * lowpass(one, 1.5, Border::kZero) - 3.0 * lowpass(other, 1.5, Border::kZero)));
}

// A symmetric filter is its own adjoint.
TEST(Lowpass, PassesGradientsBackThroughTheSameFilter) {
  torch::Tensor image = noise({1, 1, 10, 10}).set_requires_grad(true);
  const torch::Tensor weights = noise({1, 1, 10, 10}).flip(3);
  (lowpass(image, 1.0, Border::kZero) * weights).sum().backward();
  EXPECT_TRUE(torch::allclose(image.grad(), lowpass(weights, 1.0, Border::kZero)));
}

}  // namespace
}  // namespace patina::transforms
