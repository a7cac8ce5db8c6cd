// SPDX-License-Identifier: Apache-2.0
// UNet2DConditionModel [Rombach 2022]: predicts the noise (or velocity) in latents, given
// the timestep and a text context. One denoising step reads top to bottom: UNet::forward here, the
// blocks in unet_blocks_torch.h, the layers in layers_torch.h.
#pragma once

#include <vector>

#include <torch/types.h>

#include "diffusion/files/model_config.h"
#include "diffusion/networks/unet_blocks_torch.h"

namespace patina::diffusion {

class UNet {
 public:
  UNet(const UNetConfig& config, WeightLoader& loader);

  /// z_t [N,in,h,w] of any size, t [N] or [1] timesteps (any number type), context [N,S,D] ->
  /// [N,out,h,w]. `guidance_embedding` [N,time_cond_proj_dim] for distilled (LCM) networks only.
  torch::Tensor forward(const torch::Tensor& z_t,
                        const torch::Tensor& t,
                        const torch::Tensor& context,
                        const Pass& pass = {},
                        const torch::Tensor& guidance_embedding = {}) const;

  const UNetConfig& config() const { return config_; }
  Weights& weights() { return weights_; }
  const Weights& weights() const { return weights_; }

 private:
  // t [N] or [1] -> [N,time_width].
  torch::Tensor time_embedding(const torch::Tensor& t,
                               std::int64_t batch,
                               const torch::Tensor& guidance_embedding,
                               const Pass& pass) const;
  // z_t [N,in,h,w], context [N,S,D].
  void check_inputs(const torch::Tensor& z_t,
                    const torch::Tensor& context,
                    const torch::Tensor& guidance_embedding) const;

  UNetConfig config_;
  Linear time_linear_1_;
  Linear time_linear_2_;
  Linear time_cond_proj_;
  Conv2d conv_in_;
  std::vector<DownBlock> down_blocks_;
  MidBlock mid_block_;
  std::vector<UpBlock> up_blocks_;
  GroupNorm conv_norm_out_;
  Conv2d conv_out_;
  Weights weights_;
};

/// Sinusoidal embedding of positions [N] -> [N,width], float32 (computed in float64) [Ho et al.
/// 2020].
torch::Tensor timestep_embedding(const torch::Tensor& t,
                                 std::int64_t width,
                                 bool flip_sin_to_cos,
                                 double freq_shift);

/// Embedding of a guidance scale w for distilled networks: [1,width] [Luo 2023].
torch::Tensor guidance_scale_embedding(double w, std::int64_t width);

}  // namespace patina::diffusion
