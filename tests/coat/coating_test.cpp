// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "coat/siren/coating_torch.h"

namespace patina::coat::siren {
namespace {

TEST(BandPass, TakesOutTheLocalMeanAndLeavesNothingOfAConstant) {
  const torch::Tensor constant = torch::ones({1, 3, 64, 64});
  const torch::Tensor inner =
      band_pass(constant, {1.5, 1.0, 3.0, 0.0}).slice(2, 10, 54).slice(3, 10, 54);
  EXPECT_LT(inner.abs().max().item<float>(), 1e-5F);
}

TEST(Dither, IsTheSameForAPixelWhateverTheTile) {
  const torch::Tensor whole = dithered(torch::zeros({1, 3, 40, 50}), 0.04, 300, 7);
  const torch::Tensor part = dithered(torch::zeros({1, 3, 20, 20}), 0.04, 310, 17);
  EXPECT_TRUE(torch::equal(whole.slice(2, 10, 30).slice(3, 10, 30), part));
}

}  // namespace
}  // namespace patina::coat::siren
