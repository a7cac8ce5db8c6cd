// SPDX-License-Identifier: Apache-2.0
// The just-noticeable difference at points worked out by hand from Chou and Li's formulas, for one
// place and around a single white pixel.
#include <gtest/gtest.h>
#include <torch/utils.h>

#include "transforms/jnd.h"
#include "transforms/jnd_torch.h"

namespace patina::transforms {
namespace {

// 31.75 is a quarter of 127, whose root is a half: 17 / 2 + 3.
TEST(DarkMasking, FallsWithTheRootOfTheBackground) {
  EXPECT_DOUBLE_EQ(dark_masking(0.0), 20.0);
  EXPECT_DOUBLE_EQ(dark_masking(31.75), 11.5);
  EXPECT_DOUBLE_EQ(dark_masking(127.0), 3.0);
}

TEST(BrightMasking, RisesByThreeLevelsTo255) {
  EXPECT_DOUBLE_EQ(bright_masking(127.0), 3.0);
  EXPECT_DOUBLE_EQ(bright_masking(191.0), 4.5);
  EXPECT_DOUBLE_EQ(bright_masking(255.0), 6.0);
}

// At g = 26 the denominator is 2 g^2: 0.117 * 16 / 2 * 26^0.4 = 0.936 * 3.68120. At g = 1 it is
// 1.872 / 677, at g = 100 1.872 * 10^4.8 / 10676.
TEST(ContrastMasking, HasTheValuesOfItsFormula) {
  EXPECT_EQ(contrast_masking(0.0), 0.0);
  EXPECT_NEAR(contrast_masking(1.0), 0.00276514, 1e-8);
  EXPECT_NEAR(contrast_masking(676.0), 3.4456026, 1e-6);
  EXPECT_NEAR(contrast_masking(10000.0), 11.0636207, 1e-6);
}

TEST(CombinedMasking, TakesThreeTenthsOfTheSmallerOff) {
  EXPECT_DOUBLE_EQ(combine_masking(10.0, 4.0, 4.0), 12.8 / 255.0);
  EXPECT_DOUBLE_EQ(combine_masking(4.0, 10.0, 4.0), 12.8 / 255.0);
}

// 11.5 + 3.4456 - 0.3 * 3.4456; 4.5 + 11.0636 - 0.3 * 4.5; 3 + 3.4456 - 0.3 * 3.
TEST(NoticeableDifference, CombinesBothMaskings) {
  EXPECT_NEAR(255.0 * noticeable_difference(31.75, 676.0), 13.9119218, 1e-6);
  EXPECT_NEAR(255.0 * noticeable_difference(191.0, 10000.0), 14.2136207, 1e-6);
  EXPECT_NEAR(255.0 * noticeable_difference(127.0, 676.0), 5.5456026, 1e-6);
}

torch::Tensor white_pixel_on_black() {
  torch::Tensor unit = torch::zeros({1, 3, 11, 11}, torch::kFloat64);
  unit.select(2, 5).select(2, 5).fill_(1.0);
  return unit;
}

// The background of a place counts the pixel 2/32 beside and across from it, 1/32 a place further,
// and not at all in its own; Sobel's filter gives 2 * 255 beside, 255 each way across, 0 elsewhere.
TEST(JndHeatmap, AroundAWhitePixelIsTheFormulaAtEachPlace) {
  const torch::Tensor map = jnd_heatmap(white_pixel_on_black());
  const struct {
    int down, across;
    double background, squared_gradient;
  } places[] = {{0, 0, 0.0, 0.0},
                {0, 1, 255.0 * 2 / 32, 510.0 * 510.0},
                {-1, 0, 255.0 * 2 / 32, 510.0 * 510.0},
                {1, -1, 255.0 * 2 / 32, 2.0 * 255.0 * 255.0},
                {0, 2, 255.0 / 32, 0.0},
                {-2, 1, 255.0 / 32, 0.0},
                {2, 2, 255.0 / 32, 0.0},
                {0, 3, 0.0, 0.0}};
  for (const auto& place : places) {
    EXPECT_NEAR(map[0][0][5 + place.down][5 + place.across].item<double>(),
                noticeable_difference(place.background, place.squared_gradient),
                1e-12)
        << place.down << "," << place.across;
  }
}

// 0.299 R + 0.587 G + 0.114 B of [ITU-R BT.601].
TEST(JndHeatmap, WeighsColoursAsLuminanceDoes) {
  const double weights[] = {0.299, 0.587, 0.114};
  for (int channel = 0; channel < 3; ++channel) {
    torch::Tensor unit = torch::zeros({1, 3, 9, 9}, torch::kFloat64);
    unit.select(1, channel).fill_(1.0);
    EXPECT_NEAR(jnd_heatmap(unit)[0][0][4][4].item<double>(),
                noticeable_difference(255.0 * weights[channel], 0.0),
                1e-12)
        << channel;
  }
}

TEST(JndHeatmap, IsOfEachImageOfABatchAlone) {
  const torch::Tensor one = white_pixel_on_black(), other = 1.0 - one;
  const torch::Tensor both = jnd_heatmap(torch::cat({one, other}));
  EXPECT_EQ(both.sizes(), (std::vector<std::int64_t>{2, 1, 11, 11}));
  EXPECT_TRUE(torch::equal(both.slice(0, 0, 1), jnd_heatmap(one)));
  EXPECT_TRUE(torch::equal(both.slice(0, 1, 2), jnd_heatmap(other)));
}

TEST(JndHeatmap, PassesNoGradient) {
  EXPECT_FALSE(jnd_heatmap(white_pixel_on_black().set_requires_grad(true)).requires_grad());
}

TEST(JndHeatmap, OfAPartIsThatOfTheWholeBeyondTheHalo) {
  const torch::Tensor whole = torch::linspace(0.0, 1.0, 3 * 20 * 20, torch::kFloat64)
                                  .mul(7.0)
                                  .remainder(1.0)
                                  .view({1, 3, 20, 20});
  const torch::Tensor part = whole.slice(2, 4, 16).slice(3, 3, 17);
  const torch::Tensor inner =
      jnd_heatmap(part).slice(2, kJndHalo, 12 - kJndHalo).slice(3, kJndHalo, 14 - kJndHalo);
  const torch::Tensor expected = jnd_heatmap(whole)
                                     .slice(2, 4 + kJndHalo, 16 - kJndHalo)
                                     .slice(3, 3 + kJndHalo, 17 - kJndHalo);
  EXPECT_TRUE(torch::allclose(inner, expected, 0.0, 1e-12));
}

TEST(JndMask, IsZeroOnTheSidesWhereTheImageEndsAndTheHeatmapElsewhere) {
  const torch::Tensor unit = white_pixel_on_black();
  const torch::Tensor map = jnd_heatmap(unit);
  for (int sides = 0; sides < 16; ++sides) {
    const FrameSides ends{(sides & 1) != 0, (sides & 2) != 0, (sides & 4) != 0, (sides & 8) != 0};
    const torch::Tensor mask = jnd_mask(unit, ends);
    for (int y = 0; y < 11; ++y) {
      for (int x = 0; x < 11; ++x) {
        const bool cut = (ends.top && y == 0) || (ends.bottom && y == 10) ||
                         (ends.left && x == 0) || (ends.right && x == 10);
        ASSERT_EQ(mask[0][0][y][x].item<double>(), cut ? 0.0 : map[0][0][y][x].item<double>())
            << sides << ": " << x << "," << y;
      }
    }
  }
}

}  // namespace
}  // namespace patina::transforms
