// SPDX-License-Identifier: Apache-2.0
#include "extractors/svd/svd_blocks.h"

#include <algorithm>
#include <cmath>

#include "images/pixels/luminance.h"

namespace patina::extractors {

namespace {

SvdVector times(const SvdBlock& a, const SvdVector& x) {
  SvdVector y{};
  for (std::size_t i = 0; i < kSvdBlockSide; ++i) {
    for (std::size_t j = 0; j < kSvdBlockSide; ++j) y[i] += a[i][j] * x[j];
  }
  return y;
}

SvdVector transposed_times(const SvdBlock& a, const SvdVector& x) {
  SvdVector y{};
  for (std::size_t i = 0; i < kSvdBlockSide; ++i) {
    for (std::size_t j = 0; j < kSvdBlockSide; ++j) y[j] += a[i][j] * x[i];
  }
  return y;
}

double norm(const SvdVector& x) {
  double sum = 0.0;
  for (const double value : x) sum += value * value;
  return std::sqrt(sum);
}

}  // namespace

YuvPlanes yuv_from_image(const images::Image& image) {
  YuvPlanes planes;
  planes.width = static_cast<std::size_t>(image.width_px);
  planes.height = static_cast<std::size_t>(image.height_px);
  const std::size_t pixels = planes.width * planes.height;
  std::vector<float> unit(3 * pixels);
  images::read_unit(image, {0, 0, image.width_px, image.height_px}, unit.data());
  planes.y.resize(pixels);
  planes.u.resize(pixels);
  planes.v.resize(pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    const double r = 255.0 * unit[i], g = 255.0 * unit[pixels + i],
                 b = 255.0 * unit[2 * pixels + i];
    planes.y[i] = images::luminance(r, g, b);
    planes.u[i] = 0.492 * (b - planes.y[i]) + 128.0;
    planes.v[i] = 0.877 * (r - planes.y[i]) + 128.0;
  }
  return planes;
}

LargestSingular largest_singular(const SvdBlock& block) {
  constexpr int kIterations = 40;
  LargestSingular found;
  found.right = {0.5, 0.5, 0.5, 0.5};
  for (int i = 0; i < kIterations; ++i) {
    const SvdVector next = transposed_times(block, times(block, found.right));
    const double size = norm(next);
    if (size < 1e-300) return {};
    for (std::size_t j = 0; j < kSvdBlockSide; ++j) found.right[j] = next[j] / size;
  }
  found.left = times(block, found.right);
  found.value = norm(found.left);
  for (double& value : found.left) value /= std::max(found.value, 1e-300);
  return found;
}

void for_each_block(const YuvPlanes& planes,
                    const std::function<void(std::size_t, std::size_t, const SvdBlock&)>& visit) {
  constexpr std::size_t kPixels = 2 * kSvdBlockSide;
  std::size_t number = 0;
  for (std::size_t y = 0; y + kPixels <= planes.height; y += kPixels) {
    for (std::size_t x = 0; x + kPixels <= planes.width; x += kPixels) {
      const std::size_t corner = y * planes.width + x;
      SvdBlock block{};
      for (std::size_t i = 0; i < kPixels; ++i) {
        for (std::size_t j = 0; j < kPixels; ++j) {
          block[i / 2][j / 2] += 0.5 * planes.u[corner + i * planes.width + j];
        }
      }
      visit(number++, corner, block);
    }
  }
}

}  // namespace patina::extractors
