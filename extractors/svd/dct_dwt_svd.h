// SPDX-License-Identifier: Apache-2.0
// The DCT-DWT-SVD watermark, a classical blind one [Navas 2008; what Luo et al. trace mimicry with,
// Siren 2025, Sec. 5.2]: on the U channel, one level of Haar wavelets, blocks of 4x4 of the
// approximation, and in each the largest singular value quantised to a quarter or three quarters of
// a step, for a bit of 0 or 1. (The DCT of a block is orthogonal and leaves singular values as they
// are, so it need not be computed.) Reading is here, laying on in coat/svd/. Entry point:
// make_svd_scorer.
#pragma once

#include <memory>
#include <vector>

#include "extractors/scorer_options.h"
#include "images/pixels/image.h"
#include "keys/coat_key.h"
#include "keys/extractor.h"

namespace patina::extractors {

struct SvdWatermark {
  std::vector<bool> bits;  ///< Block n carries bit n mod size.
  /// Step of quantisation, levels of 255; larger is more robust and visible.
  double step = 36.0;
};

/// Throws Error{kInput} for an image under 8 pixels a side, or a watermark without bits or with a
/// step that is not above 0.
void require_usable(const images::Image& image, const SvdWatermark& watermark);

/// Share of blocks that read as their bit, [0,1]; about 1/2 without the mark.
double block_agreement(const images::Image& image, const SvdWatermark& watermark);

/// "bits" [B] of 0 and 1 and "step" [1] of a scoring part. Throws Error{kInput} without them.
SvdWatermark read_svd_watermark(const keys::KeyPart& scoring);

/// Share of blocks that do not read as their bit, [0,1].
std::unique_ptr<keys::Extractor> make_svd_scorer(const keys::CoatKey& key,
                                                 const keys::MethodRecord& method,
                                                 const ScorerOptions& options);

}  // namespace patina::extractors
