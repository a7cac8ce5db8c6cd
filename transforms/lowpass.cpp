// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <torch/nn/functional.h>

#include "transforms/lowpass_torch.h"

namespace patina::transforms {

namespace F = torch::nn::functional;

namespace {

torch::Tensor gaussian_taps(double sigma_px, const torch::Tensor& like) {
  const std::int64_t radius = lowpass_radius(sigma_px);
  const torch::Tensor offsets = torch::arange(-radius, radius + 1, torch::kFloat64);
  const torch::Tensor taps = torch::exp(-offsets * offsets / (2.0 * sigma_px * sigma_px));
  return (taps / taps.sum()).to(like.options());
}

// [N,C,H,W] with one row of taps along one axis; no padding along the other.
torch::Tensor filter_axis(const torch::Tensor& x,
                          const torch::Tensor& taps,
                          bool vertical,
                          std::int64_t padding) {
  const auto C = x.size(1);
  const torch::Tensor kernel = vertical ? taps.view({1, 1, -1, 1}) : taps.view({1, 1, 1, -1});
  const std::int64_t pad_y = vertical ? padding : 0, pad_x = vertical ? 0 : padding;
  return torch::conv2d(x,
                       kernel.expand({C, 1, kernel.size(2), kernel.size(3)}),
                       {},
                       at::IntArrayRef({1, 1}),
                       at::IntArrayRef({pad_y, pad_x}),
                       at::IntArrayRef({1, 1}),
                       C);
}

}  // namespace

int lowpass_radius(double sigma_px) { return static_cast<int>(std::ceil(2.5 * sigma_px)); }

torch::Tensor lowpass(const torch::Tensor& x, double sigma_px, Border border) {
  const std::int64_t radius = lowpass_radius(sigma_px);
  if (radius == 0) return x;
  const torch::Tensor taps = gaussian_taps(sigma_px, x);
  if (border == Border::kZero) {
    return filter_axis(filter_axis(x, taps, true, radius), taps, false, radius);
  }
  const torch::Tensor padded = F::pad(
      x, F::PadFuncOptions({radius, radius, radius, radius}).mode(torch::kReplicate));
  return filter_axis(filter_axis(padded, taps, true, 0), taps, false, 0);
}

}  // namespace patina::transforms
