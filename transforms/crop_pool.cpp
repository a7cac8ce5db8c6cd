// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "tensors/images_torch.h"
#include "transforms/crop_pool_torch.h"

namespace patina::transforms {

using core::Error;
using core::ErrorKind;

namespace {

images::Image crop_of(const images::Image& image, const images::Rect& rect) {
  images::Image crop = images::make_image(rect.width, rect.height, image.bit_depth);
  const std::size_t sample = image.bit_depth == 16 ? 2 : 1;
  const std::size_t row_bytes = static_cast<std::size_t>(rect.width) * 3 * sample;
  for (int y = 0; y < rect.height; ++y) {
    const std::size_t from = (static_cast<std::size_t>(rect.y + y) *
                                  static_cast<std::size_t>(image.width_px) +
                              static_cast<std::size_t>(rect.x)) *
                             3 * sample;
    std::copy_n(
        image.bytes.begin() + static_cast<std::ptrdiff_t>(from),
        row_bytes,
        crop.bytes.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(y) * row_bytes));
  }
  return crop;
}

}  // namespace

CropPool::CropPool(std::vector<images::Image> images) : images_(std::move(images)) {
  if (images_.empty()) throw Error(ErrorKind::kInput, "training images", "none given");
}

torch::Tensor CropPool::draw(int n, const Options& options, core::Rng& rng) const {
  torch::Tensor batch = torch::empty({n, 3, options.size_px, options.size_px}, torch::kFloat32);
  for (int i = 0; i < n; ++i) {
    const images::Image& image = images_[rng.below(images_.size())];
    const double zoom = std::exp(
        rng.uniform(std::log(options.min_zoom), std::log(options.max_zoom) + 1e-12));
    const int wanted = std::max(8, static_cast<int>(std::lround(options.size_px / zoom)));
    const int w = std::min(wanted, image.width_px), h = std::min(wanted, image.height_px);
    const images::Rect rect{
        static_cast<int>(rng.below(static_cast<std::uint64_t>(image.width_px - w + 1))),
        static_cast<int>(rng.below(static_cast<std::uint64_t>(image.height_px - h + 1))),
        w,
        h};
    images::Image crop = crop_of(image, rect);
    if (w != options.size_px || h != options.size_px) {
      crop = images::resize(crop, options.size_px, options.size_px);
    }
    torch::Tensor tensor = tensors::tensor_from_image(crop);
    if (options.flip && rng.bernoulli(0.5)) tensor = tensor.flip(3);
    batch[i].copy_(tensor[0]);
  }
  return batch;
}

}  // namespace patina::transforms
