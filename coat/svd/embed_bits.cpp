// SPDX-License-Identifier: Apache-2.0
#include "coat/svd/embed_bits.h"

#include <cmath>
#include <vector>

#include "extractors/svd/svd_blocks.h"
#include "images/pixels/luminance.h"

namespace patina::coat::svd {

namespace {

images::Image image_from_yuv(const extractors::YuvPlanes& planes, int bit_depth) {
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

}  // namespace

images::Image embed_bits(const images::Image& image, const extractors::SvdWatermark& watermark) {
  extractors::require_usable(image, watermark);
  extractors::YuvPlanes planes = extractors::yuv_from_image(image);
  extractors::YuvPlanes marked = planes;
  extractors::for_each_block(
      planes, [&](std::size_t number, std::size_t corner, const extractors::SvdBlock& block) {
        const extractors::LargestSingular largest = extractors::largest_singular(block);
        const double place = watermark.bits[number % watermark.bits.size()] ? 0.75 : 0.25;
        const double wanted = (std::floor(largest.value / watermark.step) + place) * watermark.step;
        for (std::size_t i = 0; i < 2 * extractors::kSvdBlockSide; ++i) {
          for (std::size_t j = 0; j < 2 * extractors::kSvdBlockSide; ++j) {
            // A change of an approximation is spread over its four pixels, half of it on each.
            marked.u[corner + i * planes.width + j] += 0.5 * (wanted - largest.value) *
                                                       largest.left[i / 2] * largest.right[j / 2];
          }
        }
      });
  return image_from_yuv(marked, image.bit_depth);
}

}  // namespace patina::coat::svd
