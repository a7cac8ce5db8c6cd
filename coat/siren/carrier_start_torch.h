// SPDX-License-Identifier: Apache-2.0
// Lays trained carriers out as the weights of a HiDDeN generator and extractor, exactly but for two
// pixels at the border and the flanks of GELU. GELU(v) - GELU(-v) = v, so a pair of channels with
// opposite weights carries a linear signal through a block unchanged, and GELU(v) + GELU(-v) is the
// e(v) of carriers_torch.h.
#pragma once

#include "coat/siren/carriers_torch.h"
#include "coat/siren/pair_torch.h"

namespace patina::coat::siren {

/// The carriers of the two sides; both with the same number of bits.
struct CarrierPair {
  Carriers generator{nullptr};
  Carriers extractor{nullptr};
};

/// A pair that computes `carriers`; its feature k is the raw feature k of carriers->extractor.
Pair lay_out_pair(const CarrierPair& carriers, const CoatingOptions& coating);

/// Rescales the linear layer so that the taught features have zero mean and unit covariance on
/// clean images: distances then count every direction by what clean images leave free.
/// `clean_features` [N,D], D >= bits, of N > 4 bits images as the pair gives them now. Throws
/// Error{kInput} for fewer.
void whiten_head(Pair& pair, const torch::Tensor& clean_features);

}  // namespace patina::coat::siren
