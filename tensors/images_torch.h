// SPDX-License-Identifier: Apache-2.0
// Between decoded images and tensors, RGB throughout. Three ranges are in use: unit [0,1], signed
// [-1,1] (autoencoders), and ImageNet-normalised (unit - mean) / std, as in the public Siren code.
#pragma once

#include <array>

#include <torch/types.h>

#include "images/pixels/image.h"

namespace patina::tensors {

inline constexpr std::array<float, 3> kImageNetMean = {0.485F, 0.456F, 0.406F};
inline constexpr std::array<float, 3> kImageNetStd = {0.229F, 0.224F, 0.225F};

/// [1,3,1,1] float32 on the device of the caller's choice.
torch::Tensor imagenet_mean(const torch::TensorOptions& options);
/// [1,3,1,1], as imagenet_mean().
torch::Tensor imagenet_std(const torch::TensorOptions& options);

/// [N,3,H,W] unit -> normalised, same dtype.
torch::Tensor normalised_from_unit(const torch::Tensor& unit);

/// Region of an image as [1,3,h,w] float32, unit, RGB, on the CPU.
torch::Tensor tensor_from_image(const images::Image& image, const images::Rect& rect);
/// A whole image as [1,3,H,W], likewise.
torch::Tensor tensor_from_image(const images::Image& image);

/// [1,3,h,w] or [3,h,w], unit, any dtype -> the region at (x,y) of an image; clamped and rounded.
void image_from_tensor(const torch::Tensor& unit, images::Image& image, int x, int y);

/// [1,3,H,W] float32, signed, on the CPU.
torch::Tensor signed_from_image(const images::Image& image);

/// Eight bits a channel from [1,3,H,W], signed, clamped; rounding half to even as in NumPy.
images::Image image_from_signed(const torch::Tensor& output);

}  // namespace patina::tensors
