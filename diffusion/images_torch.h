// SPDX-License-Identifier: Apache-2.0
// Between images and the tensors of an autoencoder: [1,3,H,W], RGB, values in [-1,1].
#pragma once

#include <torch/types.h>

#include "core/image.h"

namespace patina::diffusion {

/// [1,3,H,W] float32 in [-1,1] on the CPU.
torch::Tensor input_from_image(const core::Image& image);

/// Eight bits a channel from [1,3,H,W] about [-1,1], clamped; rounding half to even as in NumPy.
core::Image image_from_output(const torch::Tensor& output);

}  // namespace patina::diffusion
