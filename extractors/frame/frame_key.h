// SPDX-License-Identifier: Apache-2.0
// The part of a coat key that reads a frame mark, and the coating score it gives. The hypersphere
// [Siren 2025, Sec. 4.4] has one dimension here: the statistic of extractors/frame/frame.h, cut off at
// the centre, which lies above most coated images, so that nothing counts as coated too strongly.
#pragma once

#include "extractors/frame/frame.h"
#include "keys/coat_key.h"

namespace patina::extractors {

struct FrameSphere {
  FrameReader reader;
  double center = 0.0;  ///< In deviations of images without the mark.
};

/// Throws Error{kInput} for a key without a frame mark.
FrameSphere frame_sphere(const keys::CoatKey& key);

/// sqrt(d^2 + 1) - 1, d = max(0, center - statistic).
double frame_score(double statistic, double center);

/// The index of a key's cosines, "frame/index" [K,2].
std::vector<FrameIndex> frame_index(const keys::CoatKey& key);

}  // namespace patina::extractors
