// SPDX-License-Identifier: Apache-2.0
// Lays a DCT-DWT-SVD watermark (extractors/svd/dct_dwt_svd.h) on an image.
#pragma once

#include "extractors/svd/dct_dwt_svd.h"
#include "images/pixels/image.h"

namespace patina::coat::svd {

/// The marked image, 8 or 16 bits as the clean one. Throws Error{kInput} for an image under 8
/// pixels a side or a watermark without bits.
images::Image embed_bits(const images::Image& image, const extractors::SvdWatermark& watermark);

}  // namespace patina::coat::svd
