// SPDX-License-Identifier: Apache-2.0
// The luminance of RGB pixels by the weights of ITU-R BT.601, which the JPEG formulas share.
#pragma once

#include <array>
#include <vector>

#include "images/pixels/image.h"

namespace patina::images {

inline constexpr double kRedWeight = 0.299;
inline constexpr double kGreenWeight = 0.587;
inline constexpr double kBlueWeight = 0.114;

/// The weights of red, green and blue as tensors take them.
template <typename Real>
inline constexpr std::array<Real, 3> kLuminanceWeights = {
    static_cast<Real>(kRedWeight), static_cast<Real>(kGreenWeight), static_cast<Real>(kBlueWeight)};

/// Luminance of one pixel, in the range of its channels.
template <typename Real>
constexpr Real luminance(Real red, Real green, Real blue) {
  const auto& [r, g, b] = kLuminanceWeights<Real>;
  return r * red + g * green + b * blue;
}

/// Luminance of a region, row by row, unit range. Requires: rect inside the image.
std::vector<double> luminance_plane(const Image& image, const Rect& rect);

}  // namespace patina::images
