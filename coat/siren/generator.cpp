// SPDX-License-Identifier: Apache-2.0
#include "coat/siren/generator_torch.h"
#include "core/error.h"
#include "core/hash.h"

namespace patina::coat::siren {

using extractors::ConvNormGelu;
using extractors::ForwardMode;

GeneratorImpl::GeneratorImpl(const GeneratorConfig& config) {
  torch::nn::ModuleList list;
  for (int i = 0; i < config.blocks; ++i) {
    conv_bns.emplace_back(i == 0 ? 3 : config.channels, config.channels);
    list->push_back(conv_bns.back());
  }
  register_module("conv_bns", list);
  after_concat = register_module(
      "after_concat_layer",
      ConvNormGelu(config.message_bits + config.channels + 3, config.channels));
  final_layer = register_module("final_layer",
                                torch::nn::Conv2d(torch::nn::Conv2dOptions(config.channels, 3, 1)));
}

torch::Tensor GeneratorImpl::forward(const torch::Tensor& normalised,
                                     const torch::Tensor& message,
                                     const ForwardMode& mode) {
  const auto N = normalised.size(0), H = normalised.size(2), W = normalised.size(3);
  torch::Tensor features = normalised;
  for (ConvNormGelu& block : conv_bns) features = block->forward(features, mode);  // [N,64,H,W]
  const torch::Tensor planes = message.to(features.options())
                                   .view({message.size(0), -1, 1, 1})
                                   .expand({N, message.size(1), H, W});  // [N,48,H,W]
  torch::Tensor joined = torch::cat({planes, features, normalised}, 1);  // [N,115,H,W]
  if (normalised.is_contiguous(at::MemoryFormat::ChannelsLast)) {
    joined = joined.contiguous(at::MemoryFormat::ChannelsLast);
  }
  const torch::Tensor mixed = after_concat->forward(joined, mode);
  const auto dtype = mixed.scalar_type();
  return torch::tanh(torch::conv2d(
      mixed, final_layer->weight.to(dtype), final_layer->bias.to(dtype)));  // [N,3,H,W]
}

GeneratorConfig generator_config(const std::map<std::string, core::TensorBlob>& tensors,
                                 const std::string& prefix,
                                 const std::string& where) {
  GeneratorConfig config;
  config.blocks = 0;
  while (tensors.count(prefix + "conv_bns." + std::to_string(config.blocks) + ".layers.0.weight") >
         0) {
    ++config.blocks;
  }
  const auto joined = tensors.find(prefix + "after_concat_layer.layers.0.weight");
  if (config.blocks < 1 || joined == tensors.end() || joined->second.shape.size() != 4 ||
      joined->second.shape[0] < 1 || joined->second.shape[0] > 4096 ||
      joined->second.shape[1] <= joined->second.shape[0] + 3 || joined->second.shape[1] > 8192) {
    throw core::Error(core::ErrorKind::kInput,
                      where,
                      "its tensors are not a HiDDeN generator's",
                      "use a Siren key");
  }
  config.channels = static_cast<int>(joined->second.shape[0]);
  config.message_bits = static_cast<int>(joined->second.shape[1]) - config.channels - 3;
  return config;
}

torch::Tensor message_tensor(const std::string& message_hex) {
  const std::vector<std::uint8_t> bytes = core::from_hex(message_hex, "message");
  std::vector<float> signs;
  for (const std::uint8_t byte : bytes) {
    for (int bit = 7; bit >= 0; --bit) signs.push_back(((byte >> bit) & 1) != 0 ? 1.0F : -1.0F);
  }
  return torch::tensor(signs).view({1, -1});
}

}  // namespace patina::coat::siren
