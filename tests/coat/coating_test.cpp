// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "coat/siren/coating_torch.h"
#include "transforms/lowpass_torch.h"

namespace patina::coat::siren {
namespace {

TEST(BandPass, TakesOutTheLocalMeanAndLeavesNothingOfAConstant) {
  const torch::Tensor constant = torch::ones({1, 3, 64, 64});
  const torch::Tensor inner =
      band_pass(constant, {1.5, 1.0, 3.0, 0.0}).slice(2, 10, 54).slice(3, 10, 54);
  EXPECT_LT(inner.abs().max().item<float>(), 1e-5F);
}

torch::Tensor rough(at::IntArrayRef shape) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(9);
  return 2.0 * torch::rand(shape, generator, torch::kFloat64) - 1.0;
}

TEST(BandPass, IsTheIdentityWithoutBlurMeanAndDamping) {
  const torch::Tensor delta = rough({2, 3, 12, 10});
  EXPECT_TRUE(torch::equal(band_pass(delta, {1.5, 0.0, 0.0, 0.0, 1.0}), delta));
}

TEST(BandPass, IsTheLowPassAloneWithoutAMean) {
  const torch::Tensor delta = rough({1, 3, 16, 16});
  EXPECT_TRUE(torch::equal(band_pass(delta, {1.5, 1.0, 0.0, 0.0, 1.0}),
                           transforms::lowpass(delta, 1.0, transforms::Border::kZero)));
}

TEST(BandPass, IsTwiceAndTwoFifthsTheDifferenceOfTwoLowPasses) {
  const torch::Tensor delta = rough({1, 3, 24, 24});
  const auto blurred = [&](double sigma) {
    return transforms::lowpass(delta, sigma, transforms::Border::kZero);
  };
  EXPECT_TRUE(torch::allclose(band_pass(delta, {1.5, 1.0, 3.0, 0.0, 1.0}),
                              2.4 * (blurred(1.0) - blurred(3.0))));
  EXPECT_TRUE(
      torch::allclose(band_pass(delta, {1.5, 0.0, 3.0, 0.0, 1.0}), 2.4 * (delta - blurred(3.0))));
}

TEST(BandPass, ReachesAsFarAsItsRadius) {
  const CoatingOptions options{1.5, 1.0, 3.0, 0.0, 1.0};
  EXPECT_EQ(band_radius(options), 8);  // Two and a half deviations of 3 pixels, rounded up.
  EXPECT_EQ(band_radius({1.5, 2.0, 0.0, 0.0, 1.0}), 5);
  EXPECT_EQ(band_radius({}), 0);
  torch::Tensor impulse = torch::zeros({1, 3, 41, 41}, torch::kFloat64);
  impulse.select(2, 20).select(2, 20).fill_(1.0);
  const torch::Tensor seen = band_pass(impulse, options)[0][0].abs();
  EXPECT_GT(seen[20][28].item<double>(), 0.0);
  EXPECT_EQ(seen[20][29].item<double>(), 0.0);
  EXPECT_EQ(seen[11][20].item<double>(), 0.0);
}

TEST(BandPass, KeepsLuminanceAndTheShareOfColourAskedFor) {
  const torch::Tensor weights =
      torch::tensor({0.299, 0.587, 0.114}, torch::kFloat64).view({1, 3, 1, 1});
  const torch::Tensor delta = rough({1, 3, 8, 8});
  const torch::Tensor luminance = (delta * weights).sum(1, true);
  for (const double chroma : {0.0, 0.25, 1.0}) {
    const torch::Tensor seen = band_pass(delta, {1.5, 0.0, 0.0, 0.0, chroma});
    EXPECT_TRUE(torch::allclose((seen * weights).sum(1, true), luminance, 1e-5, 1e-7)) << chroma;
    EXPECT_TRUE(torch::allclose(seen - luminance, chroma * (delta - luminance), 1e-5, 1e-7))
        << chroma;
  }
}

TEST(Dither, StaysWithinItsHalfWidthAndHasTheVarianceOfAUniformOne) {
  const torch::Tensor noise = dithered(torch::zeros({1, 3, 256, 256}), 0.04);
  EXPECT_LE(noise.abs().max().item<double>(), 0.04 + 1e-7);
  EXPECT_NEAR(noise.mean().item<double>(), 0.0, 4.0 * 0.04 / std::sqrt(3.0 * 196608.0));
  EXPECT_NEAR(noise.square().mean().item<double>(), 0.04 * 0.04 / 3.0, 1e-5);
}

TEST(Dither, RepeatsEvery256PixelsEachWay) {
  const torch::Tensor flat = torch::full({1, 3, 20, 30}, 0.5);
  const torch::Tensor here = dithered(flat, 0.02, 5, 9);
  EXPECT_TRUE(torch::equal(dithered(flat, 0.02, 261, 9), here));
  EXPECT_TRUE(torch::equal(dithered(flat, 0.02, 5, 265), here));
  EXPECT_FALSE(torch::equal(dithered(flat, 0.02, 6, 9), here));
}

TEST(Dither, OfNoWidthLeavesTheImageAlone) {
  const torch::Tensor image = rough({1, 3, 5, 5});
  EXPECT_TRUE(torch::equal(dithered(image, 0.0, 3, 4), image));
}

TEST(Dither, IsTheSameForEveryImageOfABatch) {
  const torch::Tensor seen = dithered(torch::zeros({2, 3, 9, 9}), 0.04);
  EXPECT_TRUE(torch::equal(seen[0], seen[1]));
}

// A coating of 1 changes a channel by strength times the ImageNet deviation times the mask.
TEST(ApplyCoating, AddsInNormalisedSpaceBehindTheMask) {
  const torch::Tensor unit = torch::full({1, 3, 4, 4}, 0.25, torch::kFloat64);
  const torch::Tensor mask = torch::full({1, 1, 4, 4}, 0.1, torch::kFloat64);
  const torch::Tensor coated = apply_coating(
      unit, torch::ones_like(unit), mask, {1.5, 0.0, 0.0, 0.0, 1.0});
  const double deviations[] = {0.229, 0.224, 0.225};
  for (int c = 0; c < 3; ++c) {
    EXPECT_NEAR(coated[0][c][2][1].item<double>(), 0.25 + 1.5 * deviations[c] * 0.1, 1e-7) << c;
  }
}

TEST(ApplyCoating, IsNotClamped) {
  const torch::Tensor white = torch::ones({1, 3, 4, 4}, torch::kFloat64);
  EXPECT_GT(apply_coating(white, white, torch::ones({1, 1, 4, 4}, torch::kFloat64), {})
                .min()
                .item<double>(),
            1.0);
}

double psnr_db(const torch::Tensor& clean, const torch::Tensor& coated) {
  return -10.0 * std::log10((coated - clean).square().mean().item<double>());
}

TEST(AtFidelity, GivesEachImageThePsnrAskedFor) {
  const torch::Tensor clean = torch::full({2, 3, 16, 16}, 0.5, torch::kFloat64);
  // 36 dB and 44 dB: both within the shares of 40 dB.
  torch::Tensor change = torch::ones_like(clean);
  change[0].mul_(std::pow(10.0, -36.0 / 20.0));
  change[1].mul_(-std::pow(10.0, -44.0 / 20.0));
  const torch::Tensor seen = at_fidelity(clean, clean + change, 40.0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_NEAR(psnr_db(clean[i], seen[i]), 40.0, 0.01) << i;
  }
  EXPECT_LT(seen[1].max().item<double>(), 0.5) << "a coating keeps its sign";
}

// 20 log10 0.4 = -7.96 dB and 20 log10 2.5 = 7.96 dB.
TEST(AtFidelity, ScalesByTwoFifthsAtLeastAndTwoAndAHalfAtMost) {
  const torch::Tensor clean = torch::zeros({1, 3, 8, 8}, torch::kFloat64);
  const torch::Tensor coated = clean + 0.01;
  EXPECT_TRUE(torch::allclose(at_fidelity(clean, coated, 60.0), clean + 0.004));
  EXPECT_TRUE(torch::allclose(at_fidelity(clean, coated, 20.0), clean + 0.025));
}

TEST(AtFidelity, OfNoDecibelsLeavesThemAsTheyAre) {
  const torch::Tensor clean = rough({1, 3, 6, 6}), coated = clean + 0.3;
  EXPECT_TRUE(torch::equal(at_fidelity(clean, coated, 0.0), coated));
}

// Were the factor part of the gradient, scaling a change would have none along itself.
TEST(AtFidelity, PassesTheGradientOfTheChangeAlone) {
  const torch::Tensor clean = torch::zeros({1, 3, 4, 4}, torch::kFloat64);
  torch::Tensor coated = (clean + 0.01).set_requires_grad(true);
  at_fidelity(clean, coated, 34.0).sum().backward();  // A factor of 10^(-1.7) / 0.01 = 1.995.
  EXPECT_TRUE(torch::allclose(coated.grad(), torch::full_like(clean, 1.99526), 1e-3));
}

TEST(Dither, IsTheSameForAPixelWhateverTheTile) {
  const torch::Tensor whole = dithered(torch::zeros({1, 3, 40, 50}), 0.04, 300, 7);
  const torch::Tensor part = dithered(torch::zeros({1, 3, 20, 20}), 0.04, 310, 17);
  EXPECT_TRUE(torch::equal(whole.slice(2, 10, 30).slice(3, 10, 30), part));
}

}  // namespace
}  // namespace patina::coat::siren
