// SPDX-License-Identifier: Apache-2.0
// Recomputes everything that a bundle claims. Entry point: verify_bundle.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/observer.h"
#include "images/pixels/image_file.h"
#include "keys/extractor.h"

namespace patina::report {

/// One thing that differs from what the bundle claims.
struct Difference {
  std::string what;  ///< "data/samples/ab..png", "score of ...", "p-value of ...", "verdict".
  std::string claimed;
  std::string found;
};

struct VerifyResult {
  std::int64_t files_checked = 0;
  std::int64_t scores_recomputed = 0;  ///< 0 without a usable extractor.
  std::int64_t tests_recomputed = 0;
  double largest_score_difference = 0.0;  ///< Relative to max(1, score).
  /// The extractor file is the one that the bundle's manifest names, once, by its digest. No other
  /// is ever handed to a MakeExtractor.
  bool extractor_intact = false;
  std::vector<Difference> differences;  ///< Empty = verified.
};

struct VerifyOptions {
  /// Scores may differ by this much relative to max(1, score) between machines (float32 sums).
  double score_tolerance = 1e-3;
  images::ImageLimits limits;  ///< Images beyond them are reported as unreadable.
};

/// Builds a scorer from the extractor file of a bundle, for a precision as the evidence names it
/// ("float32", "bfloat16").
using MakeExtractor = std::function<std::unique_ptr<keys::Extractor>(
    const std::filesystem::path& file, const std::string& precision)>;

/// Recomputes digests, tests, verdict and, unless `make_extractor` is empty or the extractor file is
/// not intact, scores, and lists what differs. Throws Error{kInput} if the folder is not a finished
/// bundle or its evidence cannot be read, and what `make_extractor` throws.
VerifyResult verify_bundle(const std::filesystem::path& bundle,
                           const MakeExtractor& make_extractor,
                           const VerifyOptions& options = {},
                           const core::Observer& observer = {});

}  // namespace patina::report
