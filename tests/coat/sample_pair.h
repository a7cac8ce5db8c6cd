// SPDX-License-Identifier: Apache-2.0
// Small deterministic inputs for the coating tests.
#pragma once

#include <cmath>

#include "coat/siren/pair_torch.h"
#include "core/image.h"
#include "core/rng.h"

namespace patina::coat {

inline constexpr const char* kSampleMessage = "0123456789ab";

/// Smooth shapes with grain, as a photograph has.
inline core::Image sample_image(int width_px, int height_px, std::uint64_t seed) {
  core::Image image = core::make_image(width_px, height_px);
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

/// Untrained, but of the shipped pair's form.
inline siren::Pair sample_pair(std::uint64_t seed = 3) {
  return siren::make_pair(seed, {1.5, 1.0, 3.0, 0.04});
}

}  // namespace patina::coat
