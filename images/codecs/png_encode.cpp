// SPDX-License-Identifier: Apache-2.0
// PNG out. OpenCV's writer knows neither grey with alpha nor metadata. Filters are chosen per row
// by the least sum of absolute differences [ISO/IEC 15948, Sec. 12.8], as libpng does.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "core/deflate.h"
#include "images/codecs/image_formats.h"
#include "images/codecs/samples.h"
#include "images/containers/png_chunks.h"

namespace patina::images {
namespace {

constexpr std::size_t kMaxDataChunkBytes = std::size_t{1} << 20;
constexpr double kMetresPerInch = 0.0254;
constexpr std::size_t kFilters = 5;

std::uint8_t paeth(int left, int up, int corner) {
  const int by_left = std::abs(up - corner);
  const int by_up = std::abs(left - corner);
  const int by_corner = std::abs(left + up - 2 * corner);
  if (by_left <= by_up && by_left <= by_corner) return static_cast<std::uint8_t>(left);
  return static_cast<std::uint8_t>(by_up <= by_corner ? up : corner);
}

std::uint8_t minus(std::uint8_t a, int b) { return static_cast<std::uint8_t>(a - b); }

/// Rows go in, the filtered stream comes out.
class RowFilter {
 public:
  RowFilter(std::size_t row_bytes, std::size_t pixel_bytes)
      : pixel_(pixel_bytes), above_(pixel_bytes + row_bytes), row_(pixel_bytes + row_bytes) {
    for (core::Bytes& candidate : candidates_) candidate.resize(row_bytes + 1);
    for (std::size_t i = 0; i < kFilters; ++i) candidates_[i][0] = static_cast<std::uint8_t>(i);
  }

  /// Where to put the next row.
  std::uint8_t* row() { return row_.data() + pixel_; }

  void filter(core::Bytes& out) {
    fill_candidates();
    const auto best = std::min_element(
        candidates_.begin(), candidates_.end(), [](const core::Bytes& a, const core::Bytes& b) {
          return cost(a) < cost(b);
        });
    core::append(out, *best);
    std::swap(above_, row_);
  }

 private:
  void fill_candidates() {
    const std::size_t size = row_.size() - pixel_;
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint8_t value = row_[pixel_ + i];
      const int left = row_[i];
      const int up = above_[pixel_ + i];
      const int corner = above_[i];
      candidates_[0][i + 1] = value;
      candidates_[1][i + 1] = minus(value, left);
      candidates_[2][i + 1] = minus(value, up);
      candidates_[3][i + 1] = minus(value, (left + up) / 2);
      candidates_[4][i + 1] = minus(value, paeth(left, up, corner));
    }
  }

  static std::uint64_t cost(const core::Bytes& candidate) {
    std::uint64_t sum = 0;
    for (std::size_t i = 1; i < candidate.size(); ++i) {
      const unsigned value = candidate[i];
      sum += value < 128U ? value : 256U - value;
    }
    return sum;
  }

  std::size_t pixel_;
  core::Bytes above_;  ///< Starts with one black pixel, as the row does.
  core::Bytes row_;
  std::array<core::Bytes, kFilters> candidates_;
};

core::Bytes filtered_rows(const ImageFile& file) {
  const auto channels = static_cast<std::size_t>(stored_channels(file));
  const std::size_t sample_bytes = file.image.bit_depth == 16 ? 2 : 1;
  const std::size_t samples = static_cast<std::size_t>(file.image.width_px) * channels;
  std::vector<std::uint16_t> gathered(samples);
  RowFilter rows(samples * sample_bytes, channels * sample_bytes);
  core::Bytes out;
  out.reserve((samples * sample_bytes + 1) * static_cast<std::size_t>(file.image.height_px));
  for (int y = 0; y < file.image.height_px; ++y) {
    gather_row(file, y, gathered.data());
    std::uint8_t* row = rows.row();
    for (const std::uint16_t sample : gathered) {
      if (sample_bytes == 2) *row++ = static_cast<std::uint8_t>(sample >> 8);
      *row++ = static_cast<std::uint8_t>(sample & 0xFFU);
    }
    rows.filter(out);
  }
  return out;
}

core::Bytes header_of(const ImageFile& file) {
  constexpr std::array<std::uint8_t, 5> kColourTypes = {0, 0, 4, 2, 6};
  core::Bytes header;
  core::append_u32(header, static_cast<std::uint32_t>(file.image.width_px), core::ByteOrder::kBig);
  core::append_u32(header, static_cast<std::uint32_t>(file.image.height_px), core::ByteOrder::kBig);
  header.push_back(static_cast<std::uint8_t>(file.image.bit_depth));
  header.push_back(kColourTypes[static_cast<std::size_t>(stored_channels(file))]);
  header.insert(header.end(), {0, 0, 0});  // Deflate, adaptive filters, not interlaced.
  return header;
}

void append_colour_profile(core::Bytes& out, const core::Bytes& icc) {
  if (icc.empty()) return;
  core::Bytes data;
  core::append(data, std::string_view("ICC profile\0\0", 13));
  core::append(data, core::deflate_bytes(icc.data(), icc.size()));
  append_png_chunk(out, "iCCP", data);
}

void append_resolution(core::Bytes& out, const ImageMetadata& metadata) {
  if (metadata.dpi_x <= 0.0 || metadata.dpi_y <= 0.0) return;
  core::Bytes data;
  for (const double dpi : {metadata.dpi_x, metadata.dpi_y}) {
    const double per_metre = std::clamp(std::round(dpi / kMetresPerInch), 1.0, 2147483647.0);
    core::append_u32(data, static_cast<std::uint32_t>(per_metre), core::ByteOrder::kBig);
  }
  data.push_back(1);
  append_png_chunk(out, "pHYs", data);
}

void append_metadata(core::Bytes& out, const ImageMetadata& metadata) {
  // Colour chunks stand before the profile here; a reader that knows iCCP prefers it.
  if (metadata.container == ImageFormat::kPNG) core::append(out, metadata.container_blocks);
  append_colour_profile(out, metadata.icc);
  append_resolution(out, metadata);
  if (!metadata.exif.empty()) append_png_chunk(out, "eXIf", metadata.exif);
  if (metadata.xmp.empty()) return;
  core::Bytes text;
  core::append(text, std::string_view("XML:com.adobe.xmp\0\0\0\0\0", 22));
  core::append(text, metadata.xmp);
  append_png_chunk(out, "iTXt", text);
}

}  // namespace

core::Bytes encode_png(const ImageFile& file) {
  core::Bytes out;
  core::append(out, kPNGSignature);
  append_png_chunk(out, "IHDR", header_of(file));
  append_metadata(out, file.metadata);
  const core::Bytes rows = filtered_rows(file);
  const core::Bytes data = core::deflate_bytes(
      rows.data(), rows.size(), core::DeflateContent::kDifferences, core::effort_for(rows.size()));
  for (std::size_t at = 0; at < data.size(); at += kMaxDataChunkBytes) {
    append_png_chunk(out, "IDAT", data.data() + at, std::min(kMaxDataChunkBytes, data.size() - at));
  }
  append_png_chunk(out, "IEND", core::Bytes());
  return out;
}

}  // namespace patina::images
