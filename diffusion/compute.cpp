// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/cuda.h>

#include "core/error.h"
#include "diffusion/compute_torch.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;

namespace {

torch::Device device_named(const std::string& name) {
  if (name == "cpu") return torch::Device(torch::kCPU);
  if (name != "cuda") {
    throw Error(ErrorKind::kUsage, "--device " + name, "unknown device", "use cpu or cuda");
  }
  if (!torch::cuda::is_available()) {
    throw Error(ErrorKind::kUnsupported,
                "--device cuda",
                "this LibTorch offers no CUDA device",
                "use --device cpu");
  }
  return torch::Device(torch::kCUDA);
}

bool multiplies_bfloat16(const torch::Device& device) {
  if (device.is_cuda()) return true;
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

torch::ScalarType dtype_named(const std::string& name, const torch::Device& device) {
  if (name == "float32") return torch::kFloat32;
  if (name == "bfloat16") return torch::kBFloat16;
  if (name == "auto") return multiplies_bfloat16(device) ? torch::kBFloat16 : torch::kFloat32;
  if (name == "float16" && device.is_cuda()) return torch::kFloat16;
  if (name == "float16") {
    throw Error(ErrorKind::kUnsupported,
                "--precision float16",
                "processors do not compute in it",
                "use float32 or bfloat16, or --device cuda");
  }
  throw Error(ErrorKind::kUsage,
              "--precision " + name,
              "unknown precision",
              "use auto, float32, bfloat16 or float16");
}

}  // namespace

torch::Tensor Compute::place(const torch::Tensor& image) const {
  const torch::Tensor moved = image.to(device, dtype);
  return channels_last ? moved.contiguous(torch::MemoryFormat::ChannelsLast) : moved;
}

Compute choose_compute(const std::string& device, const std::string& precision) {
  Compute compute;
  compute.device = device_named(device);
  compute.dtype = dtype_named(precision, compute.device);
  compute.channels_last = compute.dtype != torch::kFloat32;
  return compute;
}

torch::Generator generator_on(const torch::Device& device, std::uint64_t seed) {
  torch::Generator generator = at::globalContext().defaultGenerator(device).clone();
  generator.set_current_seed(seed);
  return generator;
}

void use_threads(int num_threads) {
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  at::set_num_threads(num_threads > 0 ? num_threads : cores);
}

}  // namespace patina::diffusion
