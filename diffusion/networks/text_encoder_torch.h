// SPDX-License-Identifier: Apache-2.0
// CLIP's text transformer [Radford 2021]: token ids -> the context that the UNet attends to.
#pragma once

#include <vector>

#include <torch/types.h>

#include "diffusion/files/model_config.h"
#include "diffusion/networks/layers_torch.h"

namespace patina::diffusion {

struct TextEncoding {
  std::vector<torch::Tensor> hidden_states;  ///< layers + 1 of [B,S,D]; [0] is the embedding.
  torch::Tensor last_hidden_state;           ///< [B,S,D], normalised.
  torch::Tensor pooled;                      ///< [B,D], at the end-of-text position.
};

class TextEncoder {
 public:
  TextEncoder(const TextEncoderConfig& config, WeightLoader& loader);

  /// ids int64 [B,S], S up to max_positions. A causal mask only: padding is attended to, as in
  /// CLIP. Throws Error{kInput} for an id outside the vocabulary or too many positions.
  TextEncoding forward(const torch::Tensor& ids, const Pass& pass = {}) const;
  /// The UNet's context [B,S,D]: the hidden state `clip_skip` layers before the last, normalised.
  torch::Tensor context(const torch::Tensor& ids, int clip_skip = 0, const Pass& pass = {}) const;

  /// Appends rows to the token embedding (textual inversion): rows [n,D]. Returns the first new id.
  std::int64_t add_embeddings(const torch::Tensor& rows);
  const WeightHandle& token_embedding() const { return token_embedding_; }

  const TextEncoderConfig& config() const { return config_; }
  Weights& weights() { return weights_; }
  const Weights& weights() const { return weights_; }

 private:
  struct Layer {
    LayerNorm layer_norm1;
    Linear q_proj, k_proj, v_proj, out_proj;
    LayerNorm layer_norm2;
    Linear fc1, fc2;
    std::vector<WeightHandle> weights;
  };
  Layer make_layer(const Scope& at) const;
  // x [B,S,D] -> [B,S,D].
  torch::Tensor through(const Layer& layer, const torch::Tensor& x, const Pass& pass) const;
  // ids [B,S] int64 -> [B] int64, the place of the end-of-text token.
  torch::Tensor end_positions(const torch::Tensor& ids) const;

  TextEncoderConfig config_;
  WeightHandle token_embedding_;     // [V,D]
  WeightHandle position_embedding_;  // [P,D]
  std::vector<Layer> layers_;
  LayerNorm final_layer_norm_;
  Weights weights_;
};

}  // namespace patina::diffusion
