// SPDX-License-Identifier: Apache-2.0
// Between Patina's plain types and LibTorch. Network input is ImageNet-normalised RGB, as in the
// public Siren code: (unit - mean) / std.
#pragma once

#include <map>
#include <string>

#include <torch/nn/module.h>
#include <torch/types.h>

#include "core/image.h"
#include "core/rng.h"
#include "core/safetensors.h"
#include "extractors/coat_key.h"

namespace patina::extractors {

inline constexpr std::array<float, 3> kImageNetMean = {0.485F, 0.456F, 0.406F};
inline constexpr std::array<float, 3> kImageNetStd = {0.229F, 0.224F, 0.225F};

/// [1,3,1,1] float32 on the device of the caller's choice.
torch::Tensor imagenet_mean(const torch::TensorOptions& options);
torch::Tensor imagenet_std(const torch::TensorOptions& options);

/// [N,3,H,W] unit -> normalised, same dtype.
torch::Tensor normalised_from_unit(const torch::Tensor& unit);

/// Region of an image as [1,3,h,w] float32, unit, RGB, on the CPU.
torch::Tensor tensor_from_image(const core::Image& image, const core::Rect& rect);
torch::Tensor tensor_from_image(const core::Image& image);

/// [1,3,h,w] or [3,h,w], unit, any dtype -> the region at (x,y) of an image; clamped and rounded.
void image_from_tensor(const torch::Tensor& unit, core::Image& image, int x, int y);

/// Copies; dtypes are kept. Throws Error{kUnsupported} for a dtype safetensors has no name for.
torch::Tensor tensor_from_view(const core::TensorView& view);
torch::Tensor tensor_from_blob(const core::TensorBlob& blob);
core::TensorBlob blob_from_tensor(const torch::Tensor& tensor);

/// Parameters and buffers of a module under "<prefix><name>", without num_batches_tracked.
void export_module(const torch::nn::Module& module,
                   const std::string& prefix,
                   std::map<std::string, core::TensorBlob>& tensors);

/// Inverse. Throws Error{kInput} naming `where` and the tensor that is missing or of another shape.
void import_module(torch::nn::Module& module,
                   const std::string& prefix,
                   const std::map<std::string, core::TensorBlob>& tensors,
                   const std::string& where);

/// Kaiming-normal matrices and convolutions, zero biases, norms at one. From our own stream:
/// LibTorch's initialisers use a global generator.
void initialise_kaiming(torch::nn::Module& module, core::Rng rng);

/// The dtype a precision stands for on this processor: kAuto is bfloat16 where the processor
/// multiplies it natively (AVX512-BF16, AMX, or any CUDA device), else float32.
torch::ScalarType resolve_precision(Precision precision, const torch::Device& device);

/// "cpu" or "cuda". Throws Error{kUnsupported} when LibTorch offers no such device.
torch::Device resolve_device(const std::string& name);

/// Sets LibTorch's threads; 0 = all cores. (As packaged by Debian it starts with one.)
void set_num_threads(int num_threads);

}  // namespace patina::extractors
