// SPDX-License-Identifier: Apache-2.0
// Norms and softmax over bfloat16 in one or two passes over memory, statistics in float32. LibTorch
// 1.13 has them in float32 only, at the price of a conversion to and fro. The file is compiled for
// several instruction sets; the program chooses when it runs. Bits of bfloat16 are uint16.
#pragma once

#include <cstdint>

namespace patina::diffusion::internal {

/// A batch of images with channels last: N x positions x channels.
struct ImageBatch {
  std::int64_t images = 0;
  std::int64_t positions = 0;
  std::int64_t channels = 0;
};
struct Affine {
  const float* weight = nullptr;  ///< [channels]
  const float* bias = nullptr;    ///< [channels]
  float eps = 1e-5F;
};

/// out = norm over each image's groups of channels, times weight plus bias, then silu if asked.
void group_norm_bfloat16(const std::uint16_t* x,
                         std::uint16_t* out,
                         const ImageBatch& shape,
                         std::int64_t groups,
                         const Affine& affine,
                         bool with_silu);

/// out = norm over each row of `width` values, times weight plus bias.
void layer_norm_bfloat16(const std::uint16_t* x,
                         std::uint16_t* out,
                         std::int64_t rows,
                         std::int64_t width,
                         const Affine& affine);

/// In place: each row of `width` scores s becomes exp(scale (s - max)); `sums` [rows] are the rows'
/// sums of that, `largest` [rows] their scale * max.
void exp_rows_bfloat16(std::uint16_t* scores,
                       std::int64_t rows,
                       std::int64_t width,
                       float scale,
                       float* sums,
                       float* largest);

}  // namespace patina::diffusion::internal
