// SPDX-License-Identifier: Apache-2.0
// A decoded image file: pixels and everything that must survive coating (alpha, ICC profile, EXIF,
// XMP, captions, resolution, grey, bit depth, JPEG quality and subsampling).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "images/pixels/image.h"

namespace patina::images {

enum class ImageFormat { kJPEG, kPNG, kWebP, kTIFF, kBMP };
const char* to_string(ImageFormat format);       ///< "jpeg", "png", "webp", "tiff", "bmp".
const char* file_extension(ImageFormat format);  ///< ".jpg", ".png", ".webp", ".tif", ".bmp".
std::optional<ImageFormat> format_from_name(const std::string& name);  ///< "jpg" and "tif" too.

/// Limits checked against the header before decoding.
struct ImageLimits {
  std::uint64_t max_pixels = 8192ULL * 8192ULL;  ///< A 20000x20000 PNG bomb is refused unread.
  std::uint64_t max_file_bytes = 1ULL << 30;     ///< Larger files are refused unread.
  int min_side_px = 1;  ///< Images with a shorter side are refused; at least 1.
};

/// How a file was, or is to be, encoded.
struct ImageEncoding {
  ImageFormat format = ImageFormat::kPNG;
  int quality_percent = 95;      ///< JPEG and lossy WebP; estimated from the tables of a JPEG read.
  bool subsample_chroma = true;  ///< JPEG 4:2:0 rather than 4:4:4.
  bool progressive = false;      ///< JPEG.
  bool rgb_coded = false;        ///< JPEG that stores red, green and blue; never subsampled.
  bool lossless = true;          ///< WebP.
};

/// Metadata blocks carried verbatim, without container framing.
struct ImageMetadata {
  std::vector<std::uint8_t> icc;   ///< ICC profile.
  std::vector<std::uint8_t> exif;  ///< TIFF-structured EXIF block, starting with "II" or "MM".
  std::vector<std::uint8_t> xmp;   ///< XMP packet.
  double dpi_x = 0.0;              ///< 0 = not stated.
  double dpi_y = 0.0;
  /// Captions, copyright and colour that only one format knows, framed as it frames them: text and
  /// colour chunks of a PNG, comments and Photoshop resources (IPTC) of a JPEG or TIFF. Written
  /// back into `container` only.
  std::vector<std::uint8_t> container_blocks;
  ImageFormat container = ImageFormat::kPNG;
};

/// A decoded file. Pixels stand upright: the EXIF orientation was applied and its tag set to 1.
struct ImageFile {
  Image image;                       ///< RGB; three equal channels when `grey`.
  std::vector<std::uint16_t> alpha;  ///< Empty, or height*width values 0..2^bit_depth-1.
  bool grey = false;                 ///< The file stores one channel and will again.
  ImageEncoding encoding;
  ImageMetadata metadata;
  std::uint64_t file_bytes = 0;
  /// What reading changed or left out, for whoever made the file: "its inks were turned into RGB".
  std::vector<std::string> remarks;
};

/// What the header of a file says.
struct ImageHeader {
  ImageFormat format = ImageFormat::kPNG;
  int width_px = 0;
  int height_px = 0;
};

}  // namespace patina::images
