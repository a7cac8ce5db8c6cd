// SPDX-License-Identifier: Apache-2.0
// The part of a coat key that reads a frame mark, and the coating score it gives. The hypersphere
// [Siren 2025, Sec. 4.4] has one dimension here: the statistic of extractors/frame/frame.h, cut off
// at the centre, which lies above most coated images, so that nothing counts as coated too strongly.
//
// A key's scoring part holds "frame/index" [K,2], half waves across and down; "frame/amplitudes"
// [K], with the key's signs; and "center" [1].
#pragma once

#include <memory>
#include <vector>

#include "extractors/frame/frame.h"
#include "extractors/scorer_options.h"
#include "keys/coat_key.h"
#include "keys/extractor.h"

namespace patina::extractors {

struct FrameSphere {
  FrameReader reader;
  double center = 0.0;  ///< In deviations of images without the mark.
};

/// Throws Error{kInput} for a key without a frame mark.
FrameSphere read_frame_sphere(const keys::KeyPart& scoring);

/// sqrt(d^2 + 1) - 1, d = max(0, center - statistic).
double frame_score(double statistic, double center);

std::unique_ptr<keys::Extractor> make_frame_scorer(const keys::CoatKey& key,
                                                   const keys::MethodRecord& method,
                                                   const ScorerOptions& options);

/// The index of a key's cosines. Throws Error{kInput} for values that are no whole numbers from 0 to
/// 4096.
std::vector<FrameIndex> read_frame_index(const keys::KeyPart& scoring);

}  // namespace patina::extractors
