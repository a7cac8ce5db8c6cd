// SPDX-License-Identifier: Apache-2.0
// The formulas of the just-noticeable difference [Chou & Li 1995; Wu 2017], for one
// number and for a tensor of them alike. No LibTorch. Levels run from 0 to 255.
#pragma once

#include <algorithm>
#include <cmath>

namespace patina::transforms {

/// Up to this mean luminance of its surroundings a place counts as dark.
inline constexpr double kDarkUpTo = 127.0;

/// What the luminance of dark surroundings hides.
template <typename Level>
Level dark_masking(const Level& background) {
  using std::sqrt;
  return 17.0 * (1.0 - sqrt(background / kDarkUpTo)) + 3.0;
}

/// What the luminance of bright surroundings hides.
template <typename Level>
Level bright_masking(const Level& background) {
  return 3.0 / 128.0 * (background - kDarkUpTo) + 3.0;
}

/// What the contrast around hides, by the squared gradient of Sobel's filter.
template <typename Level>
Level contrast_masking(const Level& squared_gradient) {
  using std::pow;
  return 0.117 * 16.0 * pow(squared_gradient, 1.2) / (squared_gradient + 26.0 * 26.0);
}

/// What both hide together, unit range; `smaller` is the smaller of them.
template <typename Level>
Level combine_masking(const Level& luminance, const Level& contrast, const Level& smaller) {
  constexpr double kOverlap = 0.3;  // Part of the smaller masking that the larger hides.
  return (luminance + contrast - kOverlap * smaller) / 255.0;
}

/// The just-noticeable difference of one place, unit range.
inline double noticeable_difference(double background, double squared_gradient) {
  const double luminance = background <= kDarkUpTo ? dark_masking(background)
                                                   : bright_masking(background);
  const double contrast = contrast_masking(squared_gradient);
  return combine_masking(luminance, contrast, std::min(luminance, contrast));
}

}  // namespace patina::transforms
