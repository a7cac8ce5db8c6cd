// SPDX-License-Identifier: Apache-2.0
// The blocks that a DCT-DWT-SVD watermark is read from and laid on: 4x4 Haar approximations of the U
// channel, each with its largest singular value.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <vector>

#include "images/pixels/image.h"

namespace patina::extractors {

inline constexpr std::size_t kSvdBlockSide = 4;
using SvdVector = std::array<double, kSvdBlockSide>;
using SvdBlock = std::array<SvdVector, kSvdBlockSide>;

/// Planes of a YUV image, levels of 255, U and V about 128.
struct YuvPlanes {
  std::size_t width = 0, height = 0;
  std::vector<double> y, u, v;
};
YuvPlanes yuv_from_image(const images::Image& image);

/// The largest singular value of a block and its vectors.
struct LargestSingular {
  double value = 0.0;
  SvdVector left{}, right{};
};
/// By power iteration: blocks of U lie about 128, so that the first value is far above the others.
LargestSingular largest_singular(const SvdBlock& block);

/// Haar approximations of 2x2 pixels are half their sum. `visit` gets the block's number, the index
/// of its top left pixel, and its approximations.
void for_each_block(
    const YuvPlanes& planes,
    const std::function<void(std::size_t number, std::size_t corner, const SvdBlock&)>& visit);

}  // namespace patina::extractors
