// SPDX-License-Identifier: Apache-2.0
// What a user's choice of device, number format and threads comes to on this machine: one policy
// for a whole model. Softmax and the statistics of norms are float32 whatever it says.
#pragma once

#include <cstdint>

#include <ATen/core/Generator.h>
#include <torch/types.h>

#include "tensors/compute.h"

namespace patina::tensors {

struct Compute {
  torch::Device device = torch::kCPU;
  torch::ScalarType dtype = torch::kFloat32;
  bool channels_last = false;  ///< Memory format of images and convolution weights.

  /// Moves a [N,C,H,W] tensor to this device, dtype and memory format.
  torch::Tensor place(const torch::Tensor& image) const;
};

/// Device, dtype and memory format, which is channels-last below float32. Throws Error{kUsage} for
/// an unknown device, Error{kUnsupported} for a device or dtype that is not to be had here. Threads
/// are set by use_threads().
Compute choose_compute(const ComputeOptions& options);

/// A generator of its own on a device. The same seed gives other numbers on another device.
torch::Generator generator_on(const torch::Device& device, std::uint64_t seed);

/// Sets LibTorch's threads for the process, as count_threads() counts them. (As packaged by Debian
/// it starts with one.)
void use_threads(int num_threads);

}  // namespace patina::tensors
