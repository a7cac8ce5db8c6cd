// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include "core/rng.h"
#include "images/pixels/image.h"

namespace patina::images {

/// Smooth shapes with grain, as a photograph has.
inline Image sample_image(int width_px, int height_px, std::uint64_t seed) {
  Image image = make_image(width_px, height_px);
  core::Rng rng(seed);
  const double fx = rng.uniform(0.02, 0.1), fy = rng.uniform(0.02, 0.1);
  std::size_t i = 0;
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      const double shade = 128.0 + 70.0 * std::sin(fx * x) * std::cos(fy * y);
      for (int c = 0; c < 3; ++c) {
        image.bytes[i++] = static_cast<std::uint8_t>(shade + 15.0 * c + rng.uniform(-9.0, 9.0));
      }
    }
  }
  return image;
}

}  // namespace patina::images
