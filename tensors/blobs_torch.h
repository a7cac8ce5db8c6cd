// SPDX-License-Identifier: Apache-2.0
// Between tensors and their bytes as safetensors files hold them.
#pragma once

#include <torch/types.h>

#include "core/safetensors.h"

namespace patina::tensors {

/// A tensor over the bytes of a file, shaped [...] as the view says, or a copy where they are not
/// aligned. `file` is kept alive.
torch::Tensor tensor_over(const core::SafetensorsFile& file, const core::TensorView& view);

/// Copies; dtypes and shapes [...] are kept. Throws Error{kUnsupported} for a dtype that
/// safetensors has no name for.
torch::Tensor tensor_from_view(const core::TensorView& view);
/// The same of a blob of any shape [...].
torch::Tensor tensor_from_blob(const core::TensorBlob& blob);
/// A tensor of any shape [...] on any device.
core::TensorBlob blob_from_tensor(const torch::Tensor& tensor);

}  // namespace patina::tensors
