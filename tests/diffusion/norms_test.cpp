// SPDX-License-Identifier: Apache-2.0
// The bfloat16 kernels against LibTorch's float32 norms of the same values.
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include "diffusion/networks/attention_torch.h"
#include "diffusion/networks/internal/bfloat16_kernels.h"
#include "diffusion/networks/norms_torch.h"

namespace patina::diffusion {
namespace {

using torch::Tensor;

constexpr double kRounding = 1.0 / 128;  // a step of bfloat16, relative; results round once

Tensor image(std::int64_t channels, std::int64_t height, std::int64_t width) {
  torch::manual_seed(5);
  return (3.0 * torch::randn({2, channels, height, width}) + 1.0)
      .to(torch::kBFloat16)
      .contiguous(torch::MemoryFormat::ChannelsLast);
}

void expect_near(const Tensor& actual, const Tensor& expected) {
  EXPECT_EQ(actual.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(torch::allclose(actual.to(torch::kFloat32), expected, kRounding, kRounding));
}

class BFloat16GroupNorm
    : public ::testing::TestWithParam<std::tuple<std::int64_t, std::int64_t, bool>> {};

TEST_P(BFloat16GroupNorm, RoundsTheFloat32Norm) {
  const auto [channels, side, with_silu] = GetParam();
  const Tensor x = image(channels, side, side + 1);
  const Tensor weight = torch::rand({channels}) + 0.5;
  const Tensor bias = torch::randn({channels});
  Tensor expected = torch::group_norm(x.to(torch::kFloat32), 4, weight, bias, 1e-5);
  if (with_silu) expected = torch::silu(expected);
  expect_near(group_normalised(x, 4, weight, bias, 1e-5, with_silu), expected);
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         BFloat16GroupNorm,
                         ::testing::Combine(::testing::Values(4, 20, 320),
                                            ::testing::Values(1, 7, 33),
                                            ::testing::Bool()));

TEST(BFloat16Norms, KeepChannelsLast) {
  const Tensor x = image(8, 4, 4);
  EXPECT_TRUE(group_normalised(x, 4, torch::ones({8}), torch::zeros({8}), 1e-5, true)
                  .is_contiguous(torch::MemoryFormat::ChannelsLast));
}

TEST(BFloat16Norms, OfRowsRoundTheFloat32Norm) {
  torch::manual_seed(6);
  const Tensor x = torch::randn({3, 5, 40}).to(torch::kBFloat16);
  const Tensor weight = torch::rand({40}) + 0.5;
  const Tensor bias = torch::randn({40});
  expect_near(layer_normalised(x, weight, bias, 1e-5),
              torch::layer_norm(x.to(torch::kFloat32), {40}, weight, bias, 1e-5));
}

TEST(BFloat16Norms, HaveTheGradientsOfTheDefinition) {
  const Tensor x = image(8, 6, 6).requires_grad_(true);
  const Tensor weight = (torch::rand({8}) + 0.5).requires_grad_(true);
  const Tensor bias = torch::randn({8}).requires_grad_(true);
  const Tensor w = torch::randn(x.sizes());
  const auto gradients = [&](const Tensor& output) {
    return torch::autograd::grad({(output.to(torch::kFloat32) * w).sum()}, {x, weight, bias});
  };
  const auto found = gradients(group_normalised(x, 4, weight, bias, 1e-5, true));
  const auto expected = gradients(
      torch::silu(torch::group_norm(x.to(torch::kFloat32), 4, weight, bias, 1e-5)));
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_TRUE(
        torch::allclose(found[i].to(torch::kFloat32), expected[i].to(torch::kFloat32), 0.03, 0.03))
        << "gradient " << i;
  }
}

TEST(BFloat16Norms, LetGradientsThroughFrozenWeights) {
  const Tensor x = image(8, 6, 6).requires_grad_(true);
  group_normalised(x, 4, torch::ones({8}), torch::zeros({8}), 1e-5, true).sum().backward();
  EXPECT_TRUE(torch::isfinite(x.grad()).all().item<bool>());
}

TEST(BFloat16Attention, RoundsTheFloat32Attention) {
  torch::manual_seed(7);
  const auto draw = [](std::int64_t tokens) {
    return torch::randn({2, 3, tokens, 16}).to(torch::kBFloat16);
  };
  const Tensor q = draw(50);
  const Tensor k = draw(33);
  const Tensor v = draw(33);
  const Tensor expected = blocked_attention(
      q.to(torch::kFloat32), k.to(torch::kFloat32), v.to(torch::kFloat32));
  EXPECT_TRUE(
      torch::allclose(blocked_attention(q, k, v).to(torch::kFloat32), expected, 0.02, 0.02));
}

TEST(BFloat16Attention, PassesNotANumberOnWhateverItsSign) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN()}) {
    Tensor q = torch::ones({1, 1, 4, 8}).to(torch::kBFloat16);
    const Tensor k = torch::ones({1, 1, 5, 8}).to(torch::kBFloat16);
    Tensor v = k.clone();
    q[0][0][2][3] = bad;
    const Tensor nan = torch::isnan(blocked_attention(q, k, v).to(torch::kFloat32));
    EXPECT_TRUE(nan[0][0][2].all().item<bool>());
    EXPECT_FALSE(nan[0][0][1].any().item<bool>());
  }
}

TEST(BFloat16Kernels, KeepEverySortOfNotANumberInARow) {
  for (const std::uint16_t bits : {0x7FC0, 0xFFC0, 0x7F81, 0xFFFF}) {
    std::vector<std::uint16_t> row(40, 0x3F80);  // 1.0
    row[7] = bits;
    float sum = 0.0F;
    float largest = 0.0F;
    internal::exp_rows_bfloat16(row.data(), 1, 40, 1.0F, &sum, &largest);
    EXPECT_TRUE(std::isnan(sum)) << bits;
  }
}

}  // namespace
}  // namespace patina::diffusion
