// SPDX-License-Identifier: Apache-2.0
#include "extractors/svd/dct_dwt_svd.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "core/error.h"
#include "images/pixels/luminance.h"

namespace patina::extractors {

namespace {

constexpr std::size_t kSide = 4;  // Of a block.
using Vector = std::array<double, kSide>;
using Block = std::array<Vector, kSide>;

/// Planes of a YUV image, levels of 255, U and V about 128.
struct Yuv {
  std::size_t width = 0, height = 0;
  std::vector<double> y, u, v;
};

Yuv yuv_of(const images::Image& image) {
  Yuv planes;
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

images::Image image_of(const Yuv& planes, int bit_depth) {
  const std::size_t pixels = planes.width * planes.height;
  std::vector<float> unit(3 * pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    const double b = planes.y[i] + (planes.u[i] - 128.0) / 0.492;
    const double r = planes.y[i] + (planes.v[i] - 128.0) / 0.877;
    const double g = (planes.y[i] - images::kRedWeight * r - images::kBlueWeight * b) /
                     images::kGreenWeight;
    unit[i] = static_cast<float>(r / 255.0);
    unit[pixels + i] = static_cast<float>(g / 255.0);
    unit[2 * pixels + i] = static_cast<float>(b / 255.0);
  }
  images::Image image = images::make_image(
      static_cast<int>(planes.width), static_cast<int>(planes.height), bit_depth);
  images::write_unit(image, {0, 0, image.width_px, image.height_px}, unit.data());
  return image;
}

Vector times(const Block& a, const Vector& x) {
  Vector y{};
  for (std::size_t i = 0; i < kSide; ++i) {
    for (std::size_t j = 0; j < kSide; ++j) y[i] += a[i][j] * x[j];
  }
  return y;
}

Vector transposed_times(const Block& a, const Vector& x) {
  Vector y{};
  for (std::size_t i = 0; i < kSide; ++i) {
    for (std::size_t j = 0; j < kSide; ++j) y[j] += a[i][j] * x[i];
  }
  return y;
}

double norm(const Vector& x) {
  double sum = 0.0;
  for (const double value : x) sum += value * value;
  return std::sqrt(sum);
}

/// The largest singular value and its vectors.
struct Largest {
  double value = 0.0;
  Vector left{}, right{};
};

// Power iteration. Blocks of U lie about 128, so that the first value is far above the others.
Largest largest_of(const Block& block) {
  constexpr int kIterations = 40;
  Largest found;
  found.right = {0.5, 0.5, 0.5, 0.5};
  for (int i = 0; i < kIterations; ++i) {
    const Vector next = transposed_times(block, times(block, found.right));
    const double size = norm(next);
    if (size < 1e-300) return {};
    for (std::size_t j = 0; j < kSide; ++j) found.right[j] = next[j] / size;
  }
  found.left = times(block, found.right);
  found.value = norm(found.left);
  for (double& value : found.left) value /= std::max(found.value, 1e-300);
  return found;
}

// Haar approximations of 2x2 pixels: half their sum. `visit` gets block number, its top left pixel
// and its approximations.
void for_each_block(const Yuv& planes,
                    const std::function<void(std::size_t, std::size_t, const Block&)>& visit) {
  constexpr std::size_t kPixels = 2 * kSide;
  std::size_t number = 0;
  for (std::size_t y = 0; y + kPixels <= planes.height; y += kPixels) {
    for (std::size_t x = 0; x + kPixels <= planes.width; x += kPixels) {
      const std::size_t corner = y * planes.width + x;
      Block block{};
      for (std::size_t i = 0; i < kPixels; ++i) {
        for (std::size_t j = 0; j < kPixels; ++j) {
          block[i / 2][j / 2] += 0.5 * planes.u[corner + i * planes.width + j];
        }
      }
      visit(number++, corner, block);
    }
  }
}

void require_usable(const images::Image& image, const SvdWatermark& watermark) {
  constexpr int kLeast = 8;
  if (image.width_px < kLeast || image.height_px < kLeast || watermark.bits.empty() ||
      watermark.step <= 0.0) {
    throw core::Error(core::ErrorKind::kInput,
                      "DCT-DWT-SVD watermark",
                      "needs an image of 8 pixels a side, a bit and a step above 0",
                      "use a larger image");
  }
}

bool reads_as_one(const Block& block, double step) {
  return std::fmod(largest_of(block).value, step) > 0.5 * step;
}

}  // namespace

images::Image embed_bits(const images::Image& image, const SvdWatermark& watermark) {
  require_usable(image, watermark);
  Yuv planes = yuv_of(image);
  Yuv marked = planes;
  for_each_block(planes, [&](std::size_t number, std::size_t corner, const Block& block) {
    const Largest largest = largest_of(block);
    const double place = watermark.bits[number % watermark.bits.size()] ? 0.75 : 0.25;
    const double wanted = (std::floor(largest.value / watermark.step) + place) * watermark.step;
    for (std::size_t i = 0; i < 2 * kSide; ++i) {
      for (std::size_t j = 0; j < 2 * kSide; ++j) {
        // A change of an approximation is spread over its four pixels, half of it on each.
        marked.u[corner + i * planes.width + j] += 0.5 * (wanted - largest.value) *
                                                   largest.left[i / 2] * largest.right[j / 2];
      }
    }
  });
  return image_of(marked, image.bit_depth);
}

double block_agreement(const images::Image& image, const SvdWatermark& watermark) {
  require_usable(image, watermark);
  std::size_t agree = 0, blocks = 0;
  for_each_block(yuv_of(image), [&](std::size_t number, std::size_t, const Block& block) {
    const bool bit = watermark.bits[number % watermark.bits.size()];
    agree += reads_as_one(block, watermark.step) == bit ? 1 : 0;
    ++blocks;
  });
  return static_cast<double>(agree) / static_cast<double>(blocks);
}

std::vector<bool> read_bits(const images::Image& image, const SvdWatermark& watermark) {
  require_usable(image, watermark);
  std::vector<double> votes(watermark.bits.size(), 0.0);
  for_each_block(yuv_of(image), [&](std::size_t number, std::size_t, const Block& block) {
    votes[number % votes.size()] += reads_as_one(block, watermark.step) ? 1.0 : -1.0;
  });
  std::vector<bool> bits;
  for (const double vote : votes) bits.push_back(vote > 0.0);
  return bits;
}

}  // namespace patina::extractors
