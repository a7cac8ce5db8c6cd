// SPDX-License-Identifier: Apache-2.0
// Networks of a few weights, and LoRA files for them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "core/safetensors.h"
#include "diffusion/adapters/lora_torch.h"
#include "tensors/blobs_torch.h"
#include "tests/core/scratch_folder.h"

namespace patina::diffusion {

using Tensors = std::map<std::string, torch::Tensor>;
using Metadata = std::map<std::string, std::string>;

inline const std::string kQuery = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
inline const std::string kOut = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0";
inline const std::string kConv = "down_blocks.0.resnets.0.conv1";
inline const std::string kText = "text_model.encoder.layers.0.self_attn.q_proj";

inline torch::Tensor random(const std::vector<std::int64_t>& shape, std::uint64_t seed = 1) {
  return torch::randn(shape, torch::make_generator<at::CPUGeneratorImpl>(seed));
}

inline Weights weights_of(const Tensors& values) {
  Weights weights;
  for (const auto& [name, value] : values) {
    weights.add(std::make_shared<Weight>(Weight{name, value, {}}));
  }
  return weights;
}

/// A UNet of one level and its neighbours, as far as names and shapes go.
struct SmallModel {
  Weights unet = weights_of({{"conv_in.weight", random({4, 3, 3, 3})},
                             {"conv_in.bias", random({4})},
                             {"time_embedding.linear_1.weight", random({6, 4})},
                             {kQuery + ".weight", random({4, 5})},
                             {kOut + ".weight", random({4, 4})},
                             {"down_blocks.0.attentions.0.proj_in.weight", random({4, 4, 1, 1})},
                             {"down_blocks.0.resnets.0.norm1.weight", random({4})},
                             {kConv + ".weight", random({6, 4, 3, 3})},
                             {"down_blocks.0.resnets.1.conv2.weight", random({4, 4, 3, 3})},
                             {"down_blocks.0.downsamplers.0.conv.weight", random({4, 4, 3, 3})},
                             {"mid_block.resnets.1.time_emb_proj.weight", random({4, 6})},
                             {"up_blocks.0.resnets.2.conv_shortcut.weight", random({4, 8, 1, 1})},
                             {"up_blocks.0.upsamplers.0.conv.weight", random({4, 4, 3, 3})},
                             {"up_blocks.1.attentions.0.proj_out.weight", random({4, 4})},
                             {"up_blocks.1.upsamplers.0.conv.weight", random({4, 4, 3, 3})},
                             {"conv_out.weight", random({3, 4, 3, 3})}});
  Weights text_encoder = weights_of(
      {{"text_model.embeddings.token_embedding.weight", random({9, 5})},
       {"text_model.encoder.layers.0.layer_norm1.weight", random({5})},
       {kText + ".weight", random({5, 5})},
       {"text_model.encoder.layers.0.self_attn.out_proj.weight", random({5, 5})}});

  torch::Tensor value(const std::string& module) const {
    const WeightHandle found = unet.find(module + ".weight");
    return (found ? found : text_encoder.find(module + ".weight"))->value;
  }
  torch::Tensor effective(const std::string& module) const {
    const WeightHandle found = unet.find(module + ".weight");
    return (found ? found : text_encoder.find(module + ".weight"))->effective();
  }
};

class LoRATest : public ::testing::Test {
 protected:
  std::filesystem::path write(const Tensors& tensors, const Metadata& metadata = {}) const {
    std::map<std::string, core::TensorBlob> blobs;
    for (const auto& [name, tensor] : tensors) blobs[name] = tensors::blob_from_tensor(tensor);
    core::write_safetensors(folder_ / "lora.safetensors", blobs, metadata);
    return folder_ / "lora.safetensors";
  }
  LoRA read(const Tensors& tensors, const Metadata& metadata = {}) const {
    return read_lora(write(tensors, metadata), model_.unet, model_.text_encoder);
  }
  /// rank 2, alpha 3, for one linear layer, one convolution and one layer of the text encoder
  LoRA sample() const {
    return read(
        {{"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q.alpha",
          torch::tensor(3.0F)},
         {"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q.lora_down."
          "weight",
          random({2, 5}, 2)},
         {"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q.lora_up."
          "weight",
          random({4, 2}, 3)},
         {"lora_unet_down_blocks_0_resnets_0_conv1.alpha", torch::tensor(3.0F)},
         {"lora_unet_down_blocks_0_resnets_0_conv1.lora_down.weight", random({2, 4, 3, 3}, 4)},
         {"lora_unet_down_blocks_0_resnets_0_conv1.lora_up.weight", random({6, 2, 1, 1}, 5)},
         {"lora_te_text_model_encoder_layers_0_self_attn_q_proj.alpha", torch::tensor(3.0F)},
         {"lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight",
          random({2, 5}, 6)},
         {"lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_up.weight",
          random({5, 2}, 7)}});
  }

  core::ScratchFolder folder_;
  SmallModel model_;
};

}  // namespace patina::diffusion
