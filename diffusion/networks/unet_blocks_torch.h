// SPDX-License-Identifier: Apache-2.0
// Blocks of the UNet: transformer over an image's positions, and the levels down, middle and up.
#pragma once

#include <string>
#include <vector>

#include <torch/types.h>

#include "diffusion/files/model_config.h"
#include "diffusion/networks/layers_torch.h"

namespace patina::diffusion {

/// Multi-head attention of positions to themselves (context undefined) or to the text.
struct CrossAttention {
  std::string path;
  std::int64_t heads = 8;
  Linear to_q, to_k, to_v;  ///< no bias
  Linear to_out;

  torch::Tensor operator()(const torch::Tensor& x,        // [N,S,C]
                           const torch::Tensor& context,  // [N,T,D] or [N,S,C]
                           const Pass& pass) const;
};

/// Self-attention, cross-attention and a GEGLU feed-forward, each with a residual.
struct TransformerBlock {
  std::string path;
  LayerNorm norm1;
  CrossAttention attn1;
  LayerNorm norm2;
  CrossAttention attn2;
  LayerNorm norm3;
  Linear ff_in;   ///< [8C,C]: value and gate
  Linear ff_out;  ///< [C,4C]

  torch::Tensor operator()(torch::Tensor x,               // [N,S,C]
                           const torch::Tensor& context,  // [N,T,D]
                           const Pass& pass) const;
};

/// Transformer blocks over the positions of an image, with a residual.
struct SpatialTransformer {
  std::string path;
  std::vector<WeightHandle> weights;
  GroupNorm norm;
  bool linear_projection = false;
  Conv2d conv_in, conv_out;      ///< 1x1, before and after flattening (SD 1.x)
  Linear linear_in, linear_out;  ///< after and before it (SD 2.x)
  std::vector<TransformerBlock> blocks;

  torch::Tensor operator()(const torch::Tensor& x,        // [N,C,H,W]
                           const torch::Tensor& context,  // [N,T,D]
                           const Pass& pass) const;
};

/// What all blocks of a pass are given besides the image.
struct Conditions {
  torch::Tensor silu_time;  ///< [N,T]: silu(time embedding)
  torch::Tensor context;    ///< [N,S,D]
};

struct DownBlock {
  std::string path;
  std::vector<ResnetBlock> resnets;
  std::vector<SpatialTransformer> attentions;  ///< as many as resnets, or none
  Conv2d downsampler;                          ///< weight nullptr on the last level

  /// x [N,C,H,W] -> [N,C',h,w], half of H and W but on the last level. Appends every output to
  /// `skips`.
  torch::Tensor operator()(torch::Tensor x,
                           const Conditions& given,
                           std::vector<torch::Tensor>& skips,
                           const Pass& pass) const;
};

struct MidBlock {
  std::string path;
  ResnetBlock first;
  SpatialTransformer attention;
  ResnetBlock second;

  /// x [N,C,H,W] -> [N,C,H,W].
  torch::Tensor operator()(torch::Tensor x, const Conditions& given, const Pass& pass) const;
};

struct UpBlock {
  std::string path;
  std::vector<ResnetBlock> resnets;
  std::vector<SpatialTransformer> attentions;
  Conv2d upsampler;  ///< weight nullptr on the last level

  /// x [N,C,H,W] -> [N,C',H',W']. Takes one of `skips` for each resnet, from the back; upsamples to
  /// the size of the next.
  torch::Tensor operator()(torch::Tensor x,
                           const Conditions& given,
                           std::vector<torch::Tensor>& skips,
                           const Pass& pass) const;
};

DownBlock down_block(const Scope& at, const UNetConfig& config, std::size_t level);
MidBlock mid_block(const Scope& at, const UNetConfig& config);
/// `index` counts up blocks: 0 is the deepest.
UpBlock up_block(const Scope& at, const UNetConfig& config, std::size_t index);

}  // namespace patina::diffusion
