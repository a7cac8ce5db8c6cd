// SPDX-License-Identifier: Apache-2.0
#include "images/codecs/image_formats.h"

#include <array>
#include <cstring>
#include <utility>

#include "images/containers/exif.h"

namespace patina::images {
namespace {

/// Where the source sample of an upright position stands: first + x*step_x + y*step_y.
struct Walk {
  std::ptrdiff_t first = 0;
  std::ptrdiff_t step_x = 0;
  std::ptrdiff_t step_y = 0;
};

Walk walk_of(int orientation, std::ptrdiff_t width, std::ptrdiff_t height) {
  const std::ptrdiff_t last_row = (height - 1) * width;
  switch (orientation) {
    case 2:
      return {width - 1, -1, width};
    case 3:
      return {last_row + width - 1, -1, -width};
    case 4:
      return {last_row, 1, -width};
    case 5:
      return {0, width, 1};
    case 6:
      return {last_row, -width, 1};
    case 7:
      return {last_row + width - 1, -width, -1};
    case 8:
      return {width - 1, width, -1};
    default:
      return {0, 1, width};
  }
}

struct Size {
  int width = 0;
  int height = 0;
};

template <typename Pixel>
void turn(const Pixel* in, Pixel* out, const Walk& walk, Size upright) {
  for (int y = 0; y < upright.height; ++y) {
    std::ptrdiff_t from = walk.first + y * walk.step_y;
    for (int x = 0; x < upright.width; ++x, from += walk.step_x) *out++ = in[from];
  }
}

template <typename Pixel>
void turn_bytes(std::vector<std::uint8_t>& bytes, const Walk& walk, Size upright) {
  std::vector<std::uint8_t> turned(bytes.size());
  turn(reinterpret_cast<const Pixel*>(bytes.data()),
       reinterpret_cast<Pixel*>(turned.data()),
       walk,
       upright);
  bytes = std::move(turned);
}

}  // namespace

void apply_orientation(ImageFile& file, int orientation) {
  const bool transposed = orientation >= 5;
  if (orientation == 1) return;
  Image& image = file.image;
  const Walk walk = walk_of(orientation, image.width_px, image.height_px);
  if (transposed) {
    std::swap(image.width_px, image.height_px);
    std::swap(file.metadata.dpi_x, file.metadata.dpi_y);
  }
  const Size upright{image.width_px, image.height_px};
  if (image.bit_depth == 16) {
    turn_bytes<std::array<std::uint16_t, 3>>(image.bytes, walk, upright);
  } else {
    turn_bytes<std::array<std::uint8_t, 3>>(image.bytes, walk, upright);
  }
  if (!file.alpha.empty()) {
    std::vector<std::uint16_t> turned(file.alpha.size());
    turn(file.alpha.data(), turned.data(), walk, upright);
    file.alpha = std::move(turned);
  }
  set_upright(file.metadata.exif, transposed);
  set_upright_xmp(file.metadata.xmp);
}

bool icc_fits(const core::Bytes& icc, bool grey) {
  constexpr std::size_t kProfileHeaderBytes = 128;
  const core::ByteReader reader(icc);
  return icc.size() >= kProfileHeaderBytes && reader.starts_with(16, grey ? "GRAY" : "RGB ");
}

}  // namespace patina::images
