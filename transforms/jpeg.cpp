// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>

#include <torch/nn/functional.h>

#include "core/pi.h"
#include "images/pixels/luminance.h"
#include "transforms/jpeg_torch.h"

namespace patina::transforms {

namespace F = torch::nn::functional;

namespace {

using core::kPi;

// ITU-T T.81, Annex K, in row-major order of vertical then horizontal frequency.
constexpr std::array<double, 64> kLumaTable = {
    16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
    14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
    18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};
constexpr std::array<double, 64> kChromaTable = {
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
    99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

// [64,1,8,8]: orthonormal DCT-II basis images.
torch::Tensor dct_basis(const torch::Tensor& like) {
  torch::Tensor basis = torch::empty({64, 1, 8, 8}, torch::kFloat64);
  auto value = basis.accessor<double, 4>();
  const auto scale = [](int k) { return k == 0 ? std::sqrt(0.125) : 0.5; };
  for (int k = 0; k < 64; ++k) {
    for (int p = 0; p < 64; ++p) {
      const int v = k / 8, u = k % 8, y = p / 8, x = p % 8;
      value[k][0][y][x] = scale(v) * scale(u) * std::cos((2 * y + 1) * v * kPi / 16.0) *
                          std::cos((2 * x + 1) * u * kPi / 16.0);
    }
  }
  return basis.to(like.options());
}

torch::Tensor round_coefficients(const torch::Tensor& x, JpegRounding rounding) {
  if (rounding == JpegRounding::kCubic) return torch::where(x.abs() < 0.5, x * x * x, x);
  return x + (torch::round(x) - x).detach();
}

// One plane [N,1,H,W] centred on zero, sides multiples of 8.
torch::Tensor compress_plane(const torch::Tensor& plane,
                             const std::array<double, 64>& table,
                             const JpegOptions& options) {
  const torch::Tensor basis = dct_basis(plane);
  torch::Tensor steps = torch::empty({1, 64, 1, 1}, torch::kFloat64);
  for (int k = 0; k < 64; ++k) {
    const int from = options.transposed_tables ? k % 8 * 8 + k / 8 : k;
    steps[0][k][0][0] = table[static_cast<std::size_t>(from)];
  }
  steps = (steps * jpeg_table_factor(options.quality_percent)).to(plane.options());
  // A file's tables hold integers from 1 on; the public surrogate scales them freely.
  if (options.rounding == JpegRounding::kStraightThrough)
    steps = torch::round(steps).clamp(1.0, 255.0);
  const torch::Tensor coefficients = torch::conv2d(plane, basis, {}, 8);  // [N,64,H/8,W/8]
  const torch::Tensor kept = round_coefficients(coefficients / steps, options.rounding) * steps;
  return torch::conv_transpose2d(kept, basis, {}, 8);
}

torch::Tensor ycbcr_matrix(const torch::Tensor& like) {
  return torch::tensor({{images::kRedWeight, images::kGreenWeight, images::kBlueWeight},
                        {-0.168736, -0.331264, 0.5},
                        {0.5, -0.418688, -0.081312}},
                       torch::kFloat64)
      .to(like.options());
}

torch::Tensor rgb_matrix(const torch::Tensor& like) {
  return torch::tensor({{1.0, 0.0, 1.402}, {1.0, -0.344136, -0.714136}, {1.0, 1.772, 0.0}},
                       torch::kFloat64)
      .to(like.options());
}

torch::Tensor mix_channels(const torch::Tensor& x, const torch::Tensor& matrix) {
  return torch::conv2d(x, matrix.view({3, 3, 1, 1}));
}

}  // namespace

double jpeg_table_factor(double quality_percent) {
  return quality_percent < 50.0 ? 50.0 / quality_percent : (200.0 - 2.0 * quality_percent) / 100.0;
}

torch::Tensor jpeg_round_trip(const torch::Tensor& unit, const JpegOptions& options) {
  const auto H = unit.size(2), W = unit.size(3);
  const auto pad_y = (16 - H % 16) % 16, pad_x = (16 - W % 16) % 16;
  torch::Tensor x = unit * 255.0;
  if (pad_y > 0 || pad_x > 0) {
    x = F::pad(x, F::PadFuncOptions({0, pad_x, 0, pad_y}).mode(torch::kReplicate));
  }
  const torch::Tensor ycc = mix_channels(x, ycbcr_matrix(x));  // [N,3,H',W'], chroma centred
  const torch::Tensor luma = compress_plane(ycc.slice(1, 0, 1) - 128.0, kLumaTable, options) +
                             128.0;
  std::vector<torch::Tensor> planes = {luma};
  for (int c = 1; c < 3; ++c) {
    torch::Tensor chroma = ycc.slice(1, c, c + 1);
    if (options.subsample_chroma) chroma = torch::avg_pool2d(chroma, 2);
    chroma = compress_plane(chroma, kChromaTable, options);
    if (options.subsample_chroma) {
      chroma = chroma.repeat_interleave(2, 2).repeat_interleave(2, 3);
    }
    planes.push_back(chroma);
  }
  x = mix_channels(torch::cat(planes, 1), rgb_matrix(x)) / 255.0;
  return x.slice(2, 0, H).slice(3, 0, W).clamp(0.0, 1.0);
}

}  // namespace patina::transforms
