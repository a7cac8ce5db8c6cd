// SPDX-License-Identifier: Apache-2.0
#include "coat/frame/visibility.h"

#include <algorithm>
#include <cmath>

#include "coat/frame/cells.h"

namespace patina::coat::frame {

namespace {

/// A value for each cell.
struct Cells {
  explicit Cells(const Grid& shape) : grid(shape), values(shape.size()) {}

  double& at(int column, int row) { return values[grid.at(column, row)]; }
  double at(int column, int row) const { return values[grid.at(column, row)]; }

  Grid grid;
  std::vector<double> values;
};

constexpr int kCellsPerWave = 4;
// Chosen on 22 pictures of eight kinds for a 3-norm of Butteraugli of at most 1.5 as the median and 2 (docs/experiments.md, "What a slow wave may be"). A
// flat place hides half a level: with the mark's largest values, one and a half. Less in the dark,
// where a level is a larger share of the light.
constexpr double kHiddenInFlat = 0.45;
constexpr double kLeastLight = 0.6;
constexpr double kLitLevel = 120.0;  ///< Luminance that adds 1 to it.
// Contrast of like frequency raises the threshold in proportion [Legge & Foley 1980].
constexpr double kMaskingGain = 0.16;
constexpr double kMostHidden = 8.0;

/// Mean luminance of cells, four to a wave of the mark, so that what is finer than the mark, which
/// does not hide it, is evened out.
Cells mean_luminance(const images::Image& image, int latents) {
  const int frame_px = std::min(image.width_px, image.height_px);
  const int side_px = std::max(2, frame_px / (kCellsPerWave * latents));
  Cells cells(grid_of(image, side_px));
  std::vector<double> pixels(cells.values.size(), 0.0);
  for (int y = 0; y < image.height_px; ++y) {
    const std::vector<float> row = luminance_row(image, y);
    for (int x = 0; x < image.width_px; ++x) {
      const std::size_t cell = cells.grid.at(x / side_px, y / side_px);
      cells.values[cell] += row[static_cast<std::size_t>(x)];
      pixels[cell] += 1.0;
    }
  }
  for (std::size_t i = 0; i < pixels.size(); ++i) cells.values[i] /= pixels[i];
  return cells;
}

/// Each cell less the mean of its neighbours to the four sides, over what makes that the deviation
/// of independent cells. A slope, however steep, leaves nothing; at an edge of the image only the
/// direction along it counts.
Cells detail_of(const Cells& cells) {
  const double scale = 1.0 / std::sqrt(1.25);
  const int columns = cells.grid.columns, rows = cells.grid.rows;
  Cells detail(cells.grid);
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      const double here = cells.at(c, r);
      double bend = 0.0;
      if (c > 0 && c + 1 < columns) bend += 2.0 * here - cells.at(c - 1, r) - cells.at(c + 1, r);
      if (r > 0 && r + 1 < rows) bend += 2.0 * here - cells.at(c, r - 1) - cells.at(c, r + 1);
      detail.at(c, r) = scale * bend / 4.0;
    }
  }
  return detail;
}

/// Root mean square of the cells in the window of a wave's side that begins at a cell, cut off at the
/// edge.
double window_rms(const Cells& cells, int column, int row) {
  double squares = 0.0, count = 0.0;
  for (int r = std::max(0, row); r < std::min(cells.grid.rows, row + kCellsPerWave); ++r) {
    for (int c = std::max(0, column); c < std::min(cells.grid.columns, column + kCellsPerWave);
         ++c) {
      squares += cells.at(c, r) * cells.at(c, r);
      count += 1.0;
    }
  }
  return std::sqrt(squares / count);
}

/// Of every window that holds a cell, by the window's first cell, from -kReach on.
constexpr int kReach = kCellsPerWave - 1;
Cells all_windows(const Cells& cells) {
  Cells windows({cells.grid.side_px, cells.grid.columns + kReach, cells.grid.rows + kReach});
  for (int r = 0; r < windows.grid.rows; ++r) {
    for (int c = 0; c < windows.grid.columns; ++c) {
      windows.at(c, r) = window_rms(cells, c - kReach, r - kReach);
    }
  }
  return windows;
}

double least_of_windows(const Cells& windows, int column, int row) {
  double least = windows.at(column, row);
  for (int r = row; r <= row + kReach; ++r) {
    for (int c = column; c <= column + kReach; ++c) least = std::min(least, windows.at(c, r));
  }
  return least;
}

/// How busy the calmest window around each cell is: the paper beside a line is calm.
Cells calmest_detail(const Cells& cells) {
  const Cells windows = all_windows(cells);
  Cells calmest(cells.grid);
  for (int r = 0; r < cells.grid.rows; ++r) {
    for (int c = 0; c < cells.grid.columns; ++c) {
      calmest.at(c, r) = least_of_windows(windows, c, r);
    }
  }
  return calmest;
}

/// Levels (root mean square) of a slow wave that a place hides.
double hidden_levels(double luminance, double detail) {
  const double light = std::clamp(kLeastLight + luminance / kLitLevel, kLeastLight, 1.0);
  return std::min(kMostHidden, kHiddenInFlat * light + kMaskingGain * detail);
}

}  // namespace

std::vector<float> unseen_plane(const images::Image& image, int latents) {
  const Cells luminance = mean_luminance(image, latents);
  Cells hidden = calmest_detail(detail_of(luminance));
  for (std::size_t i = 0; i < hidden.values.size(); ++i) {
    hidden.values[i] = hidden_levels(luminance.values[i], hidden.values[i]) / 255.0;
  }
  return interpolated(hidden.grid, hidden.values, image);
}

}  // namespace patina::coat::frame
