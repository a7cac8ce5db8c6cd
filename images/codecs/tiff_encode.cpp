// SPDX-License-Identifier: Apache-2.0
// TIFF out: baseline layout in strips, Deflate with horizontal differencing [TIFF 6.0, Sec. 14],
// and the metadata in the first directory. In the byte order of the EXIF block, so that opaque
// fields (maker notes) keep theirs.
#include <algorithm>
#include <cmath>

#include "core/deflate.h"
#include "images/codecs/image_formats.h"
#include "images/codecs/samples.h"
#include "images/containers/tiff_structure.h"

namespace patina::images {
namespace {

constexpr std::size_t kStripBytes = std::size_t{1} << 18;
constexpr std::uint32_t kAdobeDeflate = 8;
constexpr std::uint32_t kGreyPhotometric = 1;
constexpr std::uint32_t kRGBPhotometric = 2;
constexpr std::uint32_t kUnassociatedAlpha = 2;
constexpr std::uint32_t kHorizontalDifferencing = 2;
constexpr std::uint32_t kInch = 2;
constexpr std::uint32_t kDenominator = 10000;

struct Strips {
  std::vector<std::uint32_t> offsets;
  std::vector<std::uint32_t> sizes;
  std::uint32_t rows_per_strip = 1;
};

/// Appends each sample's difference from the same channel of the pixel before it.
void append_differences(const std::vector<std::uint16_t>& row,
                        std::size_t channels,
                        bool wide,
                        core::ByteOrder order,
                        core::Bytes& out) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const unsigned before = i < channels ? 0U : row[i - channels];
    const unsigned difference = row[i] - before;
    if (wide) {
      core::append_u16(out, difference & 0xFFFFU, order);
    } else {
      out.push_back(static_cast<std::uint8_t>(difference & 0xFFU));
    }
  }
}

Strips append_strips(core::Bytes& out, const ImageFile& file, core::ByteOrder order) {
  const auto channels = static_cast<std::size_t>(stored_channels(file));
  const bool wide = file.image.bit_depth == 16;
  std::vector<std::uint16_t> row(static_cast<std::size_t>(file.image.width_px) * channels);
  const std::size_t row_bytes = row.size() * (wide ? 2 : 1);
  const auto height = static_cast<std::uint32_t>(file.image.height_px);
  const core::DeflateEffort effort = core::effort_for(row_bytes * height);
  Strips strips;
  strips.rows_per_strip = static_cast<std::uint32_t>(
      std::clamp<std::size_t>(kStripBytes / row_bytes, 1, height));
  for (std::uint32_t y = 0; y < height; y += strips.rows_per_strip) {
    core::Bytes plain;
    for (std::uint32_t k = y; k < std::min(height, y + strips.rows_per_strip); ++k) {
      gather_row(file, static_cast<int>(k), row.data());
      append_differences(row, channels, wide, order, plain);
    }
    const core::Bytes packed = core::deflate_bytes(
        plain.data(), plain.size(), core::DeflateContent::kDifferences, effort);
    if (out.size() + packed.size() > 0xF0000000) {
      throw core::Error(
          core::ErrorKind::kUnsupported, "tiff", "the file would exceed 4 GB", "choose png");
    }
    strips.offsets.push_back(static_cast<std::uint32_t>(out.size()));
    strips.sizes.push_back(static_cast<std::uint32_t>(packed.size()));
    core::append(out, packed);
  }
  return strips;
}

TIFFField longs_field(std::uint16_t tag,
                      const std::vector<std::uint32_t>& values,
                      core::ByteOrder order) {
  TIFFField field{tag, tiff_type::kLong, static_cast<std::uint32_t>(values.size()), {}, {}};
  for (const std::uint32_t value : values) core::append_u32(field.value, value, order);
  return field;
}

TIFFField rational_field(std::uint16_t tag, double value, core::ByteOrder order) {
  TIFFField field{tag, tiff_type::kRational, 1, {}, {}};
  const double scaled = std::clamp(std::round(value * kDenominator), 1.0, 4294967295.0);
  core::append_u32(field.value, static_cast<std::uint32_t>(scaled), order);
  core::append_u32(field.value, kDenominator, order);
  return field;
}

std::vector<TIFFField> layout_fields(const ImageFile& file,
                                     const Strips& strips,
                                     core::ByteOrder order) {
  const auto channels = static_cast<std::uint32_t>(stored_channels(file));
  const auto depth = static_cast<std::uint32_t>(file.image.bit_depth);
  TIFFField bits{tiff_tag::kBitsPerSample, tiff_type::kShort, channels, {}, {}};
  for (std::uint32_t i = 0; i < channels; ++i) core::append_u16(bits.value, depth, order);
  std::vector<TIFFField> fields = {
      long_field(tiff_tag::kWidth, static_cast<std::uint32_t>(file.image.width_px), order),
      long_field(tiff_tag::kHeight, static_cast<std::uint32_t>(file.image.height_px), order),
      bits,
      short_field(tiff_tag::kCompression, kAdobeDeflate, order),
      short_field(tiff_tag::kPhotometric, file.grey ? kGreyPhotometric : kRGBPhotometric, order),
      longs_field(tiff_tag::kStripOffsets, strips.offsets, order),
      short_field(tiff_tag::kSamplesPerPixel, channels, order),
      long_field(tiff_tag::kRowsPerStrip, strips.rows_per_strip, order),
      longs_field(tiff_tag::kStripByteCounts, strips.sizes, order),
      short_field(tiff_tag::kPlanarConfig, 1, order),
      short_field(tiff_tag::kPredictor, kHorizontalDifferencing, order)};
  if (!file.alpha.empty()) {
    fields.push_back(short_field(tiff_tag::kExtraSamples, kUnassociatedAlpha, order));
  }
  return fields;
}

void add_metadata(std::vector<TIFFField>& fields,
                  const ImageMetadata& metadata,
                  core::ByteOrder order) {
  if (!metadata.icc.empty()) {
    fields.push_back(bytes_field(tiff_tag::kICC, tiff_type::kUndefined, metadata.icc));
  }
  if (!metadata.xmp.empty()) {
    fields.push_back(bytes_field(tiff_tag::kXMP, tiff_type::kByte, metadata.xmp));
  }
  if (metadata.dpi_x > 0.0 && metadata.dpi_y > 0.0) {
    fields.push_back(rational_field(tiff_tag::kXResolution, metadata.dpi_x, order));
    fields.push_back(rational_field(tiff_tag::kYResolution, metadata.dpi_y, order));
    fields.push_back(short_field(tiff_tag::kResolutionUnit, kInch, order));
  }
  const auto add = [&](std::vector<TIFFField> more) {
    fields.insert(fields.end(), more.begin(), more.end());
  };
  if (const auto exif = TIFFStructure::open(metadata.exif)) {
    add(descriptive_fields(*exif, exif->first_directory()));
  }
  const auto kept = TIFFStructure::open(metadata.container_blocks);
  if (metadata.container == ImageFormat::kTIFF && kept && kept->order() == order) {
    add(caption_and_colour_fields(*kept, kept->first_directory()));
  }
}

core::ByteOrder order_of(const ImageMetadata& metadata) {
  if (const auto exif = TIFFStructure::open(metadata.exif)) return exif->order();
  const auto kept = TIFFStructure::open(metadata.container_blocks);
  const bool ours = metadata.container == ImageFormat::kTIFF && kept;
  return ours ? kept->order() : core::ByteOrder::kLittle;
}

}  // namespace

core::Bytes encode_tiff(const ImageFile& file) {
  const core::ByteOrder order = order_of(file.metadata);
  core::Bytes out = tiff_magic(order);
  core::append_u32(out, 0, order);  // Offset of the directory, known at the end.
  const Strips strips = append_strips(out, file, order);
  std::vector<TIFFField> fields = layout_fields(file, strips, order);
  add_metadata(fields, file.metadata, order);
  const std::uint32_t directory = append_directory(out, std::move(fields), order);
  store_u32(out, 4, directory, order);
  return out;
}

}  // namespace patina::images
