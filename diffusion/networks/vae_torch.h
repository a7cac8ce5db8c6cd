// SPDX-License-Identifier: Apache-2.0
// AutoencoderKL [Rombach 2022]: images <-> latents of 1/2^(levels-1) the size.
#pragma once

#include <string>
#include <vector>

#include <torch/types.h>

#include "diffusion/files/model_config.h"
#include "diffusion/networks/layers_torch.h"

namespace patina::diffusion {

/// Diagonal Gaussian over latents.
struct Posterior {
  torch::Tensor mean;    ///< [N,latent,h,w].
  torch::Tensor logvar;  ///< [N,latent,h,w], clamped to [-30, 20].

  /// mean + exp(logvar / 2) * noise, all [N,latent,h,w].
  torch::Tensor sample(const torch::Tensor& noise) const;
};

class Vae {
 public:
  Vae(const VaeConfig& config, WeightLoader& loader);

  /// image [N,3,H,W] in [-1,1], H and W multiples of downscale(). Latents are not yet scaled.
  Posterior encode(const torch::Tensor& image, const Pass& pass = {}) const;
  /// z [N,latent,h,w], not scaled -> [N,3,H,W], about [-1,1].
  torch::Tensor decode(const torch::Tensor& z, const Pass& pass = {}) const;

  const VaeConfig& config() const { return config_; }
  /// Latents times this are what a UNet sees; measured after training, so that they have unit
  /// deviation.
  void set_scaling_factor(double factor) { config_.scaling_factor = factor; }
  Weights& weights() { return weights_; }
  const Weights& weights() const { return weights_; }

 private:
  struct Attention {
    std::string path;
    std::vector<WeightHandle> weights;
    GroupNorm group_norm;
    Linear to_q, to_k, to_v, to_out;
  };
  struct Middle {
    std::string path;
    ResnetBlock first;
    Attention attention;
    ResnetBlock second;
  };
  struct Level {
    std::string path;
    std::vector<ResnetBlock> resnets;
    Conv2d resample;  // weight nullptr on the last level
  };
  struct Half {
    std::string path;
    Conv2d conv_in;
    std::vector<Level> levels;
    Middle middle;
    GroupNorm conv_norm_out;
    Conv2d conv_out;
  };
  ResnetBlock resnet(const Scope& at, std::int64_t in, std::int64_t out) const;
  Attention make_attention(const Scope& at, std::int64_t channels) const;
  Middle make_middle(const Scope& at, std::int64_t channels) const;
  Half make_encoder(const Scope& at) const;
  Half make_decoder(const Scope& at) const;
  // Each maps x [N,C,h,w]; attend() and through() keep its shape.
  torch::Tensor attend(const Attention& attention, const torch::Tensor& x, const Pass& pass) const;
  torch::Tensor through(const Middle& middle, torch::Tensor x, const Pass& pass) const;
  torch::Tensor finished(const Half& half, const torch::Tensor& x, const Pass& pass) const;

  VaeConfig config_;
  Half encoder_;
  Half decoder_;
  Conv2d quant_conv_;
  Conv2d post_quant_conv_;
  Weights weights_;
};

}  // namespace patina::diffusion
