// SPDX-License-Identifier: Apache-2.0
// The samples of a TIFF file, decompressed by libtiff from memory.
#pragma once

#include <string>

#include "core/byte_reader.h"
#include "images/pixels/image_file.h"

namespace patina::images {

/// Grey and RGB of 8 or 16 bits, with or without alpha, are taken exactly (premultiplied alpha is
/// divided out); palette, bilevel, CMYK, YCbCr and Lab become 8-bit RGB or grey,
/// CMYK by the profile in `file.metadata`. Throws
/// Error{kUnsupported} for other sample types, Error{kInput} for damage or a size unlike the
/// header's.
void read_tiff_pixels(const core::Bytes& bytes,
                      const ImageHeader& header,
                      const std::string& where,
                      ImageFile& file);

}  // namespace patina::images
