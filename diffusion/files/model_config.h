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
  std::int64_t vocab_size = 49408;
  std::int64_t hidden_size = 512;
  std::int64_t intermediate_size = 2048;
  std::int64_t num_layers = 12;
  std::int64_t num_heads = 8;
  std::int64_t max_positions = 77;
  double layer_norm_eps = 1e-5;
  Activation activation = Activation::kQuickGelu;
  std::int64_t eos_token_id = 49407;  ///< 2 in older files: pooling then takes the largest id.
};

/// AutoencoderKL.
struct VaeConfig {
  std::int64_t in_channels = 3;
  std::int64_t out_channels = 3;
  std::vector<std::int64_t> block_out_channels = {64};
  std::int64_t layers_per_block = 1;
  std::int64_t latent_channels = 4;
  std::int64_t norm_num_groups = 32;
  std::int64_t sample_size = 32;
  double scaling_factor = 0.18215;
  bool use_quant_conv = true;
  bool use_post_quant_conv = true;

  /// Pixels per latent along each side: 2^(levels - 1).
  std::int64_t downscale() const;
};

/// UNet2DConditionModel. Lists hold one entry a level.
struct UNetConfig {
  std::int64_t sample_size = 64;
  std::int64_t in_channels = 4;
  std::int64_t out_channels = 4;
  std::vector<std::int64_t> block_out_channels = {320, 640, 1280, 1280};
  std::vector<bool> down_attends = {true, true, true, false};
  std::vector<bool> up_attends = {false, true, true, true};
  std::int64_t layers_per_block = 2;
  std::vector<std::int64_t> num_heads = {8, 8, 8, 8};  ///< "attention_head_dim" in the files.
  std::vector<std::int64_t> transformer_layers = {1, 1, 1, 1};
  std::int64_t cross_attention_dim = 1280;
  std::int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
  bool use_linear_projection = false;
  bool flip_sin_to_cos = true;
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
