// SPDX-License-Identifier: Apache-2.0
// Decoded images. Pixels are RGB, interleaved, row-major; ranges have names: byte 0..255 (or
// 0..65535 at 16 bits), unit [0,1]. BGR exists only inside core/image_io.
#pragma once

#include <cstdint>
#include <vector>

namespace patina::images {

struct Rect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

/// RGB pixels at their stored depth.
struct Image {
  int width_px = 0;
  int height_px = 0;
  int bit_depth = 8;                ///< 8 or 16.
  std::vector<std::uint8_t> bytes;  ///< height*width*3 samples; native-endian uint16 at 16 bits.

  std::size_t sample_count() const {
    return std::size_t{3} * static_cast<std::size_t>(width_px) *
           static_cast<std::size_t>(height_px);
  }
};

/// Allocates a black image.
Image make_image(int width_px, int height_px, int bit_depth = 8);

/// Region as planar floats [3,height,width], RGB, unit range. `planar` holds 3*rect area values.
/// Requires: rect inside the image.
void read_unit(const Image& image, const Rect& rect, float* planar);

/// Inverse: clamps to [0,1], scales to the depth and rounds half up.
void write_unit(Image& image, const Rect& rect, const float* planar);

/// Area-averaged (antialiased) reduction or bilinear enlargement to the given size.
Image resize(const Image& image, int width_px, int height_px);

}  // namespace patina::images
