// SPDX-License-Identifier: Apache-2.0
// Square cells of an image, and planes interpolated between their middles.
#pragma once

#include <vector>

#include "images/pixels/image.h"

namespace patina::coat::frame {

/// Side and number of cells, those at the far edges cut off.
struct Grid {
  int side_px = 1;
  int columns = 0, rows = 0;

  std::size_t at(int column, int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
           static_cast<std::size_t>(column);
  }
  std::size_t size() const { return at(0, rows); }
};
Grid grid_of(const images::Image& image, int side_px);

/// Luminance of a row, 0 to 255.
std::vector<float> luminance_row(const images::Image& image, int y);

/// A value a cell spread over the pixels, bilinear between the middles of cells, [height*width].
std::vector<float> interpolated(const Grid& grid,
                                const std::vector<double>& values,
                                const images::Image& image);

}  // namespace patina::coat::frame
