// SPDX-License-Identifier: Apache-2.0
// The DCT-DWT-SVD watermark, a classical blind one [Navas 2008; what Luo et al. trace mimicry with,
// Siren 2025, Sec. 5.2]: on the U channel, one level of Haar wavelets, blocks of 4x4 of the
// approximation, and in each the largest singular value quantised to a quarter or three quarters of
// a step, for a bit of 0 or 1. (The DCT of a block is orthogonal and leaves singular values as they
// are, so it need not be computed.) Torch-free; entry points: embed_bits, block_agreement.
#pragma once

#include <vector>

#include "images/pixels/image.h"

namespace patina::extractors {

struct SvdWatermark {
  std::vector<bool> bits;  ///< Block n carries bit n mod size.
  double step = 36.0;      ///< Of quantisation, levels of 255; larger is more robust and visible.
};

/// The marked image, 8 or 16 bits as the clean one. Throws Error{kInput} for an image under 8
/// pixels a side or a watermark without bits.
images::Image embed_bits(const images::Image& image, const SvdWatermark& watermark);

/// Share of blocks that read as their bit, [0,1]; about 1/2 without the mark.
double block_agreement(const images::Image& image, const SvdWatermark& watermark);

/// Bits by majority over their blocks.
std::vector<bool> read_bits(const images::Image& image, const SvdWatermark& watermark);

}  // namespace patina::extractors
