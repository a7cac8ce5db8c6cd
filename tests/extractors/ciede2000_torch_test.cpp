// SPDX-License-Identifier: Apache-2.0
#include "extractors/quality/ciede2000_torch.h"

#include <string>

#include <ATen/CPUGeneratorImpl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include "core/error.h"
#include "tests/extractors/composed_ciede2000.h"

namespace patina::extractors {
namespace {

using ::testing::HasSubstr;

/// A pair of [N,3,H,W] images; the coated one is a leaf that requires a gradient.
struct Pair {
  torch::Tensor clean;
  torch::Tensor coated;
};

Pair noisy_pair(at::IntArrayRef shape, torch::ScalarType dtype, std::uint64_t seed = 1) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto options = torch::TensorOptions().dtype(torch::kFloat64);
  const torch::Tensor clean = torch::rand(shape, generator, options);
  const torch::Tensor coated = clean + 0.04 * torch::randn(shape, generator, options);
  return {clean.to(dtype), coated.to(dtype).requires_grad_(true)};
}

torch::Tensor gradient_of(const torch::Tensor& loss, const torch::Tensor& input) {
  return torch::autograd::grad({loss.sum()}, {input})[0];
}

double relative_gap(const torch::Tensor& actual, const torch::Tensor& expected) {
  const torch::Tensor gap = (actual.to(torch::kFloat64) - expected.to(torch::kFloat64)).abs();
  return gap.max().item<double>() / expected.abs().max().item<double>();
}

template <class Call>
core::Error caught(const Call& call) {
  try {
    call();
  } catch (const core::Error& error) {
    return error;
  }
  return {core::ErrorKind::kInternal, "test", "nothing was thrown"};
}

TEST(Ciede2000Loss, AgreesWithTheComposedGraphInDouble) {
  for (const LabScale scale : {LabScale::kCie, LabScale::kPublished}) {
    const Pair pair = noisy_pair({2, 3, 17, 23}, torch::kFloat64);
    const Ciede2000Options options{scale, 1e-4};
    const torch::Tensor fused = ciede2000_loss(pair.clean, pair.coated, options);
    const torch::Tensor composed = composed::loss(pair.clean, pair.coated, options);
    ASSERT_EQ(fused.sizes(), composed.sizes());
    EXPECT_LT(relative_gap(fused, composed), 1e-12);
    EXPECT_LT(relative_gap(gradient_of(fused, pair.coated), gradient_of(composed, pair.coated)),
              1e-10);
  }
}

TEST(Ciede2000Loss, AgreesWithTheComposedGraphInFloat) {
  const Pair pair = noisy_pair({2, 3, 100, 80}, torch::kFloat32);
  const torch::Tensor fused = ciede2000_loss(pair.clean, pair.coated);
  const torch::Tensor composed = composed::loss(pair.clean, pair.coated);
  EXPECT_EQ(fused.scalar_type(), torch::kFloat32);
  EXPECT_LT(relative_gap(fused, composed), 1e-5);
  EXPECT_LT(relative_gap(gradient_of(fused, pair.coated), gradient_of(composed, pair.coated)),
            1e-3);
}

TEST(Ciede2000Loss, WeighsEachSampleWithItsOwnOuterGradient) {
  const Pair pair = noisy_pair({3, 3, 8, 8}, torch::kFloat64);
  const torch::Tensor weights = torch::tensor({0.5, 0.0, -2.0}, torch::kFloat64);
  const torch::Tensor plain = gradient_of(ciede2000_loss(pair.clean, pair.coated), pair.coated);
  const torch::Tensor weighted = gradient_of(ciede2000_loss(pair.clean, pair.coated) * weights,
                                             pair.coated);
  EXPECT_LT(relative_gap(weighted, plain * weights.view({3, 1, 1, 1})), 1e-14);
}

TEST(Ciede2000Loss, TakesAnyMemoryFormat) {
  const Pair pair = noisy_pair({2, 3, 9, 11}, torch::kFloat32);
  const torch::Tensor last =
      pair.coated.detach().contiguous(torch::MemoryFormat::ChannelsLast).requires_grad_(true);
  const torch::Tensor expected = ciede2000_loss(pair.clean, pair.coated);
  const torch::Tensor actual = ciede2000_loss(pair.clean, last);
  EXPECT_TRUE(torch::equal(actual, expected));
  EXPECT_TRUE(torch::equal(gradient_of(actual, last), gradient_of(expected, pair.coated)));
}

TEST(Ciede2000Loss, IsTheSameForAnyNumberOfThreads) {
  const Pair pair = noisy_pair({2, 3, 101, 97}, torch::kFloat32);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const torch::Tensor one = ciede2000_loss(pair.clean, pair.coated);
  at::set_num_threads(4);
  const torch::Tensor four = ciede2000_loss(pair.clean, pair.coated);
  at::set_num_threads(before);
  EXPECT_TRUE(torch::equal(one, four));
  EXPECT_TRUE(torch::equal(gradient_of(one, pair.coated), gradient_of(four, pair.coated)));
}

TEST(Ciede2000Loss, OfEqualImagesIsTheFloorWithoutGradient) {
  const Pair pair = noisy_pair({1, 3, 6, 6}, torch::kFloat64);
  const torch::Tensor same = pair.clean.clone().requires_grad_(true);
  const torch::Tensor loss = ciede2000_loss(pair.clean, same);
  EXPECT_DOUBLE_EQ(loss.item<double>(), 1e-4);
  EXPECT_EQ(gradient_of(loss, same).abs().max().item<double>(), 0.0);
}

TEST(Ciede2000Loss, BuildsNoGraphWithoutNeed) {
  const Pair pair = noisy_pair({1, 3, 6, 6}, torch::kFloat32);
  EXPECT_FALSE(ciede2000_loss(pair.clean, pair.coated.detach()).requires_grad());
  const torch::NoGradGuard guard;
  EXPECT_FALSE(ciede2000_loss(pair.clean, pair.coated).requires_grad());
}

TEST(Ciede2000Loss, RefusesAGradientOfItsGradient) {
  const Pair pair = noisy_pair({1, 3, 6, 6}, torch::kFloat32);
  const torch::Tensor loss = ciede2000_loss(pair.clean, pair.coated).sum();
  const core::Error error = caught(
      [&] { torch::autograd::grad({loss}, {pair.coated}, {}, true, /*create_graph=*/true); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUnsupported);
  EXPECT_STREQ(
      error.what(),
      "ciede2000_loss: its gradient is computed without a graph and has no derivative; call "
      "backward() without create_graph.");
}

TEST(Ciede2000Loss, RefusesAGradientOfTheCleanImage) {
  const Pair pair = noisy_pair({1, 3, 6, 6}, torch::kFloat32);
  const core::Error error = caught([&] { ciede2000_loss(pair.coated, pair.clean); });
  EXPECT_STREQ(error.what(), "ciede2000_loss: the clean tensor requires a gradient; detach() it.");
}

TEST(Ciede2000Loss, RefusesWhatIsNotAPairOfImages) {
  const torch::Tensor image = torch::zeros({1, 3, 4, 5});
  struct Case {
    torch::Tensor clean;
    torch::Tensor coated;
    const char* message;
  };
  const Case cases[] = {
      {image[0], image[0], "the coated tensor is [3, 4, 5] Float; pass [N,3,H,W]"},
      {torch::zeros({1, 1, 4, 5}), torch::zeros({1, 1, 4, 5}), "is [1, 1, 4, 5] Float; pass"},
      {torch::zeros({1, 3, 0, 5}), torch::zeros({1, 3, 0, 5}), "pass [N,3,H,W] with H, W >= 1"},
      {image,
       torch::zeros({1, 3, 5, 4}),
       "clean tensor is [1, 3, 4, 5] Float, the coated one [1, 3, 5"},
      {image.to(torch::kFloat64), image, "pass two tensors of one shape and dtype"},
      {image.to(torch::kBFloat16),
       image.to(torch::kBFloat16),
       "convert them to float32 or float64"}};
  for (const Case& c : cases) {
    EXPECT_THAT(caught([&c] { ciede2000_loss(c.clean, c.coated); }).what(), HasSubstr(c.message));
    EXPECT_THAT(caught([&c] { ciede2000_map(c.clean, c.coated); }).what(), HasSubstr(c.message));
  }
}

TEST(Ciede2000MapTensor, SquaresAverageToTheLoss) {
  const Pair pair = noisy_pair({2, 3, 70, 90}, torch::kFloat64);
  const torch::Tensor map = ciede2000_map(pair.clean, pair.coated);
  EXPECT_EQ(map.sizes(), (std::vector<std::int64_t>{2, 70, 90}));
  EXPECT_LT(relative_gap(map.square().flatten(1).mean(1), ciede2000_loss(pair.clean, pair.coated)),
            1e-12);
}

}  // namespace
}  // namespace patina::extractors
