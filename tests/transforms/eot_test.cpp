// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tensors/images_torch.h"
#include "tests/images/sample_image.h"
#include "transforms/eot_torch.h"
#include "transforms/jpeg_torch.h"
#include "transforms/quantise_torch.h"

namespace patina::transforms {
namespace {

torch::Tensor sample_batch(int n) {
  std::vector<torch::Tensor> images;
  for (int i = 0; i < n; ++i) {
    images.push_back(
        tensors::tensor_from_image(images::sample_image(48, 48, static_cast<std::uint64_t>(i))));
  }
  return torch::cat(images);
}

TEST(RobustnessLayer, IsTheIdentityAtRampZero) {
  core::Rng rng(1);
  const torch::Tensor images = sample_batch(4);
  EXPECT_TRUE(torch::equal(transform_images(images, {0.0, 1.0, 4}, rng), images));
}

TEST(RobustnessLayer, KeepsShapeAndRangeAndIsFixedByItsSeed) {
  const torch::Tensor images = sample_batch(8);
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    core::Rng one(seed), two(seed);
    const torch::Tensor a = transform_images(images, {1.0, 1.0, 4}, one);
    EXPECT_EQ(a.sizes(), images.sizes());
    EXPECT_GE(a.min().item<float>(), 0.0F);
    EXPECT_LE(a.max().item<float>(), 1.0F);
    EXPECT_TRUE(torch::equal(a, transform_images(images, {1.0, 1.0, 4}, two)));
  }
}

TEST(RobustnessLayer, PassesFiniteGradientsThroughEveryOperation) {
  using Operation = torch::Tensor (*)(const torch::Tensor&, double, core::Rng&);
  for (const Operation operation :
       {eot_blur, eot_noise, eot_colour, eot_saturation, eot_jpeg, eot_crop_resize}) {
    core::Rng rng(5);
    torch::Tensor images = sample_batch(2).set_requires_grad(true);
    operation(images, 1.0, rng).sum().backward();
    EXPECT_TRUE(torch::isfinite(images.grad()).all().item<bool>());
    EXPECT_GT(images.grad().abs().sum().item<float>(), 0.0F);
  }
}

TEST(Jpeg, LeavesAFlatImageAtAStepOfItsTableAlone) {
  const torch::Tensor grey = torch::full({1, 3, 32, 32}, 128.0 / 255.0);
  EXPECT_LT((jpeg_round_trip(grey, {75.0, true, JpegRounding::kStraightThrough}) - grey)
                .abs()
                .max()
                .item<float>(),
            1e-4F);
}

TEST(Jpeg, ErrsLessAtHigherQuality) {
  const torch::Tensor image = sample_batch(1);
  double previous = 1.0;
  for (const double quality : {30.0, 60.0, 90.0, 100.0}) {
    const double error = (jpeg_round_trip(image, {quality, false, JpegRounding::kStraightThrough}) -
                          image)
                             .square()
                             .mean()
                             .item<double>();
    EXPECT_LT(error, previous) << quality;
    previous = error;
  }
}

TEST(Jpeg, HandlesSidesThatAreNoMultipleOfABlock) {
  const torch::Tensor image = sample_batch(1).slice(2, 0, 37).slice(3, 0, 41);
  EXPECT_EQ(jpeg_round_trip(image, {}).sizes(), image.sizes());
}

TEST(StraightThroughRounding, RoundsLikeAFileAndPassesTheGradientInside) {
  torch::Tensor x = torch::tensor({-0.2F, 0.1F, 0.5F, 1.3F}).set_requires_grad(true);
  const torch::Tensor y = quantise_straight_through(x);
  EXPECT_TRUE(torch::allclose(y * 255.0, torch::tensor({0.0F, 26.0F, 128.0F, 255.0F})));
  y.sum().backward();
  EXPECT_TRUE(torch::equal(x.grad(), torch::tensor({0.0F, 1.0F, 1.0F, 0.0F})));
}

}  // namespace
}  // namespace patina::transforms
