// SPDX-License-Identifier: Apache-2.0
#include "coat/frame/frame.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "coat/frame/cells.h"
#include "core/pi.h"
#include "core/rng.h"
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
  Grid grid;
  std::vector<double> luminance, squared_gradient;
};

Cells cells_of(const images::Image& image) {
  constexpr int kCellsPerFrame = 32;
  constexpr double kSobelGain = 4.0;  // What Sobel's filter makes of a central difference.
  const int frame_px = std::min(image.width_px, image.height_px);
  Cells cells{grid_of(image, std::max(4, frame_px / kCellsPerFrame)), {}, {}};
  const std::size_t count = cells.grid.size();
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
      const std::size_t cell = cells.grid.at(x / cells.grid.side_px, y / cells.grid.side_px);
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
  return interpolated(cells.grid, hidden, image);
}

int latents_of(const FrameMark& mark) {
  int fastest = 0;
  for (const FrameIndex& at : mark.index) fastest = std::max({fastest, at[0], at[1]});
  return std::max(1, (fastest + 3) / 3);
}

}  // namespace patina::coat::frame
