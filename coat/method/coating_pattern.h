// SPDX-License-Identifier: Apache-2.0
// A coating laid aside, to be added to its image at any strength. No LibTorch.
#pragma once

#include <cstdint>
#include <vector>

#include "images/pixels/image.h"

namespace patina::coat {

/// The coating of one image at strength 1 in normalised space, RGB interleaved like the image, in
/// steps of kPatternStep of the unit range: one byte a sample, so that a strength can be chosen
/// after the fact.
struct CoatingPattern {
  int width_px = 0;
  int height_px = 0;
  std::vector<std::int8_t> steps;
};
inline constexpr double kPatternStep = 1.0 /
                                       (255.0 * 12.0);  ///< Holds +-10.6 byte levels at strength 1.

/// Root mean square of a pattern, unit range.
double pattern_rms(const CoatingPattern& pattern);

/// coated = clamp(clean + strength * pattern), rounded to the image's depth.
images::Image apply_pattern(const images::Image& clean,
                            const CoatingPattern& pattern,
                            double strength);

}  // namespace patina::coat
