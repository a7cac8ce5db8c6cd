// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "core/byte_reader.h"
#include "images/image_io.h"

namespace patina::images {

using core::Bytes;

/// A file under data/images, written by another program.
inline core::Bytes foreign_file(const std::string& name) {
  std::ifstream in(PATINA_SOURCE_DIR "/tests/images/data/" + name, std::ios::binary);
  return core::Bytes(std::istreambuf_iterator<char>(in), {});
}

/// 13x9 pixels of scattered values in the given layout.
inline ImageFile sample_file(ImageFormat format,
                             int bit_depth = 8,
                             bool grey = false,
                             bool alpha = false) {
  ImageFile file;
  file.image = make_image(13, 9, bit_depth);
  file.grey = grey;
  file.encoding.format = format;
  const std::uint32_t top = bit_depth == 16 ? 65535 : 255;
  for (std::size_t i = 0; i < file.image.sample_count(); ++i) {
    const std::uint32_t value = static_cast<std::uint32_t>((grey ? i / 3 : i) * 2654435761U) >> 7;
    if (bit_depth == 16) {
      reinterpret_cast<std::uint16_t*>(file.image.bytes.data())[i] = static_cast<std::uint16_t>(
          value);
    } else {
      file.image.bytes[i] = static_cast<std::uint8_t>(value);
    }
  }
  for (std::size_t i = 0; alpha && i < file.image.sample_count() / 3; ++i) {
    file.alpha.push_back(static_cast<std::uint16_t>(top - i % 200));
  }
  return file;
}

/// A profile header of 128 bytes with the colour space at offset 16, padded to `size`.
inline core::Bytes icc_profile(const std::string& colour_space, std::size_t size) {
  core::Bytes icc(size);
  for (std::size_t i = 128; i < size; ++i) {
    icc[i] = static_cast<std::uint8_t>((i * 2654435761U) >> 11);
  }
  std::copy(colour_space.begin(), colour_space.end(), icc.begin() + 16);
  return icc;
}

inline core::Bytes bytes_of(const std::string& text) {
  return core::Bytes(text.begin(), text.end());
}

/// A little-endian EXIF block written byte by byte: IFD0 with Make "Ada", the orientation, an EXIF
/// directory (PixelXDimension 640, PixelYDimension 480) and a GPS directory (latitude in an
/// out-of-line value of 24 bytes).
inline core::Bytes exif_block(std::uint8_t orientation) {
  return {
      'I',  'I',  42, 0, 8, 0, 0, 0,                             // 0: header, IFD0 at 8
      4,    0,                                                   // 8: four entries
      0x0F, 0x01, 2,  0, 4, 0, 0, 0, 'A',         'd',  'a', 0,  // 10: Make
      0x12, 0x01, 3,  0, 1, 0, 0, 0, orientation, 0,    0,   0,  // 22: Orientation
      0x69, 0x87, 4,  0, 1, 0, 0, 0, 62,          0,    0,   0,  // 34: EXIF directory at 62
      0x25, 0x88, 4,  0, 1, 0, 0, 0, 92,          0,    0,   0,  // 46: GPS directory at 92
      0,    0,    0,  0,                                         // 58: no next directory
      2,    0,                                                   // 62: two entries
      0x02, 0xA0, 4,  0, 1, 0, 0, 0, 0x80,        0x02, 0,   0,  // 64: PixelXDimension 640
      0x03, 0xA0, 4,  0, 1, 0, 0, 0, 0xE0,        0x01, 0,   0,  // 76: PixelYDimension 480
      0,    0,    0,  0,                                         // 88
      2,    0,                                                   // 92: two entries
      0x01, 0x00, 2,  0, 2, 0, 0, 0, 'N',         0,    0,   0,  // 94: GPSLatitudeRef
      0x02, 0x00, 5,  0, 3, 0, 0, 0, 122,         0,    0,   0,  // 106: GPSLatitude at 122
      0,    0,    0,  0,                                         // 118
      48,   0,    0,  0, 1, 0, 0, 0, 8,           0,    0,   0,
      1,    0,    0,  0, 9, 0, 0, 0, 1,           0,    0,   0,  // 122: 48, 8, 9
  };
}

}  // namespace patina::images
