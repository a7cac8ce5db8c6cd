// SPDX-License-Identifier: Apache-2.0
#include "images/image_io.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "images/codecs/image_formats.h"
#include "images/containers/exif.h"
#include "images/containers/png_chunks.h"

namespace patina::images {
namespace {

/// Everything known about one format.
struct FormatEntry {
  ImageFormat format;
  bool (*recognises)(const core::ByteReader& reader);
  ImageHeader (*header)(const core::Bytes& bytes, const std::string& where);
  StoredImage (*decode)(const core::Bytes& bytes, const std::string& where);
  core::Bytes (*encode)(const ImageFile& file);
};

bool is_jpeg(const core::ByteReader& reader) { return reader.starts_with(0, "\xFF\xD8\xFF"); }
bool is_png(const core::ByteReader& reader) { return reader.starts_with(0, kPNGSignature); }
bool is_bmp(const core::ByteReader& reader) { return reader.starts_with(0, "BM"); }
bool is_webp(const core::ByteReader& reader) {
  return reader.starts_with(0, "RIFF") && reader.starts_with(8, "WEBP");
}
/// Version 43 is BigTIFF, named as such by its header function.
bool is_tiff(const core::ByteReader& reader) {
  return reader.starts_with(0, std::string_view("II*\0", 4)) ||
         reader.starts_with(0, std::string_view("MM\0*", 4)) ||
         reader.starts_with(0, std::string_view("II+\0", 4)) ||
         reader.starts_with(0, std::string_view("MM\0+", 4));
}

constexpr FormatEntry kFormats[] = {
    {ImageFormat::kJPEG, is_jpeg, jpeg_header, decode_jpeg, encode_jpeg},
    {ImageFormat::kPNG, is_png, png_header, decode_png, encode_png},
    {ImageFormat::kWebP, is_webp, webp_header, decode_webp, encode_webp},
    {ImageFormat::kTIFF, is_tiff, tiff_header, decode_tiff, encode_tiff},
    {ImageFormat::kBMP, is_bmp, bmp_header, decode_bmp, encode_bmp},
};

const FormatEntry& entry_of(ImageFormat format) {
  return kFormats[static_cast<std::size_t>(format)];
}

core::Error not_an_image(const std::string& where) {
  return core::Error(core::ErrorKind::kInput,
                     where,
                     "not a JPEG, PNG, WebP, TIFF or BMP image",
                     "leave it out or save it in one of these formats");
}

const FormatEntry& recognise(const core::Bytes& bytes, const std::string& where) {
  if (bytes.empty()) {
    throw core::Error(core::ErrorKind::kInput, where, "empty file, not an image", "copy it again");
  }
  const core::ByteReader reader(bytes);
  const auto* found = std::find_if(
      std::begin(kFormats), std::end(kFormats), [&](const FormatEntry& entry) {
        return entry.recognises(reader);
      });
  if (found == std::end(kFormats)) throw not_an_image(where);
  return *found;
}

/// "8192x8192 (67108864 pixels)" where the limit is a square, else "1000 pixels".
std::string describe_limit(std::uint64_t max_pixels) {
  const std::string pixels = std::to_string(max_pixels) + " pixels";
  const auto side = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(max_pixels)));
  if (side * side != max_pixels) return pixels;
  return std::to_string(side) + "x" + std::to_string(side) + " (" + pixels + ")";
}

void check_limits(const ImageHeader& header, const std::string& where, const ImageLimits& limits) {
  const std::string size = std::to_string(header.width_px) + "x" +
                           std::to_string(header.height_px) + " pixels";
  const auto pixels = static_cast<std::uint64_t>(header.width_px) *
                      static_cast<std::uint64_t>(header.height_px);
  if (pixels > limits.max_pixels) {
    throw core::Error(core::ErrorKind::kInput,
                      where,
                      size + ", the limit is " + describe_limit(limits.max_pixels),
                      "reduce it first");
  }
  if (std::min(header.width_px, header.height_px) < limits.min_side_px) {
    throw core::Error(core::ErrorKind::kInput,
                      where,
                      size + ", each side needs at least " + std::to_string(limits.min_side_px),
                      "use a larger image");
  }
}

void check_encodable(const ImageFile& file) {
  const ImageFormat format = file.encoding.format;
  const bool holds_alpha = format != ImageFormat::kJPEG && format != ImageFormat::kBMP;
  const bool holds_16_bits = format == ImageFormat::kPNG || format == ImageFormat::kTIFF;
  if (!holds_alpha && !file.alpha.empty()) {
    throw core::Error(core::ErrorKind::kUnsupported,
                      to_string(format),
                      "cannot hold transparency",
                      "choose png, webp or tiff");
  }
  if (!holds_16_bits && file.image.bit_depth != 8) {
    throw core::Error(core::ErrorKind::kUnsupported,
                      to_string(format),
                      "cannot hold 16 bits per channel",
                      "choose png or tiff");
  }
  const std::size_t sample_bytes = file.image.bit_depth == 16 ? 2 : 1;
  const std::size_t samples = file.image.sample_count();
  if (samples == 0 || file.image.bytes.size() != samples * sample_bytes ||
      (!file.alpha.empty() && file.alpha.size() != samples / 3)) {
    throw core::Error(
        core::ErrorKind::kInternal, "encode_image", "pixels do not match the stated size", "");
  }
}

}  // namespace

ImageHeader read_image_header(const core::Bytes& bytes, const std::string& where) {
  return recognise(bytes, where).header(bytes, where);
}

ImageFile read_image(const std::filesystem::path& path, const ImageLimits& limits) {
  return decode_image(core::read_file(path, limits.max_file_bytes), path.string(), limits);
}

ImageFile decode_image(const core::Bytes& bytes,
                       const std::string& where,
                       const ImageLimits& limits) {
  if (bytes.size() > limits.max_file_bytes) {
    throw core::Error(core::ErrorKind::kInput,
                      where,
                      std::to_string(bytes.size()) + " bytes, the limit is " +
                          std::to_string(limits.max_file_bytes),
                      "reduce it first");
  }
  const FormatEntry& entry = recognise(bytes, where);
  check_limits(entry.header(bytes, where), where, limits);
  StoredImage stored = entry.decode(bytes, where);
  ImageFile& file = stored.file;
  file.encoding.format = entry.format;
  file.file_bytes = bytes.size();
  if (!icc_fits(file.metadata.icc, file.grey)) file.metadata.icc.clear();
  apply_orientation(file, stored.orientation);
  return std::move(stored.file);
}

core::Bytes encode_image(const ImageFile& file) {
  check_encodable(file);
  return entry_of(file.encoding.format).encode(file);
}

}  // namespace patina::images
