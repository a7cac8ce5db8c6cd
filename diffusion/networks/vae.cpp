// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "diffusion/networks/attention_torch.h"
#include "diffusion/networks/checkpoint_torch.h"
#include "diffusion/networks/vae_torch.h"

namespace patina::diffusion {

using torch::Tensor;

namespace {

constexpr double kNormEps = 1e-6;

// Weights of the middle attention are linear layers; files of older libraries name them otherwise.
struct AttentionNames {
  const char* to_q;
  const char* to_k;
  const char* to_v;
  const char* to_out;
};
constexpr AttentionNames kCurrentNames = {"to_q", "to_k", "to_v", "to_out.0"};
constexpr AttentionNames kDeprecatedNames = {"query", "key", "value", "proj_attn"};

}  // namespace

Tensor Posterior::sample(const Tensor& noise) const {
  return mean + torch::exp(0.5 * logvar) * noise;
}

ResnetBlock Vae::resnet(const Scope& at, std::int64_t in, std::int64_t out) const {
  return resnet_block(at, {in, out, 0, config_.norm_num_groups, kNormEps});
}

Vae::Attention Vae::make_attention(const Scope& at, std::int64_t channels) const {
  const bool deprecated = at.has(std::string(kDeprecatedNames.to_q) + ".weight");
  const AttentionNames& names = deprecated ? kDeprecatedNames : kCurrentNames;
  Attention attention;
  attention.path = at.path();
  attention.group_norm = diffusion::group_norm(
      at / "group_norm", channels, config_.norm_num_groups, kNormEps);
  attention.to_q = linear(at / names.to_q, channels, channels);
  attention.to_k = linear(at / names.to_k, channels, channels);
  attention.to_v = linear(at / names.to_v, channels, channels);
  attention.to_out = linear(at / names.to_out, channels, channels);
  attention.weights = at.taken();
  return attention;
}

Vae::Middle Vae::make_middle(const Scope& at, std::int64_t channels) const {
  Middle middle;
  middle.path = at.path();
  middle.first = resnet(at / "resnets" / 0, channels, channels);
  middle.attention = make_attention(at / "attentions" / 0, channels);
  middle.second = resnet(at / "resnets" / 1, channels, channels);
  return middle;
}

Vae::Half Vae::make_encoder(const Scope& at) const {
  const std::vector<std::int64_t>& widths = config_.block_out_channels;
  Half half;
  half.path = at.path();
  half.conv_in = conv2d(at / "conv_in", config_.in_channels, widths.front(), 3);
  std::int64_t in = widths.front();
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const Scope here = at / "down_blocks" / static_cast<std::int64_t>(i);
    Level level;
    level.path = here.path();
    for (std::int64_t j = 0; j < config_.layers_per_block; ++j) {
      level.resnets.push_back(resnet(here / "resnets" / j, j == 0 ? in : widths[i], widths[i]));
    }
    if (i + 1 < widths.size()) {
      level.resample = conv2d(here / "downsamplers" / 0 / "conv", widths[i], widths[i], 3, 2, 0);
    }
    in = widths[i];
    half.levels.push_back(std::move(level));
  }
  half.middle = make_middle(at / "mid_block", widths.back());
  half.conv_norm_out = group_norm(
      at / "conv_norm_out", widths.back(), config_.norm_num_groups, kNormEps);
  half.conv_out = conv2d(at / "conv_out", widths.back(), 2 * config_.latent_channels, 3);
  return half;
}

Vae::Half Vae::make_decoder(const Scope& at) const {
  const std::vector<std::int64_t> widths(config_.block_out_channels.rbegin(),
                                         config_.block_out_channels.rend());
  Half half;
  half.path = at.path();
  half.conv_in = conv2d(at / "conv_in", config_.latent_channels, widths.front(), 3);
  half.middle = make_middle(at / "mid_block", widths.front());
  std::int64_t in = widths.front();
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const Scope here = at / "up_blocks" / static_cast<std::int64_t>(i);
    Level level;
    level.path = here.path();
    for (std::int64_t j = 0; j <= config_.layers_per_block; ++j) {
      level.resnets.push_back(resnet(here / "resnets" / j, j == 0 ? in : widths[i], widths[i]));
    }
    if (i + 1 < widths.size()) {
      level.resample = conv2d(here / "upsamplers" / 0 / "conv", widths[i], widths[i], 3);
    }
    in = widths[i];
    half.levels.push_back(std::move(level));
  }
  half.conv_norm_out = group_norm(
      at / "conv_norm_out", widths.back(), config_.norm_num_groups, kNormEps);
  half.conv_out = conv2d(at / "conv_out", widths.back(), config_.out_channels, 3);
  return half;
}

Vae::Vae(const VaeConfig& config, WeightLoader& loader) : config_(config) {
  const Scope root(loader);
  const std::int64_t latent = config.latent_channels;
  encoder_ = make_encoder(root / "encoder");
  decoder_ = make_decoder(root / "decoder");
  if (config.use_quant_conv) quant_conv_ = conv2d(root / "quant_conv", 2 * latent, 2 * latent, 1);
  if (config.use_post_quant_conv) {
    post_quant_conv_ = conv2d(root / "post_quant_conv", latent, latent, 1);
  }
  weights_ = loader.finish();
}

Tensor Vae::attend(const Attention& attention, const Tensor& x, const Pass& pass) const {
  const Block block = [&attention](const std::vector<Tensor>& in) {
    const Tensor& image = in[0];                                                   // [N,C,H,W]
    const Tensor tokens = attention.group_norm(image).flatten(2).transpose(1, 2);  // [N,HW,C]
    const Tensor mixed = diffusion::attention(split_heads(attention.to_q(tokens), 1),
                                              split_heads(attention.to_k(tokens), 1),
                                              split_heads(attention.to_v(tokens), 1));
    const Tensor out = attention.to_out(join_heads(mixed));  // [N,HW,C]
    return image + out.transpose(1, 2).reshape(image.sizes());
  };
  return pass.seen(attention.path,
                   pass.checkpoint ? checkpointed(block, {x}, attention.weights) : block({x}));
}

Tensor Vae::through(const Middle& middle, Tensor x, const Pass& pass) const {
  x = middle.first(x, {}, pass);
  x = attend(middle.attention, x, pass);
  return pass.seen(middle.path, middle.second(x, {}, pass));
}

Tensor Vae::finished(const Half& half, const Tensor& x, const Pass& pass) const {
  if (pass.trace) pass.trace(half.path + ".conv_norm_out", half.conv_norm_out(x));
  return pass.seen(half.path + ".conv_out", half.conv_out(half.conv_norm_out.with_silu(x)));
}

Posterior Vae::encode(const Tensor& image, const Pass& pass) const {
  Tensor x = pass.seen("encoder.conv_in", encoder_.conv_in(image));
  for (const Level& level : encoder_.levels) {
    for (const ResnetBlock& block : level.resnets) x = block(x, {}, pass);
    if (level.resample.weight) {  // one row and column of zeros, right and below only
      x = level.resample(torch::constant_pad_nd(x, {0, 1, 0, 1}));
      pass.seen(level.path + ".downsamplers.0", x);
    }
    pass.seen(level.path, x);
  }
  x = finished(encoder_, through(encoder_.middle, x, pass), pass);  // [N,2*latent,h,w]
  if (quant_conv_.weight) x = quant_conv_(x);
  const std::vector<Tensor> halves = x.chunk(2, 1);
  return {halves[0], halves[1].clamp(-30.0, 20.0)};
}

Tensor Vae::decode(const Tensor& z, const Pass& pass) const {
  Tensor x = post_quant_conv_.weight ? post_quant_conv_(z) : z;
  x = pass.seen("decoder.conv_in", decoder_.conv_in(x));
  x = through(decoder_.middle, x, pass);
  for (const Level& level : decoder_.levels) {
    for (const ResnetBlock& block : level.resnets) x = block(x, {}, pass);
    if (level.resample.weight) {
      x = level.resample(torch::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}));
      pass.seen(level.path + ".upsamplers.0", x);
    }
    pass.seen(level.path, x);
  }
  return finished(decoder_, x, pass);
}

}  // namespace patina::diffusion
