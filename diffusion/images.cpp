// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "diffusion/images_torch.h"

namespace patina::diffusion {

torch::Tensor input_from_image(const core::Image& image) {
  torch::Tensor unit = torch::empty({1, 3, image.height_px, image.width_px});
  core::read_unit(image, {0, 0, image.width_px, image.height_px}, unit.data_ptr<float>());
  return unit * 2.0 - 1.0;
}

core::Image image_from_output(const torch::Tensor& output) {
  const auto height = static_cast<int>(output.size(2));
  const auto width = static_cast<int>(output.size(3));
  constexpr double kMost = 255.0;
  const torch::Tensor bytes =
      ((output.to(torch::kCPU, torch::kFloat32) / 2.0 + 0.5).clamp(0.0, 1.0) * kMost)
          .round()  // half to even
          .to(torch::kUInt8)[0]
          .permute({1, 2, 0})
          .contiguous();  // [H,W,3]
  core::Image image = core::make_image(width, height);
  const auto* first = bytes.data_ptr<std::uint8_t>();
  image.bytes.assign(first, first + bytes.numel());
  return image;
}

}  // namespace patina::diffusion
