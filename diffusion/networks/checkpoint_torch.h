// SPDX-License-Identifier: Apache-2.0
// Activation checkpointing [Chen 2016]: a block keeps its inputs only and is computed again
// in the backward pass.
#pragma once

#include <functional>
#include <vector>

#include <torch/types.h>

#include "diffusion/networks/weights_torch.h"

namespace patina::diffusion {

/// Maps tensors of any shapes [...] to one.
using Block = std::function<torch::Tensor(const std::vector<torch::Tensor>& inputs)>;

/// block(inputs) [...], without keeping what lies between. `weights` are those that the block
/// reads; gradients reach them as well as the inputs, through backward() and through autograd::grad
/// alike.
torch::Tensor checkpointed(const Block& block,
                           const std::vector<torch::Tensor>& inputs,
                           const std::vector<WeightHandle>& weights);

}  // namespace patina::diffusion
