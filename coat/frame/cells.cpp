// SPDX-License-Identifier: Apache-2.0
#include "coat/frame/cells.h"

#include <algorithm>
#include <cmath>

#include "images/pixels/luminance.h"

namespace patina::coat::frame {

namespace {

/// Between which two cells a pixel lies, and how far from the first.
struct Between {
  int first = 0, second = 0;
  double share = 0.0;
};

Between between(int pixel, int side_px, int cells) {
  const double at = (pixel + 0.5) / side_px - 0.5;
  const int first = static_cast<int>(std::floor(at));
  return {std::clamp(first, 0, cells - 1), std::clamp(first + 1, 0, cells - 1), at - first};
}

}  // namespace

Grid grid_of(const images::Image& image, int side_px) {
  return {
      side_px, (image.width_px + side_px - 1) / side_px, (image.height_px + side_px - 1) / side_px};
}

std::vector<float> luminance_row(const images::Image& image, int y) {
  const auto width = static_cast<std::size_t>(image.width_px);
  std::vector<float> planar(3 * width), row(width);
  images::read_unit(image, {0, y, image.width_px, 1}, planar.data());
  for (std::size_t i = 0; i < width; ++i) {
    row[i] = 255.0F * images::luminance(planar[i], planar[width + i], planar[2 * width + i]);
  }
  return row;
}

std::vector<float> interpolated(const Grid& grid,
                                const std::vector<double>& values,
                                const images::Image& image) {
  std::vector<float> plane(static_cast<std::size_t>(image.width_px) *
                           static_cast<std::size_t>(image.height_px));
  std::size_t next = 0;
  for (int y = 0; y < image.height_px; ++y) {
    const Between row = between(y, grid.side_px, grid.rows);
    for (int x = 0; x < image.width_px; ++x) {
      const Between column = between(x, grid.side_px, grid.columns);
      const auto along = [&](int r) {
        const double first = values[grid.at(column.first, r)];
        return first + column.share * (values[grid.at(column.second, r)] - first);
      };
      const double first = along(row.first);
      plane[next++] = static_cast<float>(first + row.share * (along(row.second) - first));
    }
  }
  return plane;
}

}  // namespace patina::coat::frame
