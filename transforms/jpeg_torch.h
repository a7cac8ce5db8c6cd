// SPDX-License-Identifier: Apache-2.0
// Differentiable JPEG: RGB -> YCbCr, 8x8 DCT, quantisation with the IJG tables, back. Only rounding
// is not differentiable; its surrogate is chosen.
#pragma once

#include <torch/types.h>

namespace patina::transforms {

enum class JpegRounding {
  kStraightThrough,  ///< Rounds; gradient 1. What a file really does.
  kCubic,            ///< x^3 for |x| < 0.5, identity otherwise: the public code's surrogate.
};

struct JpegOptions {
  double quality_percent = 75.0;  ///< (0,100], the IJG scale.
  bool subsample_chroma = true;   ///< 4:2:0: 2x2 mean, nearest upsampling.
  /// How coefficients are rounded, and the gradient of it.
  JpegRounding rounding = JpegRounding::kStraightThrough;
  bool transposed_tables = false;  ///< As the public code has them; real files (ITU-T T.81) do not.
};

/// [N,3,H,W] unit -> the same after compression, clamped to [0,1]. Sides are padded by replication
/// to multiples of 16 and cropped again.
torch::Tensor jpeg_round_trip(const torch::Tensor& unit, const JpegOptions& options);

/// Scale of the quantisation tables: (200-2q)/100 for q >= 50, 50/q below.
double jpeg_table_factor(double quality_percent);

}  // namespace patina::transforms
