// SPDX-License-Identifier: Apache-2.0
#include "transforms/jnd.h"

#include <torch/utils.h>

#include "images/pixels/luminance.h"
#include "transforms/jnd_torch.h"

namespace patina::transforms {

namespace {

torch::Tensor kernel(const std::vector<double>& values, int side, const torch::Tensor& like) {
  return torch::tensor(values, torch::kFloat64).view({1, 1, side, side}).to(like.options());
}

torch::Tensor luminance_masking(const torch::Tensor& luma) {
  const torch::Tensor weights = kernel(
      {1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 2, 0, 2, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1}, 5, luma);
  const torch::Tensor background = torch::conv2d(luma, weights, {}, 1, 2) / 32.0;
  return torch::where(
      background <= kDarkUpTo, dark_masking(background.clamp_min(0.0)), bright_masking(background));
}

torch::Tensor squared_gradient(const torch::Tensor& luma) {
  const torch::Tensor gx = torch::conv2d(
      luma, kernel({-1, 0, 1, -2, 0, 2, -1, 0, 1}, 3, luma), {}, 1, 1);
  const torch::Tensor gy = torch::conv2d(
      luma, kernel({1, 2, 1, 0, 0, 0, -1, -2, -1}, 3, luma), {}, 1, 1);
  return gx * gx + gy * gy;
}

}  // namespace

torch::Tensor jnd_heatmap(const torch::Tensor& unit) {
  torch::NoGradGuard no_grad;
  const torch::Tensor luma = 255.0 * (images::kRedWeight * unit.select(1, 0) +
                                      images::kGreenWeight * unit.select(1, 1) +
                                      images::kBlueWeight * unit.select(1, 2))
                                         .unsqueeze(1)
                                         .contiguous();  // [N,1,H,W]
  const torch::Tensor la = luminance_masking(luma);
  const torch::Tensor cm = contrast_masking(squared_gradient(luma));
  return combine_masking(la, cm, torch::minimum(la, cm));
}

torch::Tensor jnd_mask(const torch::Tensor& unit, const FrameSides& sides) {
  torch::Tensor mask = jnd_heatmap(unit);
  if (sides.top) mask.select(2, 0).zero_();
  if (sides.bottom) mask.select(2, -1).zero_();
  if (sides.left) mask.select(3, 0).zero_();
  if (sides.right) mask.select(3, -1).zero_();
  return mask;
}

}  // namespace patina::transforms
