// SPDX-License-Identifier: Apache-2.0
// BMP: a 14-byte file header, then a DIB header whose size tells its version [BITMAPCOREHEADER,
// BITMAPINFOHEADER and later]. Pixels go through OpenCV; size and resolution are read here.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "images/codecs/image_formats.h"
#include "images/codecs/opencv_codec.h"

namespace patina::images {
namespace {

constexpr auto kOrder = core::ByteOrder::kLittle;
constexpr std::uint32_t kCoreHeaderBytes = 12;
constexpr std::size_t kPixelsPerMetreX = 38;
constexpr std::size_t kPixelsPerMetreY = 42;
constexpr double kMetresPerInch = 0.0254;
enum Compression : std::uint32_t { kPlain = 0, kRLE8 = 1, kRLE4 = 2, kBitFields = 3 };

struct BMPLayout {
  std::int64_t width_px = 0;
  std::int64_t height_px = 0;  ///< Negative: rows run downwards.
  std::uint32_t bits_per_pixel = 0;
  std::uint32_t compression = kPlain;
  std::uint32_t pixel_offset = 0;
  std::uint32_t pixel_bytes = 0;  ///< As stated, for compressed pixels.
  bool has_resolution = false;
};

BMPLayout read_layout(const core::Bytes& bytes, const std::string& where) {
  const core::ByteReader reader(bytes);
  const std::uint32_t header_bytes = reader.u32(14, kOrder);
  BMPLayout layout;
  layout.pixel_offset = reader.u32(10, kOrder);
  if (!reader.has(14, std::max(header_bytes, kCoreHeaderBytes))) throw truncated(where);
  if (header_bytes == kCoreHeaderBytes) {
    layout.width_px = reader.u16(18, kOrder);
    layout.height_px = reader.u16(20, kOrder);
    layout.bits_per_pixel = reader.u16(24, kOrder);
  } else if (header_bytes >= 40) {
    layout.width_px = static_cast<std::int32_t>(reader.u32(18, kOrder));
    layout.height_px = static_cast<std::int32_t>(reader.u32(22, kOrder));
    layout.bits_per_pixel = reader.u16(28, kOrder);
    layout.compression = reader.u32(30, kOrder);
    layout.pixel_bytes = reader.u32(34, kOrder);
    layout.has_resolution = true;
  } else {
    throw damaged(where, "a header of " + std::to_string(header_bytes) + " bytes");
  }
  return layout;
}

void check_complete(const BMPLayout& layout, std::size_t file_bytes, const std::string& where) {
  if (layout.compression > kBitFields) {
    throw unsupported_variety(
        where, "BMP compression " + std::to_string(layout.compression) + " is not handled");
  }
  const bool packed = layout.compression == kRLE8 || layout.compression == kRLE4;
  const std::uint64_t row_bits = static_cast<std::uint64_t>(layout.width_px) *
                                 layout.bits_per_pixel;
  const std::uint64_t row_bytes = (row_bits + 31) / 32 * 4;
  const auto rows = static_cast<std::uint64_t>(std::abs(layout.height_px));
  const std::uint64_t needed = packed ? layout.pixel_bytes : row_bytes * rows;
  if (layout.pixel_offset > file_bytes || needed > file_bytes - layout.pixel_offset) {
    throw truncated(where);
  }
}

/// The fourth byte of 32-bit pixels is alpha or padding; of one value throughout it says nothing.
void drop_empty_alpha(ImageFile& file) {
  const bool all_clear = std::all_of(
      file.alpha.begin(), file.alpha.end(), [](std::uint16_t value) { return value == 0; });
  const bool all_opaque = std::all_of(
      file.alpha.begin(), file.alpha.end(), [](std::uint16_t value) { return value == 255; });
  if (all_clear || all_opaque) file.alpha.clear();
}

void store_resolution(core::Bytes& out, std::size_t offset, double dpi) {
  const double per_metre = std::clamp(std::round(dpi / kMetresPerInch), 1.0, 2147483647.0);
  store_u32(out, offset, static_cast<std::uint32_t>(per_metre), kOrder);
}

}  // namespace

ImageHeader bmp_header(const core::Bytes& bytes, const std::string& where) {
  const BMPLayout layout = read_layout(bytes, where);
  constexpr std::int64_t kLargest = 0x7FFFFFFF;
  const std::int64_t height = std::abs(layout.height_px);
  if (layout.width_px < 1 || height < 1 || height > kLargest) {
    throw damaged(where, "it states an impossible size");
  }
  return {ImageFormat::kBMP, static_cast<int>(layout.width_px), static_cast<int>(height)};
}

StoredImage decode_bmp(const core::Bytes& bytes, const std::string& where) {
  const BMPLayout layout = read_layout(bytes, where);
  check_complete(layout, bytes.size(), where);
  StoredImage stored;
  decode_with_opencv(bytes, where, stored.file);
  drop_empty_alpha(stored.file);
  const core::ByteReader reader(bytes);
  if (layout.has_resolution) {
    stored.file.metadata.dpi_x = reader.u32(kPixelsPerMetreX, kOrder) * kMetresPerInch;
    stored.file.metadata.dpi_y = reader.u32(kPixelsPerMetreY, kOrder) * kMetresPerInch;
  }
  return stored;
}

core::Bytes encode_bmp(const ImageFile& file) {
  core::Bytes out = encode_with_opencv(file, 0, 0);
  if (file.metadata.dpi_x > 0.0 && file.metadata.dpi_y > 0.0 && out.size() > kPixelsPerMetreY + 4) {
    store_resolution(out, kPixelsPerMetreX, file.metadata.dpi_x);
    store_resolution(out, kPixelsPerMetreY, file.metadata.dpi_y);
  }
  return out;
}

}  // namespace patina::images
