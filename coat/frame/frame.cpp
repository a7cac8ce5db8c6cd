// SPDX-License-Identifier: Apache-2.0
#include "coat/frame/frame.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/pi.h"
#include "core/rng.h"
#include "images/pixels/luminance.h"
#include "transforms/jnd.h"

namespace patina::coat::frame {

using extractors::FrameIndex;

namespace {

using core::kPi;

std::vector<double> wave(int k, int begin, int count, int side) {
  std::vector<double> values(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    values[static_cast<std::size_t>(i)] = std::cos(kPi * k * (begin + i + 0.5) / side);
  }
  return values;
}

// Mean square of cos(pi u x) cos(pi v y) over the unit square.
double mean_square(const FrameIndex& at) {
  return (at[0] == 0 ? 1.0 : 0.5) * (at[1] == 0 ? 1.0 : 0.5);
}

/// Mean luminance (0 to 255) and mean squared gradient of square cells.
struct Cells {
  int side_px = 4;
  int columns = 0, rows = 0;
  std::vector<double> luminance, squared_gradient;

  std::size_t at(int column, int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
           static_cast<std::size_t>(column);
  }
};

std::vector<float> luminance_row(const images::Image& image, int y) {
  const auto width = static_cast<std::size_t>(image.width_px);
  std::vector<float> planar(3 * width), row(width);
  images::read_unit(image, {0, y, image.width_px, 1}, planar.data());
  for (std::size_t i = 0; i < width; ++i) {
    row[i] = 255.0F * images::luminance(planar[i], planar[width + i], planar[2 * width + i]);
  }
  return row;
}

Cells cells_of(const images::Image& image) {
  constexpr int kCellsPerFrame = 32;
  constexpr double kSobelGain = 4.0;  // What Sobel's filter makes of a central difference.
  Cells cells;
  cells.side_px = std::max(4, std::min(image.width_px, image.height_px) / kCellsPerFrame);
  cells.columns = (image.width_px + cells.side_px - 1) / cells.side_px;
  cells.rows = (image.height_px + cells.side_px - 1) / cells.side_px;
  const std::size_t count = cells.at(0, cells.rows);
  cells.luminance.assign(count, 0.0);
  cells.squared_gradient.assign(count, 0.0);
  std::vector<double> pixels(count, 0.0);
  const int last = image.height_px - 1;
  std::vector<float> above = luminance_row(image, 0), here = above;
  for (int y = 0; y <= last; ++y) {
    const std::vector<float> below = luminance_row(image, std::min(y + 1, last));
    for (int x = 0; x < image.width_px; ++x) {
      const auto i = static_cast<std::size_t>(x);
      const auto left = static_cast<std::size_t>(std::max(0, x - 1));
      const auto right = static_cast<std::size_t>(std::min(image.width_px - 1, x + 1));
      const double gx = kSobelGain * (here[right] - here[left]);
      const double gy = kSobelGain * (below[i] - above[i]);
      const std::size_t cell = cells.at(x / cells.side_px, y / cells.side_px);
      cells.luminance[cell] += here[i];
      cells.squared_gradient[cell] += gx * gx + gy * gy;
      pixels[cell] += 1.0;
    }
    above = std::move(here);
    here = below;
  }
  for (std::size_t i = 0; i < count; ++i) {
    cells.luminance[i] /= pixels[i];
    cells.squared_gradient[i] /= pixels[i];
  }
  return cells;
}

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

FrameSpectrum learnable_spectrum(int latents) {
  FrameSpectrum spectrum;
  const auto add = [&spectrum](int u, int first, int last) {
    for (int v = first; v <= last; ++v) {
      spectrum.index.push_back({u, v});
      spectrum.magnitudes.push_back(1.0);
    }
  };
  const int once_a_latent = 2 * latents;
  add(0, latents - 1, once_a_latent - 1);
  add(0, once_a_latent + 1, 3 * latents - 3);
  for (int u = 2; u < latents; u += 2) {
    const auto width = static_cast<int>(
        std::lround(0.625 * latents * std::exp(-(u - 2) / (0.4 * latents))));
    add(u, once_a_latent - 1 - width, once_a_latent - 1 + width);
  }
  return spectrum;
}

FrameMark draw_mark(const FrameSpectrum& spectrum, std::uint64_t seed) {
  core::Rng rng = core::Rng(seed).fork("frame mark");
  FrameMark mark;
  mark.index = spectrum.index;
  for (const double magnitude : spectrum.magnitudes) {
    mark.amplitudes.push_back(rng.bernoulli(0.5) ? magnitude : -magnitude);
  }
  return mark;
}

std::vector<float> mark_plane(const FrameMark& mark,
                              const images::Rect& frame,
                              const images::Rect& rect) {
  double power = 0.0;
  std::map<int, std::vector<double>> across, down;  // by wave number
  for (std::size_t k = 0; k < mark.index.size(); ++k) {
    const auto [u, v] = mark.index[k];
    power += mark.amplitudes[k] * mark.amplitudes[k] * mean_square(mark.index[k]);
    if (across.count(u) == 0) across[u] = wave(u, rect.x - frame.x, rect.width, frame.width);
    if (down.count(v) == 0) down[v] = wave(v, rect.y - frame.y, rect.height, frame.width);
  }
  const double scale = power > 0.0 ? 1.0 / std::sqrt(power) : 0.0;
  const auto width = static_cast<std::size_t>(rect.width);
  std::vector<float> plane(width * static_cast<std::size_t>(rect.height));
  std::map<int, double> of_row;  // by u: sum over v
  for (std::size_t y = 0; y < static_cast<std::size_t>(rect.height); ++y) {
    of_row.clear();
    for (std::size_t k = 0; k < mark.index.size(); ++k) {
      of_row[mark.index[k][0]] += scale * mark.amplitudes[k] * down[mark.index[k][1]][y];
    }
    for (const auto& [u, amount] : of_row) {
      const std::vector<double>& wave_of_u = across[u];
      float* row = plane.data() + y * width;
      for (std::size_t x = 0; x < width; ++x) row[x] += static_cast<float>(amount * wave_of_u[x]);
    }
  }
  return plane;
}

std::vector<float> hiding_plane(const images::Image& image) {
  const Cells cells = cells_of(image);
  std::vector<double> hidden(cells.luminance.size());
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    hidden[i] = transforms::noticeable_difference(cells.luminance[i], cells.squared_gradient[i]);
  }
  std::vector<float> plane(static_cast<std::size_t>(image.width_px) *
                           static_cast<std::size_t>(image.height_px));
  std::size_t next = 0;
  for (int y = 0; y < image.height_px; ++y) {
    const Between row = between(y, cells.side_px, cells.rows);
    for (int x = 0; x < image.width_px; ++x) {
      const Between column = between(x, cells.side_px, cells.columns);
      const auto along = [&](int r) {
        const double first = hidden[cells.at(column.first, r)];
        return first + column.share * (hidden[cells.at(column.second, r)] - first);
      };
      const double first = along(row.first);
      plane[next++] = static_cast<float>(first + row.share * (along(row.second) - first));
    }
  }
  return plane;
}

}  // namespace patina::coat::frame
