// SPDX-License-Identifier: Apache-2.0
// What an owner can see before committing: how long a run takes and what it does to one image.
#pragma once

#include <cstdint>
#include <filesystem>

#include "coat/coat.h"

namespace patina::coat {

/// What a run will take on this machine, measured on a few tiles before starting.
struct Estimate {
  std::int64_t image_count = 0;
  double megapixels = 0.0;
  double training_seconds = 0.0;
  double coating_seconds = 0.0;
};
Estimate estimate_coating(const CoatOptions& options);

/// Coats one image (the first) with the warm-started pair or the given key and writes clean, coated
/// and amplified difference side by side, in the format that the file's ending names, else as PNG.
/// Returns its quality.
CoatedImage preview_coating(const CoatOptions& options, const std::filesystem::path& preview);

}  // namespace patina::coat
