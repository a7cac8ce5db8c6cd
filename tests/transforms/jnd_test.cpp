// SPDX-License-Identifier: Apache-2.0
#include "transforms/jnd.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "transforms/jnd_torch.h"

namespace patina::transforms {
namespace {

constexpr int kSide = 9;

// In the middle, where no padding reaches.
double middle_of_heatmap(const torch::Tensor& row) {
  const torch::Tensor unit = row.view({1, 1, 1, kSide}).expand({1, 3, kSide, kSide});
  return jnd_heatmap(unit)[0][0][kSide / 2][kSide / 2].item<double>();
}

TEST(JndHeatmap, OfAFlatImageIsTheFormulaForOnePlace) {
  for (const double level : {0.1, 0.3, 0.6, 1.0}) {
    const torch::Tensor row = torch::full({kSide}, level, torch::kFloat64);
    EXPECT_NEAR(middle_of_heatmap(row), noticeable_difference(255.0 * level, 0.0), 1e-12) << level;
  }
}

TEST(JndHeatmap, OfARampIsTheFormulaForOnePlace) {
  for (const double step : {0.01, 0.1}) {
    const torch::Tensor row = step * torch::arange(kSide, torch::kFloat64);
    const double gradient = 8.0 * 255.0 * step;  // Sobel's filter of a ramp.
    EXPECT_NEAR(middle_of_heatmap(row),
                noticeable_difference(255.0 * step * (kSide / 2), gradient * gradient),
                1e-12)
        << step;
  }
}

// Chou & Li: 20 levels hide in black, 3 at the knee, 6 in white.
TEST(NoticeableDifference, HasItsKnownValuesWithoutContrast) {
  EXPECT_DOUBLE_EQ(noticeable_difference(0.0, 0.0), 20.0 / 255.0);
  EXPECT_DOUBLE_EQ(noticeable_difference(127.0, 0.0), 3.0 / 255.0);
  EXPECT_DOUBLE_EQ(noticeable_difference(255.0, 0.0), 6.0 / 255.0);
}

}  // namespace
}  // namespace patina::transforms
