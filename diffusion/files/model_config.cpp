// SPDX-License-Identifier: Apache-2.0
#include "diffusion/files/model_config.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "diffusion/files/config_reader.h"

namespace patina::diffusion {

using internal::ConfigReader;
using nlohmann::json;

namespace {

constexpr std::int64_t kMostWidth = 1 << 16;
constexpr std::int64_t kMostLayers = 256;

// Each level's type is one of two: with and without attention.
std::vector<bool> attends(ConfigReader& reader,
                          const char* key,
                          const std::vector<std::string>& fallback,
                          const std::string& with,
                          const std::string& without) {
  std::vector<bool> levels;
  for (const std::string& type : reader.words(key, fallback)) {
    if (type != with && type != without) {
      reader.unsupported(
          key,
          core::in_quotes(type) +
              std::string(" is not supported, only ").append(with).append(" and ").append(without));
    }
    levels.push_back(type == with);
  }
  return levels;
}

void divides(const ConfigReader& reader,
             const char* key,
             std::int64_t divisor,
             const std::vector<std::int64_t>& channels) {
  for (const std::int64_t width : channels) {
    if (width % divisor != 0) {
      reader.refuse(
          key, std::to_string(divisor) + " does not divide " + std::to_string(width) + " channels");
    }
  }
}

void only_silu(ConfigReader& reader) {
  if (reader.word("act_fn", "silu") != "swish") reader.must_be("act_fn", "silu");
}

// Options of UNet2DConditionModel at which the networks of Stable Diffusion 1.x and 2.x stand.
void fixed_unet_options(ConfigReader& reader) {
  reader.must_be("addition_embed_type", nullptr);
  reader.must_be("class_embed_type", nullptr);
  reader.must_be("encoder_hid_dim_type", nullptr);
  reader.must_be("encoder_hid_dim", nullptr);
  reader.must_be("num_class_embeds", nullptr);
  reader.must_be("time_embedding_act_fn", nullptr);
  reader.must_be("time_embedding_dim", nullptr);
  reader.must_be("timestep_post_act", nullptr);
  reader.must_be("cross_attention_norm", nullptr);
  reader.must_be("mid_block_only_cross_attention", nullptr);
  reader.must_be("reverse_transformer_layers_per_block", nullptr);
  reader.must_be("attention_type", "default");
  reader.must_be("center_input_sample", false);
  reader.must_be("class_embeddings_concat", false);
  reader.must_be("conv_in_kernel", 3);
  reader.must_be("conv_out_kernel", 3);
  reader.must_be("downsample_padding", 1);
  reader.must_be("dual_cross_attention", false);
  reader.must_be("mid_block_scale_factor", 1);
  reader.must_be("mid_block_type", "UNetMidBlock2DCrossAttn");
  reader.must_be("only_cross_attention", false);
  reader.must_be("resnet_out_scale_factor", 1.0);
  reader.must_be("resnet_skip_time_act", false);
  reader.must_be("resnet_time_scale_shift", "default");
  reader.must_be("time_embedding_type", "positional");
  reader.must_be("dropout", 0.0);
  // Softmax is float32 here in any case.
  reader.ignore({"upcast_attention",
                 "addition_embed_type_num_heads",
                 "addition_time_embed_dim",
                 "projection_class_embeddings_input_dim"});
}

void check_levels(const ConfigReader& reader, const UNetConfig& config) {
  const std::size_t levels = config.block_out_channels.size();
  if (config.down_attends.size() != levels) {
    reader.refuse("down_block_types", "has not one entry for each of block_out_channels");
  }
  if (config.up_attends.size() != levels) {
    reader.refuse("up_block_types", "has not one entry for each of block_out_channels");
  }
  divides(reader, "norm_num_groups", config.norm_num_groups, config.block_out_channels);
  for (std::size_t i = 0; i < levels; ++i) {
    divides(reader, "attention_head_dim", config.num_heads[i], {config.block_out_channels[i]});
  }
  if (config.block_out_channels.front() % 2 != 0) {
    reader.refuse("block_out_channels",
                  "the first entry is odd, the timestep embedding needs pairs");
  }
}

json level_types(const std::vector<bool>& attends, const char* with, const char* without) {
  json types = json::array();
  for (const bool attending : attends) types.push_back(attending ? with : without);
  return types;
}

}  // namespace

std::int64_t VaeConfig::downscale() const {
  return std::int64_t{1} << (block_out_channels.size() - 1);
}

std::int64_t UNetConfig::time_width() const { return 4 * block_out_channels.front(); }

TextEncoderConfig text_encoder_config(const json& parsed, const std::string& where) {
  ConfigReader reader(parsed, where);
  const TextEncoderConfig base;
  TextEncoderConfig config;
  reader.class_is("model_type", {"clip_text_model"});
  config.vocab_size = reader.integer("vocab_size", base.vocab_size, 1, 1 << 24);
  config.hidden_size = reader.integer("hidden_size", base.hidden_size, 1, kMostWidth);
  config.intermediate_size = reader.integer(
      "intermediate_size", base.intermediate_size, 1, kMostWidth);
  config.num_layers = reader.integer("num_hidden_layers", base.num_layers, 1, kMostLayers);
  config.num_heads = reader.integer("num_attention_heads", base.num_heads, 1, kMostWidth);
  config.max_positions = reader.integer("max_position_embeddings", base.max_positions, 1, 1 << 16);
  config.layer_norm_eps = reader.number("layer_norm_eps", base.layer_norm_eps);
  config.eos_token_id = reader.integer("eos_token_id", base.eos_token_id, 0, 1 << 24);
  divides(reader, "num_attention_heads", config.num_heads, {config.hidden_size});
  const std::string activation = reader.word("hidden_act", "quick_gelu");
  if (activation != "quick_gelu" && activation != "gelu")
    reader.must_be("hidden_act", "quick_gelu");
  config.activation = activation == "gelu" ? Activation::kGelu : Activation::kQuickGelu;
  // Neither changes what the network computes here: training knobs, ids that the tokenizer decides,
  // and leftovers of the CLIP model that the encoder was cut from,
  // and what transformers writes for every model.
  reader.ignore({"architectures",
                 "attention_dropout",
                 "bos_token_id",
                 "dropout",
                 "dtype",
                 "id2label",
                 "initializer_factor",
                 "initializer_range",
                 "is_decoder",
                 "is_encoder_decoder",
                 "label2id",
                 "output_attentions",
                 "output_hidden_states",
                 "pad_token_id",
                 "problem_type",
                 "projection_dim",
                 "pruned_heads",
                 "return_dict",
                 "tie_word_embeddings",
                 "torch_dtype",
                 "torchscript",
                 "transformers_version",
                 "use_bfloat16",
                 "use_cache"});
  reader.finish();
  return config;
}

VaeConfig vae_config(const json& parsed, const std::string& where) {
  ConfigReader reader(parsed, where);
  const VaeConfig base;
  VaeConfig config;
  reader.class_is("_class_name", {"AutoencoderKL"});
  config.in_channels = reader.integer("in_channels", base.in_channels, 1, 64);
  config.out_channels = reader.integer("out_channels", base.out_channels, 1, 64);
  config.block_out_channels = reader.integers("block_out_channels", base.block_out_channels);
  config.layers_per_block = reader.integer("layers_per_block", base.layers_per_block, 1, 16);
  config.latent_channels = reader.integer("latent_channels", base.latent_channels, 1, 256);
  config.norm_num_groups = reader.integer("norm_num_groups", base.norm_num_groups, 1, kMostWidth);
  config.sample_size = reader.integer("sample_size", base.sample_size, 1, 1 << 16);
  config.scaling_factor = reader.number("scaling_factor", base.scaling_factor);
  config.use_quant_conv = reader.flag("use_quant_conv", base.use_quant_conv);
  config.use_post_quant_conv = reader.flag("use_post_quant_conv", base.use_post_quant_conv);
  const std::size_t levels = config.block_out_channels.size();
  const std::vector<std::string> down(levels, "DownEncoderBlock2D");
  const std::vector<std::string> up(levels, "UpDecoderBlock2D");
  reader.must_be("down_block_types", down);
  reader.must_be("up_block_types", up);
  only_silu(reader);
  reader.must_be("mid_block_add_attention", true);
  reader.must_be("shift_factor", nullptr);
  reader.must_be("latents_mean", nullptr);
  reader.must_be("latents_std", nullptr);
  reader.ignore({"force_upcast"});
  divides(reader, "norm_num_groups", config.norm_num_groups, config.block_out_channels);
  reader.finish();
  return config;
}

UNetConfig unet_config(const json& parsed, const std::string& where) {
  ConfigReader reader(parsed, where);
  const UNetConfig base;
  UNetConfig config;
  reader.class_is("_class_name", {"UNet2DConditionModel"});
  config.sample_size = reader.integer("sample_size", base.sample_size, 1, 1 << 14);
  config.in_channels = reader.integer("in_channels", base.in_channels, 1, 64);
  config.out_channels = reader.integer("out_channels", base.out_channels, 1, 64);
  config.block_out_channels = reader.integers("block_out_channels", base.block_out_channels);
  const std::size_t levels = config.block_out_channels.size();
  config.down_attends = attends(
      reader,
      "down_block_types",
      {"CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"},
      "CrossAttnDownBlock2D",
      "DownBlock2D");
  config.up_attends = attends(
      reader,
      "up_block_types",
      {"UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"},
      "CrossAttnUpBlock2D",
      "UpBlock2D");
  config.layers_per_block = reader.integer("layers_per_block", base.layers_per_block, 1, 16);
  // The library's misnomer: the number of heads; num_attention_heads outranks it where present.
  config.num_heads = reader.per_level("attention_head_dim", 8, levels);
  if (parsed.contains("num_attention_heads") && !parsed["num_attention_heads"].is_null()) {
    config.num_heads = reader.per_level("num_attention_heads", 8, levels);
  }
  config.transformer_layers = reader.per_level("transformer_layers_per_block", 1, levels);
  config.cross_attention_dim = reader.integer(
      "cross_attention_dim", base.cross_attention_dim, 1, kMostWidth);
  config.norm_num_groups = reader.integer("norm_num_groups", base.norm_num_groups, 1, kMostWidth);
  config.norm_eps = reader.number("norm_eps", base.norm_eps);
  config.use_linear_projection = reader.flag("use_linear_projection", false);
  config.flip_sin_to_cos = reader.flag("flip_sin_to_cos", true);
  config.freq_shift = reader.number("freq_shift", 0.0);
  config.time_cond_proj_dim = reader.integer("time_cond_proj_dim", 0, 1, kMostWidth);
  only_silu(reader);
  reader.ignore({"num_attention_heads"});
  fixed_unet_options(reader);
  check_levels(reader, config);
  reader.finish();
  return config;
}

json to_json(const TextEncoderConfig& config) {
  return {{"architectures", {"CLIPTextModel"}},
          {"model_type", "clip_text_model"},
          {"vocab_size", config.vocab_size},
          {"hidden_size", config.hidden_size},
          {"intermediate_size", config.intermediate_size},
          {"num_hidden_layers", config.num_layers},
          {"num_attention_heads", config.num_heads},
          {"max_position_embeddings", config.max_positions},
          {"layer_norm_eps", config.layer_norm_eps},
          {"eos_token_id", config.eos_token_id},
          {"hidden_act", config.activation == Activation::kGelu ? "gelu" : "quick_gelu"}};
}

json to_json(const VaeConfig& config) {
  const std::size_t levels = config.block_out_channels.size();
  return {{"_class_name", "AutoencoderKL"},
          {"in_channels", config.in_channels},
          {"out_channels", config.out_channels},
          {"down_block_types", std::vector<std::string>(levels, "DownEncoderBlock2D")},
          {"up_block_types", std::vector<std::string>(levels, "UpDecoderBlock2D")},
          {"block_out_channels", config.block_out_channels},
          {"layers_per_block", config.layers_per_block},
          {"latent_channels", config.latent_channels},
          {"norm_num_groups", config.norm_num_groups},
          {"sample_size", config.sample_size},
          {"scaling_factor", config.scaling_factor},
          {"use_quant_conv", config.use_quant_conv},
          {"use_post_quant_conv", config.use_post_quant_conv},
          {"act_fn", "silu"}};
}

json to_json(const UNetConfig& config) {
  json written = {
      {"_class_name", "UNet2DConditionModel"},
      {"sample_size", config.sample_size},
      {"in_channels", config.in_channels},
      {"out_channels", config.out_channels},
      {"down_block_types", level_types(config.down_attends, "CrossAttnDownBlock2D", "DownBlock2D")},
      {"up_block_types", level_types(config.up_attends, "CrossAttnUpBlock2D", "UpBlock2D")},
      {"block_out_channels", config.block_out_channels},
      {"layers_per_block", config.layers_per_block},
      {"attention_head_dim", config.num_heads},
      {"transformer_layers_per_block", config.transformer_layers},
      {"cross_attention_dim", config.cross_attention_dim},
      {"norm_num_groups", config.norm_num_groups},
      {"norm_eps", config.norm_eps},
      {"use_linear_projection", config.use_linear_projection},
      {"flip_sin_to_cos", config.flip_sin_to_cos},
      {"freq_shift", config.freq_shift},
      {"act_fn", "silu"}};
  if (config.time_cond_proj_dim > 0) written["time_cond_proj_dim"] = config.time_cond_proj_dim;
  return written;
}

}  // namespace patina::diffusion
