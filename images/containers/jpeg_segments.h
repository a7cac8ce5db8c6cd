// SPDX-License-Identifier: Apache-2.0
// The marker segments of a JPEG file [ITU-T T.81, Sec. B.1.1]. The walk says what stands where and
// judges nothing: it goes over stray bytes as libjpeg does. Entry point: next_jpeg_segment.
#pragma once

#include <optional>
#include <string_view>

#include "core/byte_reader.h"

namespace patina::images {

namespace jpeg_marker {
constexpr std::uint8_t kStartOfImage = 0xD8;
constexpr std::uint8_t kEndOfImage = 0xD9;
constexpr std::uint8_t kStartOfScan = 0xDA;
constexpr std::uint8_t kQuantTables = 0xDB;
constexpr std::uint8_t kApp0 = 0xE0;
constexpr std::uint8_t kApp1 = 0xE1;
constexpr std::uint8_t kApp2 = 0xE2;
constexpr std::uint8_t kApp11 = 0xEB;
constexpr std::uint8_t kApp13 = 0xED;
constexpr std::uint8_t kComment = 0xFE;
}  // namespace jpeg_marker

/// What segments of metadata begin with [Exif 2.32, Sec. 4.7.2; XMP Part 3, Sec. 1.1.3;
/// CIPA DC-007, Sec. 5.2; ICC.1:2010, Annex B.4].
namespace jpeg_name {
constexpr std::string_view kExif("Exif\0\0", 6);
constexpr std::string_view kXMP("http://ns.adobe.com/xap/1.0/\0", 29);
constexpr std::string_view kExtendedXMP("http://ns.adobe.com/xmp/extension/\0", 35);
constexpr std::string_view kMultiPicture("MPF\0", 4);
constexpr std::string_view kICC("ICC_PROFILE\0", 12);
constexpr std::string_view kPhotoshop("Photoshop 3.0\0", 14);
}  // namespace jpeg_name

constexpr std::size_t kFirstJPEGSegment = 2;  ///< Behind the start of the image.

/// A segment without its marker and length.
struct JPEGSegment {
  std::uint8_t marker = 0;
  std::size_t offset = 0;
  std::size_t size = 0;
  /// Bytes that belong to no marker stand between the position asked for and this one: the
  /// compressed data behind the head of a scan, damage elsewhere.
  bool after_other_bytes = false;

  std::size_t end() const { return offset + size; }
};

/// The first segment at or behind a position, the end of the image among them. Fill bytes, stuffed
/// zeros and markers without a length are passed over. Nothing if the file ends before one, or
/// within it, or its length is impossible.
std::optional<JPEGSegment> next_jpeg_segment(const core::ByteReader& file, std::size_t position);

}  // namespace patina::images
