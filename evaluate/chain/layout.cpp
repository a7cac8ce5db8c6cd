// SPDX-License-Identifier: Apache-2.0
#include "evaluate/chain/layout.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "images/pixels/luminance.h"
#include "stats/frechet.h"

namespace patina::evaluate {

namespace {

constexpr int kSide = 32, kCells = 4, kCellSide = kSide / kCells;

/// Mean red, green and blue and the deviation of luminance of one cell.
std::array<double, 4> cell_layout(const images::Image& small, int row, int column) {
  double sums[3] = {0.0, 0.0, 0.0}, luminance = 0.0, squares = 0.0;
  for (int i = 0; i < kCellSide * kCellSide; ++i) {
    const int y = row * kCellSide + i / kCellSide, x = column * kCellSide + i % kCellSide;
    const std::uint8_t* pixel = small.bytes.data() + 3 * static_cast<std::size_t>(y * kSide + x);
    for (int c = 0; c < 3; ++c) sums[c] += pixel[c];
    const double level = images::luminance<double>(pixel[0], pixel[1], pixel[2]);
    luminance += level;
    squares += level * level;
  }
  const double n = kCellSide * kCellSide;
  return {sums[0] / n,
          sums[1] / n,
          sums[2] / n,
          std::sqrt(std::max(0.0, squares / n - luminance / n * luminance / n))};
}

std::vector<double> layout_of(const images::Image& image) {
  const images::Image small = images::resize(image, kSide, kSide);
  std::vector<double> features;
  for (int cell = 0; cell < kCells * kCells; ++cell) {
    const std::array<double, 4> of_cell = cell_layout(small, cell / kCells, cell % kCells);
    features.insert(features.end(), of_cell.begin(), of_cell.end());
  }
  return features;
}

}  // namespace

double layout_distance(const std::vector<images::Image>& first,
                       const std::vector<images::Image>& second) {
  stats::FeatureSample a, b;
  for (const images::Image& image : first) a.push_back(layout_of(image));
  for (const images::Image& image : second) b.push_back(layout_of(image));
  return stats::frechet_distance(a, b);
}

}  // namespace patina::evaluate
