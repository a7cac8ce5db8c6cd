// SPDX-License-Identifier: Apache-2.0
// Just-noticeable difference, the attenuation of the coating [Siren 2025, App. C; Chou & Li 1995;
// Wu 2017].
//   Y   = 255 (0.299 R + 0.587 G + 0.114 B)
//   B   = 5x5 weighted mean of Y (weights/32, centre 0, zero padding)
//   la  = 17 (1 - sqrt(B/127)) + 3 where B <= 127, else 3/128 (B - 127) + 3   luminance masking
//   g   = |Sobel(Y)| (zero padding)
//   cm  = 0.117 * 16 g^2.4 / (g^2 + 26^2)                                     contrast masking
//   jnd = (la + cm - 0.3 min(la, cm)) / 255
#pragma once

#include <torch/types.h>

namespace patina::transforms {

/// Zero padding reaches this far: rows and columns within it of a tile's inner edge are not those
/// of the whole image.
inline constexpr int kJndHalo = 2;

/// [N,3,H,W] unit, float32 or float64 -> [N,1,H,W] in [0, ~0.15]. No gradient.
torch::Tensor jnd_heatmap(const torch::Tensor& unit);

/// Where the image ends inside a tile: the frame is zeroed there and nowhere else.
struct FrameSides {
  bool top = true;
  bool bottom = true;
  bool left = true;
  bool right = true;
};

/// The heat map with its outermost one-pixel frame set to zero (zero padding makes it 4-9 times too
/// strong there). [N,3,H,W] unit -> [N,1,H,W].
torch::Tensor jnd_mask(const torch::Tensor& unit, const FrameSides& sides = {});

}  // namespace patina::transforms
