// SPDX-License-Identifier: Apache-2.0
#include "evaluate/layout.h"

#include <algorithm>
#include <cmath>

#include "images/pixels/luminance.h"
#include "stats/frechet.h"

namespace patina::evaluate {

namespace {

std::vector<double> layout_of(const images::Image& image) {
  constexpr int kCells = 4;
  const images::Image small = images::resize(image, 32, 32);
  const int cell = small.width_px / kCells;
  std::vector<double> features;
  for (int row = 0; row < kCells; ++row) {
    for (int column = 0; column < kCells; ++column) {
      double sums[3] = {0.0, 0.0, 0.0}, luminance = 0.0, squares = 0.0;
      for (int y = row * cell; y < (row + 1) * cell; ++y) {
        for (int x = column * cell; x < (column + 1) * cell; ++x) {
          const std::uint8_t* pixel = small.bytes.data() + 3 * (static_cast<std::size_t>(y) * 32 +
                                                                static_cast<std::size_t>(x));
          for (int c = 0; c < 3; ++c) sums[c] += pixel[c];
          const double level = images::luminance<double>(pixel[0], pixel[1], pixel[2]);
          luminance += level;
          squares += level * level;
        }
      }
      const double n = cell * cell;
      for (const double sum : sums) features.push_back(sum / n);
      features.push_back(std::sqrt(std::max(0.0, squares / n - luminance / n * luminance / n)));
    }
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
