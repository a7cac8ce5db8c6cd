// SPDX-License-Identifier: Apache-2.0
// The DCT-DWT-SVD watermark of a key of method "dct-dwt-svd": 32 bits from the key's seed. Its
// score is the share of blocks that do not read as their bit.
#pragma once

#include "extractors/svd/dct_dwt_svd.h"
#include "keys/coat_key.h"

namespace patina::extractors {

/// Fills method, radius and tensors from `key.seed`.
void make_svd_key(keys::CoatKey& key);

/// Throws Error{kInput} for a key without "bits" or "step".
SvdWatermark svd_watermark(const keys::CoatKey& key);

}  // namespace patina::extractors
