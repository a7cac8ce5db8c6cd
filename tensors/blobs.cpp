// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "tensors/blobs_torch.h"

namespace patina::tensors {

using core::DType;
using core::Error;
using core::ErrorKind;

namespace {

struct DTypePair {
  DType stored;
  torch::ScalarType torch;
};
constexpr DTypePair kDTypes[] = {{DType::kF64, torch::kFloat64},
                                 {DType::kF32, torch::kFloat32},
                                 {DType::kF16, torch::kFloat16},
                                 {DType::kBF16, torch::kBFloat16},
                                 {DType::kI64, torch::kInt64},
                                 {DType::kI32, torch::kInt32},
                                 {DType::kI16, torch::kInt16},
                                 {DType::kI8, torch::kInt8},
                                 {DType::kU8, torch::kUInt8},
                                 {DType::kBool, torch::kBool}};

torch::ScalarType torch_dtype(DType dtype) {
  const auto* found = std::find_if(std::begin(kDTypes), std::end(kDTypes), [&](const DTypePair& p) {
    return p.stored == dtype;
  });
  return found->torch;
}

torch::Tensor tensor_from_bytes(DType dtype,
                                const std::vector<std::int64_t>& shape,
                                const std::uint8_t* data) {
  torch::Tensor tensor = torch::empty(shape, torch::TensorOptions(torch_dtype(dtype)));
  if (tensor.nbytes() > 0) std::memcpy(tensor.data_ptr(), data, tensor.nbytes());
  return tensor;
}

}  // namespace

torch::Tensor tensor_over(const core::SafetensorsFile& file, const core::TensorView& view) {
  const torch::ScalarType dtype = torch_dtype(view.dtype);
  const bool aligned = reinterpret_cast<std::uintptr_t>(view.data) % core::size_of(view.dtype) == 0;
  if (aligned && view.size_bytes > 0) {
    // LibTorch has no read-only tensors: whoever writes must copy first (make_trainable does).
    auto* data = const_cast<std::uint8_t*>(view.data);
    return torch::from_blob(
        data, view.shape, [file](void*) {}, torch::TensorOptions(dtype));
  }
  return tensor_from_view(view);
}

torch::Tensor tensor_from_view(const core::TensorView& view) {
  return tensor_from_bytes(view.dtype, view.shape, view.data);
}

torch::Tensor tensor_from_blob(const core::TensorBlob& blob) {
  return tensor_from_bytes(blob.dtype, blob.shape, blob.bytes.data());
}

core::TensorBlob blob_from_tensor(const torch::Tensor& tensor) {
  const torch::Tensor plain = tensor.detach().to(torch::kCPU).contiguous();
  const auto* found = std::find_if(std::begin(kDTypes), std::end(kDTypes), [&](const DTypePair& p) {
    return p.torch == plain.scalar_type();
  });
  if (found == std::end(kDTypes)) {
    throw Error(ErrorKind::kUnsupported,
                "tensor of dtype " + std::string(torch::toString(plain.scalar_type())),
                "safetensors has no name for it",
                "convert it first");
  }
  const auto* bytes = static_cast<const std::uint8_t*>(plain.data_ptr());
  return {found->stored, plain.sizes().vec(), {bytes, bytes + plain.nbytes()}};
}

}  // namespace patina::tensors
