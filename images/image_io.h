// SPDX-License-Identifier: Apache-2.0
// Image files in and out: JPEG (libjpeg), TIFF (libtiff), PNG, WebP and BMP (OpenCV), with
// everything that must survive coating (alpha, ICC profile, EXIF, XMP, captions, resolution, grey,
// bit depth, JPEG quality and subsampling). The dimensions are read from the header and checked
// before anything is decoded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "images/pixels/image_file.h"

namespace patina::images {

/// What the header says. Throws Error{kInput} if the bytes are of no known image format.
ImageHeader read_image_header(const std::vector<std::uint8_t>& bytes, const std::string& where);

/// Decodes. Throws Error{kInput}: not an image, truncated, beyond the limits, animated;
/// Error{kDisk}.
ImageFile read_image(const std::filesystem::path& path, const ImageLimits& limits = {});
ImageFile decode_image(const std::vector<std::uint8_t>& bytes,
                       const std::string& where,
                       const ImageLimits& limits = {});

/// Encodes pixels, alpha and metadata. A format that cannot hold alpha, 16 bits or a block throws
/// Error{kUnsupported} for alpha and depth, and drops a block it has no place for.
std::vector<std::uint8_t> encode_image(const ImageFile& file);

}  // namespace patina::images
