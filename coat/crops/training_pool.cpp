// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>

#include "coat/crops/training_pool_torch.h"
#include "core/error.h"
#include "core/rng.h"
#include "tensors/images_torch.h"

namespace patina::coat {

using core::Error;
using core::ErrorKind;

namespace {

constexpr int kWindowSide = 512;          // Pixels.
constexpr std::size_t kMaxWindows = 400;  // 300 MB of 8-bit pixels.

// A window of at most kWindowSide a side, at the image's own resolution.
images::Image cut_window(const images::Image& image, core::Rng& rng) {
  const int w = std::min(kWindowSide, image.width_px), h = std::min(kWindowSide, image.height_px);
  const auto offset = [&](int free) {
    return static_cast<int>(rng.below(static_cast<std::uint64_t>(free) + 1));
  };
  const images::Rect rect{offset(image.width_px - w), offset(image.height_px - h), w, h};
  images::Image window = images::make_image(w, h, 8);
  tensors::image_from_tensor(tensors::tensor_from_image(image, rect), window, 0, 0);
  return window;
}

std::size_t windows_per_image(const images::Image& image, std::size_t image_count) {
  const std::size_t fair = std::max<std::size_t>(1, kMaxWindows / image_count);
  const double area = static_cast<double>(image.width_px) * image.height_px;
  const auto distinct = static_cast<std::size_t>(area / (kWindowSide * kWindowSide)) + 1;
  return std::min({fair, distinct, std::size_t{16}});
}

// Windows of the images in the order given.
std::vector<images::Image> cut_windows(const KeyRequest& request,
                                       const std::vector<std::size_t>& order,
                                       core::Rng& rng) {
  std::vector<images::Image> windows;
  for (const std::size_t index : order) {
    try {
      images::Image image = request.image_at(index);
      if (!request.train) {
        windows.push_back(std::move(image));
        continue;
      }
      const std::size_t count = windows_per_image(image, order.size());
      for (std::size_t i = 0; i < count; ++i) windows.push_back(cut_window(image, rng));
    } catch (const Error&) {
      continue;  // Reported, with its reason, when its turn to be coated comes.
    }
  }
  return windows;
}

}  // namespace

transforms::CropPool training_pool(const KeyRequest& request,
                                   std::vector<images::Image> supplement) {
  core::Rng rng = core::Rng(request.seed).fork("windows");
  std::vector<std::size_t> order = rng.permutation(request.count);
  if (order.size() > kMaxWindows) order.resize(kMaxWindows);
  std::sort(order.begin(), order.end());
  std::vector<images::Image> windows = cut_windows(request, order, rng);
  if (windows.empty()) {
    throw Error(ErrorKind::kInput, "IMAGES", "none of the images can be read", "check the files");
  }
  std::move(supplement.begin(), supplement.end(), std::back_inserter(windows));
  return transforms::CropPool(std::move(windows));
}

}  // namespace patina::coat
