// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "tensors/images_torch.h"

namespace patina::tensors {

namespace {

torch::Tensor channel_constant(const std::array<float, 3>& values,
                               const torch::TensorOptions& options) {
  return torch::tensor({values[0], values[1], values[2]}, torch::kFloat32)
      .view({1, 3, 1, 1})
      .to(options);
}

}  // namespace

torch::Tensor imagenet_mean(const torch::TensorOptions& options) {
  return channel_constant(kImageNetMean, options);
}

torch::Tensor imagenet_std(const torch::TensorOptions& options) {
  return channel_constant(kImageNetStd, options);
}

torch::Tensor normalised_from_unit(const torch::Tensor& unit) {
  return (unit - imagenet_mean(unit.options())) / imagenet_std(unit.options());
}

torch::Tensor tensor_from_image(const images::Image& image, const images::Rect& rect) {
  torch::Tensor tensor = torch::empty({1, 3, rect.height, rect.width}, torch::kFloat32);
  images::read_unit(image, rect, tensor.data_ptr<float>());
  return tensor;
}

torch::Tensor tensor_from_image(const images::Image& image) {
  return tensor_from_image(image, images::Rect{0, 0, image.width_px, image.height_px});
}

void image_from_tensor(const torch::Tensor& unit, images::Image& image, int x, int y) {
  const torch::Tensor planar = unit.to(torch::kCPU, torch::kFloat32).contiguous();
  const images::Rect rect{
      x, y, static_cast<int>(planar.size(-1)), static_cast<int>(planar.size(-2))};
  images::write_unit(image, rect, planar.data_ptr<float>());
}

torch::Tensor signed_from_image(const images::Image& image) {
  torch::Tensor unit = torch::empty({1, 3, image.height_px, image.width_px});
  images::read_unit(image, {0, 0, image.width_px, image.height_px}, unit.data_ptr<float>());
  return unit * 2.0 - 1.0;
}

images::Image image_from_signed(const torch::Tensor& output) {
  const auto height = static_cast<int>(output.size(2));
  const auto width = static_cast<int>(output.size(3));
  constexpr double kMost = 255.0;
  const torch::Tensor bytes =
      ((output.to(torch::kCPU, torch::kFloat32) / 2.0 + 0.5).clamp(0.0, 1.0) * kMost)
          .round()  // half to even
          .to(torch::kUInt8)[0]
          .permute({1, 2, 0})
          .contiguous();  // [H,W,3]
  images::Image image = images::make_image(width, height);
  const auto* first = bytes.data_ptr<std::uint8_t>();
  image.bytes.assign(first, first + bytes.numel());
  return image;
}

}  // namespace patina::tensors
