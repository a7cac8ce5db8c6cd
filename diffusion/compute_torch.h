// SPDX-License-Identifier: Apache-2.0
// Where and in which number format the networks compute: one policy object for a whole model.
// Softmax and the statistics of norms are float32 whatever it says.
#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Generator.h>
#include <torch/types.h>

namespace patina::diffusion {

struct Compute {
  torch::Device device = torch::kCPU;
  torch::ScalarType dtype = torch::kFloat32;
  bool channels_last = false;  ///< Memory format of images and convolution weights.

  /// Moves a [N,C,H,W] tensor to this device, dtype and memory format.
  torch::Tensor place(const torch::Tensor& image) const;
};

/// Device: "cpu" or "cuda". Precision: "float32" is exact; "bfloat16" and "float16" (CUDA only)
/// halve memory; "auto" is bfloat16 where the processor multiplies it natively (AVX512-BF16, AMX,
/// CUDA), else float32. Below float32 the memory format is channels-last. Throws Error{kUsage} for
/// other words, Error{kUnsupported} for a device or dtype that is not to be had here.
Compute choose_compute(const std::string& device, const std::string& precision);

/// A generator of its own on a device. The same seed gives other numbers on another device.
torch::Generator generator_on(const torch::Device& device, std::uint64_t seed);

/// Sets LibTorch's threads; 0 = all cores. (As packaged by Debian it starts with one.)
void use_threads(int num_threads);

}  // namespace patina::diffusion
