// SPDX-License-Identifier: Apache-2.0
#include "images/containers/jpeg_markers.h"

#include <map>
#include <optional>

#include "images/containers/exif.h"

namespace patina::images {
namespace {

constexpr std::uint8_t kStartOfImage = 0xD8;
constexpr std::uint8_t kEndOfImage = 0xD9;
constexpr std::uint8_t kStartOfScan = 0xDA;
constexpr std::uint8_t kQuantTables = 0xDB;
constexpr std::uint8_t kApp0 = 0xE0;
constexpr std::uint8_t kApp1 = 0xE1;
constexpr std::uint8_t kApp2 = 0xE2;
constexpr std::uint8_t kApp13 = 0xED;
constexpr std::uint8_t kComment = 0xFE;
constexpr double kCentimetresPerInch = 2.54;

constexpr std::string_view kExifName("Exif\0\0", 6);
constexpr std::string_view kXMPName("http://ns.adobe.com/xap/1.0/\0", 29);
constexpr std::string_view kICCName("ICC_PROFILE\0", 12);
constexpr std::string_view kPhotoshopName("Photoshop 3.0\0", 14);

bool is_frame_marker(std::uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

bool stands_alone(std::uint8_t marker) {
  return marker == 0x01 || (marker >= 0xD0 && marker <= kStartOfImage);
}

/// A marker segment without its marker and length.
struct Segment {
  std::uint8_t marker = 0;
  std::size_t offset = 0;
  std::size_t size = 0;
};

class MarkerScanner {
 public:
  explicit MarkerScanner(const core::Bytes& bytes) : reader_(bytes) {
    layout_.metadata.container = ImageFormat::kJPEG;
  }

  JPEGLayout scan() {
    std::size_t position = 2;
    while (!layout_.complete) {
      const auto segment = next_segment(position);
      if (!segment) break;
      handle(*segment);
      position = segment->offset + segment->size;
      if (segment->marker == kStartOfScan) position = after_entropy_data(position);
    }
    finish();
    return std::move(layout_);
  }

 private:
  /// Next segment at or after a position, garbage before it skipped as libjpeg does.
  std::optional<Segment> next_segment(std::size_t position) {
    while (reader_.has(position, 2)) {
      const std::uint8_t marker = reader_.u8(position + 1);
      const bool is_marker = reader_.u8(position) == 0xFF && marker != 0xFF && marker != 0x00;
      if (!is_marker) {
        ++position;
        continue;
      }
      if (marker == kEndOfImage) return Segment{marker, position + 2, 0};
      if (!stands_alone(marker)) return sized_segment(marker, position + 2);
      position += 2;
    }
    return std::nullopt;
  }

  std::optional<Segment> sized_segment(std::uint8_t marker, std::size_t offset) const {
    const std::size_t size = reader_.u16(offset, core::ByteOrder::kBig);
    if (size < 2 || !reader_.has(offset, size)) return std::nullopt;
    return Segment{marker, offset + 2, size - 2};
  }

  /// Entropy-coded bytes hold 0xFF only stuffed with 0x00 or as a restart marker.
  std::size_t after_entropy_data(std::size_t position) const {
    while (reader_.has(position, 2)) {
      const std::uint8_t next = reader_.u8(position + 1);
      const bool restart = next >= 0xD0 && next <= 0xD7;
      if (reader_.u8(position) == 0xFF && next != 0x00 && next != 0xFF && !restart) break;
      ++position;
    }
    return position;
  }

  void handle(const Segment& segment) {
    if (is_frame_marker(segment.marker)) {
      read_frame(segment);
      return;
    }
    switch (segment.marker) {
      case kEndOfImage:
        layout_.complete = layout_.scans > 0;
        break;
      case kStartOfScan:
        ++layout_.scans;
        break;
      case kQuantTables:
        read_quant_tables(segment);
        break;
      case kApp0:
        read_density(segment);
        break;
      case kApp1:
        read_app1(segment);
        break;
      case kApp2:
        read_icc(segment);
        break;
      case kApp13:
        keep(segment, reader_.starts_with(segment.offset, kPhotoshopName));
        break;
      case kComment:
        keep(segment, true);
        break;
      default:
        break;
    }
  }

  void read_frame(const Segment& segment) {
    if (layout_.has_frame || segment.size < 6) return;
    const std::size_t at = segment.offset;
    layout_.has_frame = true;
    layout_.precision_bits = reader_.u8(at);
    layout_.height_px = reader_.u16(at + 1, core::ByteOrder::kBig);
    layout_.width_px = reader_.u16(at + 3, core::ByteOrder::kBig);
    layout_.components = reader_.u8(at + 5);
    layout_.encoding.progressive = segment.marker == 0xC2 || segment.marker == 0xCA;
    if (segment.size < 6 + 3 * static_cast<std::size_t>(layout_.components)) return;
    luma_table_ = reader_.u8(at + 8);
    if (layout_.components < 3) return;
    chroma_table_ = reader_.u8(at + 11);
    const unsigned luma_factors = reader_.u8(at + 7);
    const unsigned chroma_factors = reader_.u8(at + 10);
    // Chroma halved along one side only is kept whole: 4:2:0 would halve the other side too.
    layout_.encoding.subsample_chroma = luma_factors >> 4 > chroma_factors >> 4 &&
                                        (luma_factors & 15U) > (chroma_factors & 15U);
  }

  void read_quant_tables(const Segment& segment) {
    std::size_t at = segment.offset;
    const std::size_t end = at + segment.size;
    while (at < end) {
      const unsigned head = reader_.u8(at);
      const std::size_t entry_bytes = head >> 4 == 0 ? 1 : 2;
      if (at + 1 + 64 * entry_bytes > end) return;
      QuantTable& table = tables_[head & 15U];
      for (std::size_t i = 0; i < table.size(); ++i) {
        const std::size_t from = at + 1 + i * entry_bytes;
        table[i] = entry_bytes == 1 ? reader_.u8(from) : reader_.u16(from, core::ByteOrder::kBig);
      }
      at += 1 + 64 * entry_bytes;
    }
  }

  void read_density(const Segment& segment) {
    if (!reader_.starts_with(segment.offset, std::string_view("JFIF\0", 5)) || segment.size < 12) {
      return;
    }
    const unsigned unit = reader_.u8(segment.offset + 7);
    if (unit != 1 && unit != 2) return;
    const double scale = unit == 2 ? kCentimetresPerInch : 1.0;
    layout_.metadata.dpi_x = scale * reader_.u16(segment.offset + 8, core::ByteOrder::kBig);
    layout_.metadata.dpi_y = scale * reader_.u16(segment.offset + 10, core::ByteOrder::kBig);
  }

  void read_app1(const Segment& segment) {
    ImageMetadata& metadata = layout_.metadata;
    if (reader_.starts_with(segment.offset, kExifName) && metadata.exif.empty()) {
      metadata.exif = without_name(segment, kExifName.size());
    } else if (reader_.starts_with(segment.offset, kXMPName) && metadata.xmp.empty()) {
      metadata.xmp = without_name(segment, kXMPName.size());
    }
  }

  void read_icc(const Segment& segment) {
    constexpr std::size_t kCounters = 2;
    if (!reader_.starts_with(segment.offset, kICCName) ||
        segment.size < kICCName.size() + kCounters) {
      return;
    }
    const int number = reader_.u8(segment.offset + kICCName.size());
    icc_parts_expected_ = reader_.u8(segment.offset + kICCName.size() + 1);
    icc_parts_[number] = without_name(segment, kICCName.size() + kCounters);
  }

  void keep(const Segment& segment, bool wanted) {
    if (!wanted) return;
    core::Bytes& out = layout_.metadata.container_blocks;
    out.push_back(0xFF);
    out.push_back(segment.marker);
    core::append_u16(out, static_cast<std::uint32_t>(segment.size + 2), core::ByteOrder::kBig);
    core::append(out, reader_.copy(segment.offset, segment.size));
  }

  core::Bytes without_name(const Segment& segment, std::size_t name_bytes) const {
    return segment.size < name_bytes
               ? core::Bytes()
               : reader_.copy(segment.offset + name_bytes, segment.size - name_bytes);
  }

  void finish() {
    const bool all_parts = icc_parts_expected_ == static_cast<int>(icc_parts_.size()) &&
                           icc_parts_.count(1) == 1 && icc_parts_.count(icc_parts_expected_) == 1;
    if (all_parts) {
      for (const auto& [number, part] : icc_parts_) core::append(layout_.metadata.icc, part);
    }
    if (layout_.metadata.dpi_x <= 0.0 || layout_.metadata.dpi_y <= 0.0) {
      const Resolution stated = tiff_resolution(layout_.metadata.exif);
      layout_.metadata.dpi_x = stated.dpi_x;
      layout_.metadata.dpi_y = stated.dpi_y;
    }
    const auto luma = tables_.find(luma_table_);
    const auto chroma = tables_.find(chroma_table_);
    if (luma != tables_.end()) {
      layout_.encoding.quality_percent = estimate_jpeg_quality(
          luma->second, chroma != tables_.end() ? &chroma->second : nullptr);
    }
  }

  core::ByteReader reader_;
  JPEGLayout layout_;
  std::map<unsigned, QuantTable> tables_;
  unsigned luma_table_ = 0;
  unsigned chroma_table_ = 16;  // None.
  std::map<int, core::Bytes> icc_parts_;
  int icc_parts_expected_ = 0;
};

}  // namespace

JPEGLayout scan_jpeg(const core::Bytes& bytes) { return MarkerScanner(bytes).scan(); }

}  // namespace patina::images
