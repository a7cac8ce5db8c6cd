// SPDX-License-Identifier: Apache-2.0
// The scorer of a key, whatever its method. Entry point: make_scorer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "keys/coat_key.h"
#include "keys/extractor.h"
#include "tensors/compute.h"

namespace patina::extractors {

struct ScorerOptions {
  /// Scores are float32 unless asked otherwise, so that they agree between machines.
  tensors::ComputeOptions compute{"cpu", tensors::Precision::kFloat32, 0};
  std::uint64_t max_tile_pixels =
      1 << 20;  ///< Larger images are scored in tiles, with the same result.
};

/// The scorer of a key. Throws Error{kInput} for unusable weights, Error{kUnsupported} for a
/// device.
std::unique_ptr<keys::Extractor> make_scorer(const keys::CoatKey& key,
                                             const ScorerOptions& options = {});

}  // namespace patina::extractors
