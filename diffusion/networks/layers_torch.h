// SPDX-License-Identifier: Apache-2.0
// The layers that text encoder, autoencoder and UNet are made of: plain structs of weight handles,
// built from a Scope by the function of the same name. Names and shapes are those of the diffusers
// layout.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <torch/types.h>

#include "diffusion/networks/weights_torch.h"

namespace patina::diffusion {

/// Options of one forward pass.
struct Pass {
  bool checkpoint = false;  ///< Keep block inputs only; blocks are computed again in backward.
  /// Called with the path and the output [N,...] of each larger module; for tests and inspection.
  std::function<void(const std::string& path, const torch::Tensor& output)> trace;

  /// Calls `trace`, if any, and returns `output` [N,...] itself.
  const torch::Tensor& seen(const std::string& path, const torch::Tensor& output) const;
};

struct Linear {
  WeightHandle weight;  ///< [out,in]
  WeightHandle bias;    ///< [out] or nullptr

  torch::Tensor operator()(const torch::Tensor& x) const;  ///< [...,in] -> [...,out]
};
Linear linear(const Scope& at, std::int64_t in, std::int64_t out, bool with_bias = true);

struct Conv2d {
  WeightHandle weight;  ///< [out,in,k,k]
  WeightHandle bias;    ///< [out]
  std::int64_t stride = 1;
  std::int64_t padding = 0;

  torch::Tensor operator()(const torch::Tensor& x) const;  ///< [N,in,H,W] -> [N,out,H',W']
};
Conv2d conv2d(const Scope& at,
              std::int64_t in,
              std::int64_t out,
              std::int64_t kernel,
              std::int64_t stride = 1,
              std::int64_t padding = -1);  ///< -1: kernel / 2.

/// Statistics in float32; weights are kept in float32.
struct GroupNorm {
  WeightHandle weight;  ///< [C]
  WeightHandle bias;
  std::int64_t groups = 32;
  double eps = 1e-5;

  torch::Tensor operator()(const torch::Tensor& x) const;  ///< [N,C,...] -> same
  torch::Tensor with_silu(const torch::Tensor& x) const;   ///< silu(norm(x))
};
GroupNorm group_norm(const Scope& at, std::int64_t channels, std::int64_t groups, double eps);

struct LayerNorm {
  WeightHandle weight;  ///< [D]
  WeightHandle bias;
  double eps = 1e-5;

  torch::Tensor operator()(const torch::Tensor& x) const;  ///< [...,D] -> same
};
LayerNorm layer_norm(const Scope& at, std::int64_t width, double eps);

/// Norm, SiLU, convolution, twice, plus a shortcut; the time embedding is added in between.
struct ResnetBlock {
  std::string path;
  std::vector<WeightHandle> weights;
  GroupNorm norm1;
  Conv2d conv1;
  Linear time_emb_proj;  ///< weight nullptr: no time embedding (autoencoder)
  GroupNorm norm2;
  Conv2d conv2;
  Conv2d conv_shortcut;  ///< weight nullptr: identity

  /// x [N,in,H,W]; silu_time [N,T] is silu(time embedding), undefined without one.
  torch::Tensor operator()(const torch::Tensor& x,
                           const torch::Tensor& silu_time,
                           const Pass& pass) const;
};
struct ResnetShape {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t time_width = 0;  ///< 0: no time embedding.
  std::int64_t groups = 32;
  double eps = 1e-5;
};
ResnetBlock resnet_block(const Scope& at, const ResnetShape& shape);

/// [B,S,heads*d] -> [B,heads,S,d].
torch::Tensor split_heads(const torch::Tensor& x, std::int64_t heads);
/// [B,heads,S,d] -> [B,S,heads*d].
torch::Tensor join_heads(const torch::Tensor& x);

}  // namespace patina::diffusion
