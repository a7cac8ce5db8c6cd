// SPDX-License-Identifier: Apache-2.0
// Pairs of small planar images for the colour tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/rng.h"
#include "extractors/quality/ciede2000.h"

namespace patina::extractors {

/// Two RGB images as planes, unit range.
template <class T>
struct ImagePair {
  std::vector<T> clean;
  std::vector<T> coated;

  std::int64_t pixels() const { return static_cast<std::int64_t>(clean.size() / 3); }
  PlanarPair<T> view() const { return {clean.data(), coated.data(), pixels()}; }
  PixelRange all() const { return {0, pixels()}; }
};

/// Uniform noise, and the same with a change of up to `strength`.
template <class T>
ImagePair<T> noisy_pair(std::size_t pixels, double strength, std::uint64_t seed) {
  core::Rng rng(seed);
  ImagePair<T> pair;
  for (std::size_t i = 0; i < 3 * pixels; ++i) {
    const double value = rng.uniform();
    pair.clean.push_back(static_cast<T>(value));
    pair.coated.push_back(static_cast<T>(value + strength * rng.uniform(-1.0, 1.0)));
  }
  return pair;
}

/// Every pair of the colours whose channels take one of `levels`; equal colours included.
template <class T>
ImagePair<T> grid_pair(const std::vector<double>& levels) {
  std::vector<Srgb> colors;
  for (const double r : levels) {
    for (const double g : levels) {
      for (const double b : levels) colors.push_back({r, g, b});
    }
  }
  const std::size_t n = colors.size() * colors.size();
  ImagePair<T> pair{std::vector<T>(3 * n), std::vector<T>(3 * n)};
  for (std::size_t i = 0; i < n; ++i) {
    const Srgb& first = colors[i / colors.size()];
    const Srgb& second = colors[i % colors.size()];
    const double values[2][3] = {{first.r, first.g, first.b}, {second.r, second.g, second.b}};
    for (std::size_t c = 0; c < 3; ++c) {
      pair.clean[c * n + i] = static_cast<T>(values[0][c]);
      pair.coated[c * n + i] = static_cast<T>(values[1][c]);
    }
  }
  return pair;
}

}  // namespace patina::extractors
