// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <gtest/gtest.h>

#include "extractors/siren/network_input_torch.h"
#include "keys/coat_key.h"
#include "tensors/images_torch.h"
#include "transforms/lowpass_torch.h"

namespace patina::extractors {
namespace {

torch::Tensor sample_unit(int side) {
  const torch::Tensor axis = torch::arange(side, torch::kFloat32);
  const torch::Tensor wave = torch::sin(axis.view({1, -1}) * 0.7) *
                             torch::cos(axis.view({-1, 1}) * 0.3);
  return torch::stack({0.5 + 0.2 * wave, 0.4 + 0.1 * wave, 0.6 - 0.15 * wave}).unsqueeze(0);
}

// The definition, one pixel at a time, with edge pixels repeated outside.
double mscn_at(const torch::Tensor& unit, int channel, int row, int column) {
  const int side = static_cast<int>(unit.size(2)),
            radius = transforms::lowpass_radius(kMscnSigmaPx);
  const auto value = unit.accessor<float, 4>();
  double weights = 0.0, mean[3] = {0.0, 0.0, 0.0}, square = 0.0;
  for (int y = -radius; y <= radius; ++y) {
    for (int x = -radius; x <= radius; ++x) {
      const double weight = std::exp(-(x * x + y * y) / (2.0 * kMscnSigmaPx * kMscnSigmaPx));
      const int at_y = std::clamp(row + y, 0, side - 1), at_x = std::clamp(column + x, 0, side - 1);
      weights += weight;
      for (int c = 0; c < 3; ++c) {
        const double u = value[0][c][at_y][at_x];
        mean[c] += weight * u;
        square += weight * u * u / 3.0;
      }
    }
  }
  double variance = square / weights;
  for (double& m : mean) {
    m /= weights;
    variance -= m * m / 3.0;
  }
  return (value[0][channel][row][column] - mean[channel]) /
         std::sqrt(variance + kMscnFloor * kMscnFloor);
}

TEST(Mscn, IsItsDefinitionInsideAndAtTheBorder) {
  const torch::Tensor unit = sample_unit(24);
  const torch::Tensor actual = mscn(unit);
  for (const auto& [channel, row, column] :
       {std::tuple{0, 12, 11}, {1, 0, 0}, {2, 23, 5}, {0, 3, 22}}) {
    EXPECT_NEAR(
        actual[0][channel][row][column].item<double>(), mscn_at(unit, channel, row, column), 2e-4);
  }
}

TEST(Mscn, IsZeroOnAConstant) {
  EXPECT_LT(mscn(torch::full({1, 3, 20, 20}, 0.7F)).abs().max().item<float>(), 1e-3F);
}

TEST(Mscn, DoesNotChangeWithBrightness) {
  const torch::Tensor unit = sample_unit(40);
  EXPECT_LT((mscn(unit) - mscn(unit + 0.1)).abs().max().item<float>(), 1e-3F);
}

// mscn(a u) = a (u - mean) / sqrt(a^2 var + c^2): between a mscn(u) and mscn(u) for a < 1.
TEST(Mscn, LosesAtMostTheShareOfContrastThatIsTakenAway) {
  const torch::Tensor unit = sample_unit(40);
  const torch::Tensor whole = mscn(unit).abs(), half = mscn(0.5 * unit).abs();
  EXPECT_LT((half - whole).max().item<float>(), 1e-3F);
  EXPECT_LT((0.5 * whole - half).max().item<float>(), 1e-3F);
}

TEST(Mscn, OfATileWithItsHaloIsThatOfTheWholeImage) {
  const torch::Tensor unit = sample_unit(60);
  const int halo = input_halo(InputNorm::kMscn);
  const torch::Tensor tile = mscn(
                                 unit.slice(2, 20 - halo, 40 + halo).slice(3, 15 - halo, 30 + halo))
                                 .slice(2, halo, halo + 20)
                                 .slice(3, halo, halo + 15);
  const torch::Tensor whole = mscn(unit).slice(2, 20, 40).slice(3, 15, 30);
  EXPECT_LT((tile - whole).abs().max().item<float>(), 1e-4F);
}

TEST(NetworkInput, OfThePublicCodeIsImageNetNormalised) {
  const torch::Tensor unit = sample_unit(8);
  EXPECT_TRUE(
      torch::equal(network_input(unit, InputNorm::kImageNet), tensors::normalised_from_unit(unit)));
  EXPECT_EQ(input_halo(InputNorm::kImageNet), 0);
}

TEST(NetworkInput, IsNamedInFilesAndOtherNamesAreNone) {
  for (const InputNorm input : {InputNorm::kImageNet, InputNorm::kMscn}) {
    EXPECT_EQ(input_norm_from_name(to_string(input)), input);
  }
  EXPECT_EQ(input_norm_from_name("rgb"), std::nullopt);
}

TEST(Lowpass, KeepsAConstantWithRepeatedBordersAndLosesItAtZeroOnes) {
  const torch::Tensor ones = torch::ones({1, 2, 16, 16});
  EXPECT_LT((transforms::lowpass(ones, 1.5, transforms::Border::kReplicate) - 1.0)
                .abs()
                .max()
                .item<float>(),
            1e-6F);
  EXPECT_LT(transforms::lowpass(ones, 1.5, transforms::Border::kZero)[0][0][0][0].item<float>(),
            0.5F);
  EXPECT_TRUE(torch::equal(transforms::lowpass(ones, 0.0, transforms::Border::kZero), ones));
}

}  // namespace
}  // namespace patina::extractors
