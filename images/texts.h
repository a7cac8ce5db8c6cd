// SPDX-License-Identifier: Apache-2.0
// Texts inside image containers: PNG text chunks, EXIF tags, comments. Entry point:
// read_image_texts.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "images/pixels/image_file.h"

namespace patina::images {

/// Texts of an image file by where they stand: a PNG keyword ("parameters", "prompt"), an EXIF tag
/// ("UserComment", "Software", ...), "JPEG comment". UTF-8; at most 64 of at most 1 MiB each.
std::map<std::string, std::string> read_image_texts(const std::vector<std::uint8_t>& bytes,
                                                    ImageFormat format);

}  // namespace patina::images
