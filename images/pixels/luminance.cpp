// SPDX-License-Identifier: Apache-2.0
#include "images/pixels/luminance.h"

#include <cstddef>

namespace patina::images {

std::vector<double> luminance_plane(const Image& image, const Rect& rect) {
  const std::size_t area = static_cast<std::size_t>(rect.width) *
                           static_cast<std::size_t>(rect.height);
  std::vector<float> planar(3 * area);
  read_unit(image, rect, planar.data());
  std::vector<double> plane(area);
  for (std::size_t i = 0; i < area; ++i) {
    plane[i] = luminance<double>(planar[i], planar[area + i], planar[2 * area + i]);
  }
  return plane;
}

}  // namespace patina::images
