// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>
#include <thread>

#include <torch/cuda.h>
#include <torch/utils.h>

#include "core/error.h"
#include "extractors/tensors_torch.h"

namespace patina::extractors {

using core::Error;
using core::ErrorKind;

namespace {

struct DTypePair {
  core::DType ours;
  torch::ScalarType theirs;
};

constexpr DTypePair kDTypes[] = {
    {core::DType::kF64, torch::kFloat64},
    {core::DType::kF32, torch::kFloat32},
    {core::DType::kF16, torch::kFloat16},
    {core::DType::kBF16, torch::kBFloat16},
    {core::DType::kI64, torch::kInt64},
    {core::DType::kI32, torch::kInt32},
    {core::DType::kI16, torch::kInt16},
    {core::DType::kI8, torch::kInt8},
    {core::DType::kU8, torch::kUInt8},
    {core::DType::kBool, torch::kBool},
};

torch::Tensor channel_constant(const std::array<float, 3>& values,
                               const torch::TensorOptions& options) {
  return torch::tensor({values[0], values[1], values[2]}, torch::kFloat32)
      .view({1, 3, 1, 1})
      .to(options);
}

torch::Tensor tensor_from_bytes(core::DType dtype,
                                const std::vector<std::int64_t>& shape,
                                const std::uint8_t* data) {
  for (const DTypePair& pair : kDTypes) {
    if (pair.ours != dtype) continue;
    torch::Tensor tensor = torch::empty(shape, torch::TensorOptions(pair.theirs));
    if (tensor.nbytes() > 0) std::memcpy(tensor.data_ptr(), data, tensor.nbytes());
    return tensor;
  }
  throw Error(ErrorKind::kUnsupported, core::to_string(dtype), "dtype has no LibTorch counterpart");
}

bool is_exported(const std::string& name) {
  const std::string counter = "num_batches_tracked";
  return name.size() < counter.size() ||
         name.compare(name.size() - counter.size(), counter.size(), counter) != 0;
}

void copy_named(torch::Tensor target,
                const std::string& name,
                const std::map<std::string, core::TensorBlob>& tensors,
                const std::string& where) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw Error(ErrorKind::kInput, where, "tensor " + name + " is missing", "use a complete file");
  }
  const torch::Tensor source = tensor_from_blob(found->second);
  if (source.sizes() != target.sizes()) {
    std::ostringstream what;
    what << "tensor " << name << " has shape " << source.sizes() << ", expected " << target.sizes();
    throw Error(ErrorKind::kInput, where, what.str(), "use a file of the same architecture");
  }
  torch::NoGradGuard no_grad;
  target.copy_(source);
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

torch::Tensor tensor_from_image(const core::Image& image, const core::Rect& rect) {
  torch::Tensor tensor = torch::empty({1, 3, rect.height, rect.width}, torch::kFloat32);
  core::read_unit(image, rect, tensor.data_ptr<float>());
  return tensor;
}

torch::Tensor tensor_from_image(const core::Image& image) {
  return tensor_from_image(image, core::Rect{0, 0, image.width_px, image.height_px});
}

void image_from_tensor(const torch::Tensor& unit, core::Image& image, int x, int y) {
  const torch::Tensor planar = unit.to(torch::kCPU, torch::kFloat32).contiguous();
  const core::Rect rect{x, y, static_cast<int>(planar.size(-1)), static_cast<int>(planar.size(-2))};
  core::write_unit(image, rect, planar.data_ptr<float>());
}

torch::Tensor tensor_from_view(const core::TensorView& view) {
  return tensor_from_bytes(view.dtype, view.shape, view.data);
}

torch::Tensor tensor_from_blob(const core::TensorBlob& blob) {
  return tensor_from_bytes(blob.dtype, blob.shape, blob.bytes.data());
}

core::TensorBlob blob_from_tensor(const torch::Tensor& tensor) {
  const torch::Tensor dense = tensor.detach().cpu().contiguous();
  for (const DTypePair& pair : kDTypes) {
    if (pair.theirs != dense.scalar_type()) continue;
    core::TensorBlob blob{pair.ours, dense.sizes().vec(), {}};
    blob.bytes.resize(dense.nbytes());
    if (!blob.bytes.empty()) std::memcpy(blob.bytes.data(), dense.data_ptr(), blob.bytes.size());
    return blob;
  }
  throw Error(ErrorKind::kUnsupported,
              torch::toString(dense.scalar_type()),
              "dtype has no name in the safetensors format");
}

void export_module(const torch::nn::Module& module,
                   const std::string& prefix,
                   std::map<std::string, core::TensorBlob>& tensors) {
  for (const auto& item : module.named_parameters()) {
    tensors[prefix + item.key()] = blob_from_tensor(item.value());
  }
  for (const auto& item : module.named_buffers()) {
    if (is_exported(item.key())) tensors[prefix + item.key()] = blob_from_tensor(item.value());
  }
}

void import_module(torch::nn::Module& module,
                   const std::string& prefix,
                   const std::map<std::string, core::TensorBlob>& tensors,
                   const std::string& where) {
  for (auto& item : module.named_parameters()) {
    copy_named(item.value(), prefix + item.key(), tensors, where);
  }
  for (auto& item : module.named_buffers()) {
    if (is_exported(item.key())) copy_named(item.value(), prefix + item.key(), tensors, where);
  }
}

void initialise_kaiming(torch::nn::Module& module, core::Rng rng) {
  torch::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    torch::Tensor& value = item.value();
    if (value.dim() < 2) {
      constexpr std::string_view kWeight = "weight";  // Of a norm; the others are biases.
      const std::string& name = item.key();
      const bool is_weight =
          name.size() >= kWeight.size() &&
          name.compare(name.size() - kWeight.size(), kWeight.size(), kWeight) == 0;
      value.fill_(is_weight ? 1.0 : 0.0);
      continue;
    }
    const double fan_in = static_cast<double>(value.numel()) / static_cast<double>(value.size(0));
    std::vector<float> draws(static_cast<std::size_t>(value.numel()));
    for (float& draw : draws) draw = static_cast<float>(rng.normal() * std::sqrt(2.0 / fan_in));
    value.copy_(torch::tensor(draws).view(value.sizes()));
  }
}

torch::ScalarType resolve_precision(Precision precision, const torch::Device& device) {
  if (precision == Precision::kFloat32) return torch::kFloat32;
  if (precision == Precision::kBFloat16 || device.is_cuda()) return torch::kBFloat16;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bf16")) return torch::kBFloat16;
#endif
  return torch::kFloat32;
}

torch::Device resolve_device(const std::string& name) {
  if (name == "cpu") return torch::Device(torch::kCPU);
  if (name == "cuda" && torch::cuda::is_available()) return torch::Device(torch::kCUDA);
  if (name == "cuda") {
    throw Error(ErrorKind::kUnsupported,
                "--device cuda",
                "this LibTorch offers no CUDA device",
                "use --device cpu");
  }
  throw Error(ErrorKind::kUsage, "--device " + name, "unknown device", "use cpu or cuda");
}

void set_num_threads(int num_threads) {
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  at::set_num_threads(num_threads > 0 ? num_threads : cores);
}

}  // namespace patina::extractors
