// SPDX-License-Identifier: Apache-2.0
// What the config.json files of a model folder say about its networks. A missing key takes the
// default of the diffusers or transformers library; a key that is not known, or that asks for
// something not built here, is an error that names it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace patina::diffusion {

enum class Activation { kQuickGelu, kGelu };  ///< x sigmoid(1.702 x), and the exact one.

/// CLIP text model.
struct TextEncoderConfig {
  std::int64_t vocab_size = 49408;        ///< Tokens that have an embedding.
  std::int64_t hidden_size = 512;         ///< D, numbers per token; a multiple of `num_heads`.
  std::int64_t intermediate_size = 2048;  ///< Width between a layer's two linear maps.
  std::int64_t num_layers = 12;           ///< Transformer layers.
  std::int64_t num_heads = 8;             ///< Attention heads of a layer.
  std::int64_t max_positions = 77;        ///< Tokens of the longest prompt, bos and eos included.
  double layer_norm_eps = 1e-5;           ///< Added to the variance in every layer norm, above 0.
  Activation activation = Activation::kQuickGelu;  ///< Between a layer's two linear maps.
  std::int64_t eos_token_id = 49407;  ///< 2 in older files: pooling then takes the largest id.
};

/// AutoencoderKL.
struct VaeConfig {
  std::int64_t in_channels = 3;                         ///< Channels of the image that is encoded.
  std::int64_t out_channels = 3;                        ///< Channels of the image that is decoded.
  std::vector<std::int64_t> block_out_channels = {64};  ///< Channels of each level, finest first.
  /// Resnets of an encoder level; a decoder level has one more.
  std::int64_t layers_per_block = 1;
  std::int64_t latent_channels = 4;  ///< Channels of a latent image.
  /// Groups of every group norm; divides every level's channels.
  std::int64_t norm_num_groups = 32;
  std::int64_t sample_size = 32;    ///< Side of the images trained on, pixels.
  double scaling_factor = 0.18215;  ///< Factor on the encoder's latents that the UNet sees.
  bool use_quant_conv = true;       ///< Whether a 1x1 convolution follows the encoder.
  bool use_post_quant_conv = true;  ///< Whether a 1x1 convolution precedes the decoder.

  /// Pixels per latent along each side: 2^(levels - 1).
  std::int64_t downscale() const;
};

/// UNet2DConditionModel. Lists hold one entry a level.
struct UNetConfig {
  std::int64_t sample_size = 64;  ///< Side of the latent images trained on, latents.
  std::int64_t in_channels = 4;   ///< Channels of a latent image.
  std::int64_t out_channels = 4;  ///< Channels of the prediction.
  /// Channels of each level, finest first.
  std::vector<std::int64_t> block_out_channels = {320, 640, 1280, 1280};
  /// Whether a level on the way down has transformers, finest first.
  std::vector<bool> down_attends = {true, true, true, false};
  /// Whether a level on the way up has transformers, coarsest first.
  std::vector<bool> up_attends = {false, true, true, true};
  /// Resnets of a level on the way down; one more on the way up.
  std::int64_t layers_per_block = 2;
  std::vector<std::int64_t> num_heads = {8, 8, 8, 8};  ///< "attention_head_dim" in the files.
  /// Layers of each transformer, finest level first.
  std::vector<std::int64_t> transformer_layers = {1, 1, 1, 1};
  std::int64_t cross_attention_dim = 1280;  ///< Width of the context, the text encoder's D.
  /// Groups of every group norm; divides every level's channels.
  std::int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;  ///< Added to the variance in the group norms, above 0.
  /// Transformers project by linear maps, else 1x1 convolutions.
  bool use_linear_projection = false;
  bool flip_sin_to_cos = true;  ///< The time embedding has its cosines first.
  /// Taken from the number of frequencies of the time embedding before they are spread.
  double freq_shift = 0.0;
  std::int64_t time_cond_proj_dim = 0;  ///< 0: no guidance embedding (LCM has one).

  /// Width of the time embedding: four times the first level's channels.
  std::int64_t time_width() const;
};

/// `where` names the file in errors. Throw Error{kInput} for malformed values, Error{kUnsupported}
/// for another architecture or option.
TextEncoderConfig text_encoder_config(const nlohmann::json& json, const std::string& where);
VaeConfig vae_config(const nlohmann::json& json, const std::string& where);
UNetConfig unet_config(const nlohmann::json& json, const std::string& where);

/// The files' form, for writing a model folder.
nlohmann::json to_json(const TextEncoderConfig& config);
nlohmann::json to_json(const VaeConfig& config);
nlohmann::json to_json(const UNetConfig& config);

}  // namespace patina::diffusion
