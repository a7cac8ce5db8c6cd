// SPDX-License-Identifier: Apache-2.0
// G: image and message -> coating [Siren 2025, Sec. 4.3 and App. C; after HiDDeN, Zhu 2018]. Four
// blocks of 64 channels, the message broadcast and concatenated (order message, features, image),
// one block, a 1x1 convolution, tanh.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "extractors/siren/hidden_torch.h"

namespace patina::coat::siren {

struct GeneratorConfig {
  /// Convolution blocks before the message joins, at least 1. More see farther and cost more.
  int blocks = 4;
  int channels = 64;      ///< Width of every block, at least 1. More cost more time, by the square.
  int message_bits = 48;  ///< Length of the message, at least 1.
};

class GeneratorImpl : public torch::nn::Module {
 public:
  explicit GeneratorImpl(const GeneratorConfig& config = {});

  /// normalised [N,3,H,W], message [N,B] of +-1 -> coating [N,3,H,W] in [-1,1], before attenuation.
  torch::Tensor forward(const torch::Tensor& normalised,
                        const torch::Tensor& message,
                        const extractors::ForwardMode& mode);

  std::vector<extractors::ConvNormGelu> conv_bns;
  extractors::ConvNormGelu after_concat{nullptr};
  torch::nn::Conv2d final_layer{nullptr};
};
TORCH_MODULE(Generator);

/// Read off the tensor shapes. Throws Error{kInput}.
GeneratorConfig generator_config(const std::map<std::string, core::TensorBlob>& tensors,
                                 const std::string& prefix,
                                 const std::string& where);

/// 12 hexadecimal digits -> [1,48] of +-1, most significant bit first.
torch::Tensor message_tensor(const std::string& message_hex);

}  // namespace patina::coat::siren
