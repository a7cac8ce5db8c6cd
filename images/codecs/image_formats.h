// SPDX-License-Identifier: Apache-2.0
// One set of functions per file format. `where` names the file in errors. Nothing here checks
// ImageLimits: image_io does, with the header, before it calls a decoder.
#pragma once

#include <string>

#include "core/byte_reader.h"
#include "images/containers/problems.h"
#include "images/pixels/image_file.h"

namespace patina::images {

constexpr const char* kRemarkOnC2PA =
    "its C2PA manifests, which sign the former picture, are left out: sign it again";

/// A decoded file before its orientation is applied.
struct StoredImage {
  ImageFile file;
  int orientation = 1;  ///< EXIF value 1..8.
};

/// Dimensions as the header states them.
ImageHeader jpeg_header(const core::Bytes& bytes, const std::string& where);
ImageHeader png_header(const core::Bytes& bytes, const std::string& where);
ImageHeader webp_header(const core::Bytes& bytes, const std::string& where);
ImageHeader tiff_header(const core::Bytes& bytes, const std::string& where);
ImageHeader bmp_header(const core::Bytes& bytes, const std::string& where);

StoredImage decode_jpeg(const core::Bytes& bytes, const std::string& where);
StoredImage decode_png(const core::Bytes& bytes, const std::string& where);
StoredImage decode_webp(const core::Bytes& bytes, const std::string& where);
StoredImage decode_tiff(const core::Bytes& bytes, const std::string& where);
StoredImage decode_bmp(const core::Bytes& bytes, const std::string& where);

core::Bytes encode_jpeg(const ImageFile& file);
core::Bytes encode_png(const ImageFile& file);
core::Bytes encode_webp(const ImageFile& file);
core::Bytes encode_tiff(const ImageFile& file);
core::Bytes encode_bmp(const ImageFile& file);

/// Turns pixels and alpha upright [Exif 2.32, tag 0x0112], and width for height in the resolution.
void apply_orientation(ImageFile& file, int orientation);

/// False for a profile of another colour space than the pixels have (a CMYK profile of a picture
/// converted to RGB), which would only mislead [ICC.1:2010, Sec. 7.2.6].
bool icc_fits(const core::Bytes& icc, bool grey);

}  // namespace patina::images
