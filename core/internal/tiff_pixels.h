// SPDX-License-Identifier: Apache-2.0
// The samples of a TIFF file, decompressed by libtiff from memory.
#pragma once

#include <string>

#include "core/image_io.h"
#include "core/internal/byte_reader.h"

namespace patina::core {

/// Grey and RGB of 8 or 16 bits, with or without alpha, are taken exactly (premultiplied alpha is
/// divided out); palette, bilevel, CMYK, YCbCr and Lab become 8-bit RGB or grey. Throws
/// Error{kUnsupported} for other sample types, Error{kInput} for damage or a size unlike the
/// header's.
void read_tiff_pixels(const Bytes& bytes,
                      const ImageHeader& header,
                      const std::string& where,
                      ImageFile& file);

}  // namespace patina::core
