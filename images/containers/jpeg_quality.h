// SPDX-License-Identifier: Apache-2.0
// The quality setting of a JPEG file, told from its quantisation tables.
#pragma once

#include <array>
#include <cstdint>

namespace patina::images {

/// A quantisation table in the zigzag order of the file.
using QuantTable = std::array<std::uint16_t, 64>;

/// Quality 1..100 whose IJG tables (libjpeg's jpeg_set_quality, baseline) come nearest by the sum
/// of absolute differences; exact for files libjpeg wrote. `chroma` may be null.
int estimate_jpeg_quality(const QuantTable& luma, const QuantTable* chroma);

}  // namespace patina::images
