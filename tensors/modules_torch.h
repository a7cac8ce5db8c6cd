// SPDX-License-Identifier: Apache-2.0
// A torch::nn::Module's parameters in and out of safetensors blobs, and its fresh weights.
#pragma once

#include <map>
#include <string>

#include <torch/nn/module.h>

#include "core/rng.h"
#include "core/safetensors.h"

namespace patina::tensors {

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

}  // namespace patina::tensors
