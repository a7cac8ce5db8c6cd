// SPDX-License-Identifier: Apache-2.0
#include "images/containers/jpeg_segments.h"

namespace patina::images {
namespace {

constexpr std::uint8_t kPrefix = 0xFF;
constexpr std::uint8_t kStuffedZero = 0x00;

/// The temporary marker, the restart markers and the start of an image have no length.
bool stands_alone(std::uint8_t marker) {
  return marker == 0x01 || (marker >= 0xD0 && marker <= jpeg_marker::kStartOfImage);
}

}  // namespace

std::optional<JPEGSegment> next_jpeg_segment(const core::ByteReader& file, std::size_t position) {
  bool other_bytes = false;
  while (file.has(position, 2)) {
    const std::uint8_t marker = file.u8(position + 1);
    if (file.u8(position) != kPrefix) {
      other_bytes = true;
      ++position;
    } else if (marker == kPrefix) {
      ++position;
    } else if (marker == kStuffedZero || stands_alone(marker)) {
      position += 2;
    } else if (marker == jpeg_marker::kEndOfImage) {
      return JPEGSegment{marker, position + 2, 0, other_bytes};
    } else {
      const std::size_t length = file.u16(position + 2, core::ByteOrder::kBig);
      if (length < 2 || !file.has(position + 2, length)) return std::nullopt;
      return JPEGSegment{marker, position + 4, length - 2, other_bytes};
    }
  }
  return std::nullopt;
}

}  // namespace patina::images
