// SPDX-License-Identifier: Apache-2.0
#include "images/containers/jpeg_markers.h"

#include <map>

#include "images/containers/exif.h"
#include "images/containers/jpeg_quality.h"
#include "images/containers/jpeg_segments.h"

namespace patina::images {
namespace {

constexpr double kCentimetresPerInch = 2.54;

bool is_frame_marker(std::uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

class MarkerScanner {
 public:
  explicit MarkerScanner(const core::Bytes& bytes) : reader_(bytes) {
    layout_.metadata.container = ImageFormat::kJPEG;
  }

  JPEGLayout scan() {
    std::size_t position = kFirstJPEGSegment;
    while (!layout_.complete) {
      const auto segment = next_jpeg_segment(reader_, position);
      if (!segment) break;
      handle(*segment);
      position = segment->end();
    }
    layout_.trailer = layout_.complete && position < reader_.size();
    finish();
    return std::move(layout_);
  }

 private:
  void handle(const JPEGSegment& segment) {
    if (is_frame_marker(segment.marker)) {
      read_frame(segment);
      return;
    }
    switch (segment.marker) {
      case jpeg_marker::kEndOfImage:
        layout_.complete = layout_.scans > 0;
        break;
      case jpeg_marker::kStartOfScan:
        ++layout_.scans;
        break;
      case jpeg_marker::kQuantTables:
        read_quant_tables(segment);
        break;
      case jpeg_marker::kApp0:
        read_density(segment);
        break;
      case jpeg_marker::kApp1:
        read_app1(segment);
        break;
      case jpeg_marker::kApp2:
        read_icc(segment);
        if (reader_.starts_with(segment.offset, jpeg_name::kMultiPicture)) {
          layout_.multi_picture = true;
        }
        break;
      case jpeg_marker::kApp11:
        read_jumbf(segment);
        break;
      case jpeg_marker::kApp13:
        keep(segment, reader_.starts_with(segment.offset, jpeg_name::kPhotoshop));
        break;
      case jpeg_marker::kComment:
        keep(segment, true);
        break;
      default:
        break;
    }
  }

  void read_frame(const JPEGSegment& segment) {
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

  void read_quant_tables(const JPEGSegment& segment) {
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

  void read_density(const JPEGSegment& segment) {
    if (!reader_.starts_with(segment.offset, std::string_view("JFIF\0", 5)) || segment.size < 12) {
      return;
    }
    const unsigned unit = reader_.u8(segment.offset + 7);
    if (unit != 1 && unit != 2) return;
    const double scale = unit == 2 ? kCentimetresPerInch : 1.0;
    layout_.metadata.dpi_x = scale * reader_.u16(segment.offset + 8, core::ByteOrder::kBig);
    layout_.metadata.dpi_y = scale * reader_.u16(segment.offset + 10, core::ByteOrder::kBig);
  }

  void read_app1(const JPEGSegment& segment) {
    ImageMetadata& metadata = layout_.metadata;
    if (reader_.starts_with(segment.offset, jpeg_name::kExif) && metadata.exif.empty()) {
      metadata.exif = without_name(segment, jpeg_name::kExif.size());
    } else if (reader_.starts_with(segment.offset, jpeg_name::kXMP) && metadata.xmp.empty()) {
      metadata.xmp = without_name(segment, jpeg_name::kXMP.size());
    } else {
      keep(segment, reader_.starts_with(segment.offset, jpeg_name::kExtendedXMP));
    }
  }

  // "JP", box instance, packet number, then a box of type "jumb" [ISO 19566-5, Annex D].
  void read_jumbf(const JPEGSegment& segment) {
    const std::string_view data(reinterpret_cast<const char*>(reader_.at(segment.offset)),
                                segment.size);
    if (data.substr(0, 2) == "JP" && data.find("c2pa") != std::string_view::npos) {
      layout_.c2pa = true;
    }
  }

  void read_icc(const JPEGSegment& segment) {
    constexpr std::size_t kCounters = 2;
    if (!reader_.starts_with(segment.offset, jpeg_name::kICC) ||
        segment.size < jpeg_name::kICC.size() + kCounters) {
      return;
    }
    const int number = reader_.u8(segment.offset + jpeg_name::kICC.size());
    icc_parts_expected_ = reader_.u8(segment.offset + jpeg_name::kICC.size() + 1);
    icc_parts_[number] = without_name(segment, jpeg_name::kICC.size() + kCounters);
  }

  void keep(const JPEGSegment& segment, bool wanted) {
    if (!wanted) return;
    core::Bytes& out = layout_.metadata.container_blocks;
    out.push_back(0xFF);
    out.push_back(segment.marker);
    core::append_u16(out, static_cast<std::uint32_t>(segment.size + 2), core::ByteOrder::kBig);
    core::append(out, reader_.copy(segment.offset, segment.size));
  }

  core::Bytes without_name(const JPEGSegment& segment, std::size_t name_bytes) const {
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
