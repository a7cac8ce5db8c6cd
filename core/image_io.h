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

#include "core/image.h"

namespace patina::core {

enum class ImageFormat { kJPEG, kPNG, kWebP, kTIFF, kBMP };
const char* to_string(ImageFormat format);       ///< "jpeg", "png", "webp", "tiff", "bmp".
const char* file_extension(ImageFormat format);  ///< ".jpg", ".png", ".webp", ".tif", ".bmp".
std::optional<ImageFormat> format_from_name(const std::string& name);  ///< "jpg" and "tif" too.

/// Limits checked against the header before decoding.
struct ImageLimits {
  std::uint64_t max_pixels = 8192ULL * 8192ULL;  ///< A 20000x20000 PNG bomb is refused unread.
  std::uint64_t max_file_bytes = 1ULL << 30;
  int min_side_px = 1;
};

/// How a file was, or is to be, encoded.
struct ImageEncoding {
  ImageFormat format = ImageFormat::kPNG;
  int quality_percent = 95;      ///< JPEG and lossy WebP; estimated from the tables of a JPEG read.
  bool subsample_chroma = true;  ///< JPEG 4:2:0 rather than 4:4:4.
  bool progressive = false;      ///< JPEG.
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
};

/// What the header says. Throws Error{kInput} if the bytes are of no known image format.
struct ImageHeader {
  ImageFormat format = ImageFormat::kPNG;
  int width_px = 0;
  int height_px = 0;
};
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

/// Removes the GPS directory from an EXIF block in place of the pointer to it; other tags stay.
void strip_gps(std::vector<std::uint8_t>& exif);

/// One image found under the inputs. `relative` mirrors the input tree (a file given by name has
/// its file name only).
struct ImageEntry {
  std::filesystem::path path;
  std::filesystem::path relative;
};

/// Files with a known image extension (any case) below the given files and folders, sorted by
/// relative path; hidden files and symbolic-link loops are skipped. Throws Error{kInput} for an
/// input that does not exist and for two inputs that map to the same relative path.
std::vector<ImageEntry> list_images(const std::vector<std::filesystem::path>& inputs);

}  // namespace patina::core
