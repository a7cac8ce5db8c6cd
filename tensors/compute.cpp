// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <thread>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/cuda.h>

#include "core/error.h"
#include "core/names.h"
#include "tensors/compute_torch.h"

namespace patina::tensors {

using core::Error;
using core::ErrorKind;

namespace {

constexpr long kMostThreads = 1024;

constexpr core::Named<Precision> kPrecisions[] = {{Precision::kAuto, "auto"},
                                                  {Precision::kFloat32, "float32"},
                                                  {Precision::kBFloat16, "bfloat16"},
                                                  {Precision::kFloat16, "float16"}};

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

torch::ScalarType dtype_for(Precision precision, const torch::Device& device) {
  switch (precision) {
    case Precision::kAuto:
      return multiplies_bfloat16(device) ? torch::kBFloat16 : torch::kFloat32;
    case Precision::kFloat32:
      return torch::kFloat32;
    case Precision::kBFloat16:
      return torch::kBFloat16;
    case Precision::kFloat16:
      break;
  }
  if (device.is_cuda()) return torch::kFloat16;
  throw Error(ErrorKind::kUnsupported,
              "--precision float16",
              "processors do not compute in it",
              "use float32 or bfloat16, or --device cuda");
}

}  // namespace

const char* to_string(Precision precision) { return core::name_of(kPrecisions, precision); }

Precision precision_from_name(const std::string& name) {
  return core::value_of(kPrecisions, name, "--precision");
}

std::vector<std::string> precision_names() { return core::names_of(kPrecisions); }

torch::Tensor Compute::place(const torch::Tensor& image) const {
  const torch::Tensor moved = image.to(device, dtype);
  return channels_last ? moved.contiguous(torch::MemoryFormat::ChannelsLast) : moved;
}

Compute choose_compute(const ComputeOptions& options) {
  Compute compute;
  compute.device = device_named(options.device);
  compute.dtype = dtype_for(options.precision, compute.device);
  compute.channels_last = compute.dtype != torch::kFloat32;
  return compute;
}

torch::Generator generator_on(const torch::Device& device, std::uint64_t seed) {
  torch::Generator generator = at::globalContext().defaultGenerator(device).clone();
  generator.set_current_seed(seed);
  return generator;
}

int count_threads(const ComputeOptions& options) {
  if (options.num_threads > 0) return options.num_threads;
  // A list of nested levels, "4,2", begins with the number.
  const char* const wanted = std::getenv("OMP_NUM_THREADS");
  const long threads = wanted == nullptr ? 0 : std::strtol(wanted, nullptr, 10);
  if (threads >= 1 && threads <= kMostThreads) return static_cast<int>(threads);
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

void use_threads(int num_threads) {
  ComputeOptions options;
  options.num_threads = num_threads;
  at::set_num_threads(count_threads(options));
}

}  // namespace patina::tensors
