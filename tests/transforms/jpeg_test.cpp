// SPDX-License-Identifier: Apache-2.0
// Differentiable JPEG against what ITU-T T.81 and the IJG's scale of quality say.
#include <cmath>

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "core/pi.h"
#include "transforms/jpeg_torch.h"
#include "transforms/quantise_torch.h"

namespace patina::transforms {
namespace {

constexpr int kJpegSide = 16;

/// Grey of the given byte levels at [y,x], as [1,3,16,16] unit.
torch::Tensor grey_image(const std::function<double(int y, int x)>& level) {
  torch::Tensor image = torch::empty({1, 3, kJpegSide, kJpegSide}, torch::kFloat64);
  for (int y = 0; y < kJpegSide; ++y) {
    for (int x = 0; x < kJpegSide; ++x) {
      for (int c = 0; c < 3; ++c) image[0][c][y][x] = level(y, x) / 255.0;
    }
  }
  return image;
}

double level_at(const torch::Tensor& unit, int y, int x, int channel = 0) {
  return 255.0 * unit[0][channel][y][x].item<double>();
}

// jpeg_quality_scaling of the IJG: 5000/q below 50, 200 - 2q from there, as per cent.
TEST(JpegTableFactor, IsTheScaleOfTheIjg) {
  const std::pair<double, double> cases[] = {
      {1, 50.0}, {10, 5.0}, {25, 2.0}, {50, 1.0}, {75, 0.5}, {90, 0.2}, {95, 0.1}, {100, 0.0}};
  for (const auto& [quality, factor] : cases) {
    EXPECT_NEAR(jpeg_table_factor(quality), factor, 1e-12) << quality;
  }
}

// The luminance table's first entry is 16: at quality 50 an even block of level v has the first
// coefficient 8 (v - 128), which is kept in steps of 16, so that levels are kept in steps of 2.
TEST(JpegRoundTrip, KeepsEvenGreyInStepsOfItsTable) {
  const struct {
    double quality, level, kept;
  } cases[] = {{50, 128, 128},
               {50, 128.9, 128},
               {50, 129.1, 130},
               {50, 131.2, 132},
               {75, 129.2, 129},
               {75, 129.6, 130},
               {25, 129.9, 128},
               {25, 130.1, 132},
               {10, 132.9, 128},
               {10, 133.2, 138}};
  for (const auto& tested : cases) {
    const torch::Tensor seen = jpeg_round_trip(grey_image([&](int, int) { return tested.level; }),
                                               {tested.quality, true});
    EXPECT_NEAR(level_at(seen, 5, 9), tested.kept, 1e-3) << tested.quality << " " << tested.level;
  }
}

/// A cosine across (u) or down (v) every block of 8.
torch::Tensor wave(int u, int v, double amplitude) {
  return grey_image([=](int y, int x) {
    return 128.0 + amplitude * std::cos((2 * (x % 8) + 1) * u * core::kPi / 16.0) *
                       std::cos((2 * (y % 8) + 1) * v * core::kPi / 16.0);
  });
}

// A cosine of amplitude A along one axis alone has the coefficient A 8 sqrt(2) / 2 = 5.657 A. The
// table has 40 for 4 waves across and 18 for 4 down: an amplitude of 2.5, 14.1, is nothing of 40
// (under 20) and one of 18 (over 9).
TEST(JpegRoundTrip, TakesTheTablesAcrossAndDownAsTheStandardHasThem) {
  const JpegOptions standard{50.0, true};
  JpegOptions transposed = standard;
  transposed.transposed_tables = true;
  // The 5th of each row or column of the table: [0][5] = 40, [5][0] = 24.
  const double amplitude = 3.0;  // 16.97: under half of 40, over half of 24.
  const auto remains = [](const torch::Tensor& image, const JpegOptions& options) {
    return (jpeg_round_trip(image, options) - 128.0 / 255.0).abs().max().item<double>() > 1.0 / 255;
  };
  EXPECT_FALSE(remains(wave(5, 0, amplitude), standard));
  EXPECT_TRUE(remains(wave(0, 5, amplitude), standard));
  EXPECT_TRUE(remains(wave(5, 0, amplitude), transposed));
  EXPECT_FALSE(remains(wave(0, 5, amplitude), transposed));
}

TEST(JpegRoundTrip, AveragesTheChromaOfFourPixelsWhereItIsSubsampled) {
  torch::Tensor striped = grey_image([](int, int) { return 128.0; });
  striped.select(1, 0).slice(2, 0, kJpegSide, 2).add_(40.0 / 255.0);  // Every second column redder.
  const auto red_contrast = [&](bool subsample) {
    const torch::Tensor seen = jpeg_round_trip(striped, {100.0, subsample});
    const double red = level_at(seen, 4, 4, 0) - level_at(seen, 4, 5, 0);
    const double blue = level_at(seen, 4, 4, 2) - level_at(seen, 4, 5, 2);
    return red - blue;  // Without the luminance that both share.
  };
  EXPECT_NEAR(red_contrast(false), 40.0, 4.0);
  EXPECT_NEAR(red_contrast(true), 0.0, 1e-3);
}

TEST(JpegRoundTrip, StaysInUnitRange) {
  const torch::Tensor harsh = grey_image(
      [](int y, int x) { return (x + y) % 2 == 0 ? 0.0 : 255.0; });
  const torch::Tensor seen = jpeg_round_trip(harsh, {20.0, true});
  EXPECT_GE(seen.min().item<double>(), 0.0);
  EXPECT_LE(seen.max().item<double>(), 1.0);
}

TEST(JpegRoundTrip, DoesTheSameToEachImageOfABatch) {
  const torch::Tensor one = wave(1, 2, 40.0), other = wave(3, 0, 60.0);
  const torch::Tensor both = jpeg_round_trip(torch::cat({one, other}), {60.0, true});
  EXPECT_TRUE(torch::allclose(both.slice(0, 0, 1), jpeg_round_trip(one, {60.0, true})));
  EXPECT_TRUE(torch::allclose(both.slice(0, 1, 2), jpeg_round_trip(other, {60.0, true})));
}

// x^3 of an even block's coefficient: 0.5 levels off 128 is 4 of a step of 16, a quarter, whose
// cube is 1/64 of 16, a 32nd of a level.
TEST(JpegRoundTrip, CubesSmallShareOfAStepAsThePublicSurrogateDoes) {
  const JpegOptions cubic{50.0, true, JpegRounding::kCubic};
  const auto seen = [&](double level) {
    return level_at(jpeg_round_trip(grey_image([=](int, int) { return level; }), cubic), 3, 3);
  };
  EXPECT_NEAR(seen(128.5), 128.0 + 1.0 / 32.0, 1e-3);
  EXPECT_NEAR(seen(130.3), 130.3, 1e-3) << "from half a step on it is left alone";
}

// Straight through, every coefficient's gradient is 1, so that the whole is an orthonormal map and
// back, to within the rounding of the colour matrices.
TEST(JpegRoundTrip, PassesGradientsStraightThrough) {
  torch::Tensor image = grey_image([](int y, int x) { return 100.0 + 3.0 * x + 2.0 * y; });
  image.set_requires_grad(true);
  const torch::Tensor weights =
      torch::linspace(-1.0, 1.0, 3 * 256, torch::kFloat64).view({1, 3, kJpegSide, kJpegSide});
  (jpeg_round_trip(image, {30.0, false}) * weights).sum().backward();
  EXPECT_LT((image.grad() - weights).abs().max().item<double>(), 1e-4);
}

TEST(Quantise, RoundsHalfUpToTheLevelsAskedFor) {
  const torch::Tensor unit = torch::tensor({0.0, 0.1, 0.125, 0.3, 0.374, 0.376, 0.875, 1.0},
                                           torch::kFloat64);
  const torch::Tensor quarters = torch::tensor({0.0, 0.0, 0.25, 0.25, 0.25, 0.5, 1.0, 1.0},
                                               torch::kFloat64);
  EXPECT_TRUE(torch::allclose(quantise_straight_through(unit, 4.0), quarters));
}

TEST(Quantise, LeavesLevelsOfAFileAsTheyAre) {
  const torch::Tensor levels = torch::arange(256, torch::kFloat64) / 255.0;
  EXPECT_TRUE(torch::allclose(quantise_straight_through(levels), levels, 0.0, 1e-15));
}

TEST(Quantise, ErrsByHalfALevelAtMostAndClampsWhatIsBeyond) {
  const torch::Tensor unit = torch::linspace(-0.5, 1.5, 1001, torch::kFloat64);
  const torch::Tensor seen = quantise_straight_through(unit);
  EXPECT_LE((seen - unit.clamp(0.0, 1.0)).abs().max().item<double>(), 0.5 / 255.0 + 1e-12);
  EXPECT_EQ(seen[0].item<double>(), 0.0);
  EXPECT_EQ(seen[1000].item<double>(), 1.0);
}

TEST(Quantise, WorksWhereNoGradientIsWanted) {
  torch::NoGradGuard no_grad;
  const torch::Tensor seen = quantise_straight_through(torch::tensor({0.5}, torch::kFloat64));
  EXPECT_NEAR(seen[0].item<double>() * 255.0, 128.0, 1e-9);
}

}  // namespace
}  // namespace patina::transforms
