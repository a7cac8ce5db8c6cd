// SPDX-License-Identifier: Apache-2.0
// How scores are computed, whatever the method.
#pragma once

#include <cstdint>

#include "tensors/compute.h"

namespace patina::extractors {

struct ScorerOptions {
  /// Scores are float32 unless asked otherwise, so that they agree between machines.
  tensors::ComputeOptions compute{"cpu", tensors::Precision::kFloat32, 0};
  /// Larger images are scored in tiles, with the same result; [1, 2^40].
  std::uint64_t max_tile_pixels = 1 << 20;
};

}  // namespace patina::extractors
