// SPDX-License-Identifier: Apache-2.0
#include "diffusion/networks/attention_torch.h"
#include "diffusion/networks/checkpoint_torch.h"
#include "diffusion/networks/unet_blocks_torch.h"

namespace patina::diffusion {

using torch::Tensor;

namespace {

constexpr double kTransformerGroupNormEps = 1e-6;
constexpr double kTransformerLayerNormEps = 1e-5;
constexpr std::int64_t kFeedForwardFactor = 4;

CrossAttention cross_attention(const Scope& at,
                               std::int64_t channels,
                               std::int64_t context,
                               std::int64_t heads) {
  CrossAttention attention;
  attention.path = at.path();
  attention.heads = heads;
  attention.to_q = linear(at / "to_q", channels, channels, false);
  attention.to_k = linear(at / "to_k", context, channels, false);
  attention.to_v = linear(at / "to_v", context, channels, false);
  attention.to_out = linear(at / "to_out" / 0, channels, channels);
  return attention;
}

TransformerBlock transformer_block(const Scope& at,
                                   std::int64_t channels,
                                   std::int64_t context,
                                   std::int64_t heads) {
  const std::int64_t inner = kFeedForwardFactor * channels;
  TransformerBlock block;
  block.path = at.path();
  block.norm1 = layer_norm(at / "norm1", channels, kTransformerLayerNormEps);
  block.attn1 = cross_attention(at / "attn1", channels, channels, heads);
  block.norm2 = layer_norm(at / "norm2", channels, kTransformerLayerNormEps);
  block.attn2 = cross_attention(at / "attn2", channels, context, heads);
  block.norm3 = layer_norm(at / "norm3", channels, kTransformerLayerNormEps);
  block.ff_in = linear(at / "ff" / "net" / 0 / "proj", channels, 2 * inner);
  block.ff_out = linear(at / "ff" / "net" / 2, inner, channels);
  return block;
}

SpatialTransformer spatial_transformer(const Scope& at,
                                       const UNetConfig& config,
                                       std::size_t level) {
  const std::int64_t channels = config.block_out_channels[level];
  SpatialTransformer transformer;
  transformer.path = at.path();
  transformer.linear_projection = config.use_linear_projection;
  transformer.norm = group_norm(
      at / "norm", channels, config.norm_num_groups, kTransformerGroupNormEps);
  if (config.use_linear_projection) {
    transformer.linear_in = linear(at / "proj_in", channels, channels);
    transformer.linear_out = linear(at / "proj_out", channels, channels);
  } else {
    transformer.conv_in = conv2d(at / "proj_in", channels, channels, 1);
    transformer.conv_out = conv2d(at / "proj_out", channels, channels, 1);
  }
  for (std::int64_t i = 0; i < config.transformer_layers[level]; ++i) {
    transformer.blocks.push_back(transformer_block(at / "transformer_blocks" / i,
                                                   channels,
                                                   config.cross_attention_dim,
                                                   config.num_heads[level]));
  }
  transformer.weights = at.taken();
  return transformer;
}

ResnetBlock unet_resnet(const Scope& at,
                        const UNetConfig& config,
                        std::int64_t in,
                        std::int64_t out) {
  return resnet_block(at, {in, out, config.time_width(), config.norm_num_groups, config.norm_eps});
}

}  // namespace

Tensor CrossAttention::operator()(const Tensor& x, const Tensor& context, const Pass& pass) const {
  const Tensor mixed = attention(split_heads(to_q(x), heads),
                                 split_heads(to_k(context), heads),
                                 split_heads(to_v(context), heads));  // [N,heads,S,d]
  return pass.seen(path, to_out(join_heads(mixed)));                  // [N,S,C]
}

Tensor TransformerBlock::operator()(Tensor x, const Tensor& context, const Pass& pass) const {
  const Tensor normed = norm1(x);  // [N,S,C]
  x = x + attn1(normed, normed, pass);
  x = x + attn2(norm2(x), context, pass);
  const std::vector<Tensor> halves = ff_in(norm3(x)).chunk(2, 2);  // value, gate: [N,S,4C]
  const Tensor fed = ff_out(halves[0] * torch::gelu(halves[1]));
  pass.seen(path + ".ff", fed);
  return pass.seen(path, x + fed);
}

Tensor SpatialTransformer::operator()(const Tensor& x,
                                      const Tensor& context,
                                      const Pass& pass) const {
  const Block block = [this, pass](const std::vector<Tensor>& in) {
    const Tensor& image = in[0];  // [N,C,H,W]
    const Tensor normed = pass.seen(path + ".norm", norm(image));
    const auto flat = [](const Tensor& y) { return y.flatten(2).transpose(1, 2).contiguous(); };
    Tensor tokens;  // [N,HW,C]
    if (linear_projection) {
      tokens = pass.seen(path + ".proj_in", linear_in(flat(normed)));
    } else {
      tokens = flat(pass.seen(path + ".proj_in", conv_in(normed)));
    }
    for (const TransformerBlock& transformer : blocks) tokens = transformer(tokens, in[1], pass);
    if (linear_projection) tokens = linear_out(tokens);
    Tensor out = tokens.transpose(1, 2).view(image.sizes());  // [N,C,H,W], channels last in memory
    if (!linear_projection) out = conv_out(out);
    return image + out;
  };
  const std::vector<Tensor> inputs = {x, context};
  return pass.seen(path, pass.checkpoint ? checkpointed(block, inputs, weights) : block(inputs));
}

Tensor DownBlock::operator()(Tensor x,
                             const Conditions& given,
                             std::vector<Tensor>& skips,
                             const Pass& pass) const {
  for (std::size_t i = 0; i < resnets.size(); ++i) {
    x = resnets[i](x, given.silu_time, pass);
    if (!attentions.empty()) x = attentions[i](x, given.context, pass);
    skips.push_back(x);
  }
  if (downsampler.weight) {
    x = pass.seen(path + ".downsamplers.0", downsampler(x));
    skips.push_back(x);
  }
  return pass.seen(path, x);
}

Tensor MidBlock::operator()(Tensor x, const Conditions& given, const Pass& pass) const {
  x = first(x, given.silu_time, pass);
  x = attention(x, given.context, pass);
  return pass.seen(path, second(x, given.silu_time, pass));
}

Tensor UpBlock::operator()(Tensor x,
                           const Conditions& given,
                           std::vector<Tensor>& skips,
                           const Pass& pass) const {
  for (std::size_t i = 0; i < resnets.size(); ++i) {
    x = resnets[i](torch::cat({x, skips.back()}, 1), given.silu_time, pass);
    skips.pop_back();
    if (!attentions.empty()) x = attentions[i](x, given.context, pass);
  }
  if (upsampler.weight) {
    const Tensor& next = skips.back();
    x = upsampler(torch::upsample_nearest2d(x, {next.size(2), next.size(3)}));
    pass.seen(path + ".upsamplers.0", x);
  }
  return pass.seen(path, x);
}

DownBlock down_block(const Scope& at, const UNetConfig& config, std::size_t level) {
  const std::vector<std::int64_t>& widths = config.block_out_channels;
  const std::int64_t out = widths[level];
  const std::int64_t in = level == 0 ? out : widths[level - 1];
  DownBlock block;
  block.path = at.path();
  for (std::int64_t j = 0; j < config.layers_per_block; ++j) {
    block.resnets.push_back(unet_resnet(at / "resnets" / j, config, j == 0 ? in : out, out));
    if (config.down_attends[level]) {
      block.attentions.push_back(spatial_transformer(at / "attentions" / j, config, level));
    }
  }
  if (level + 1 < widths.size()) {
    block.downsampler = conv2d(at / "downsamplers" / 0 / "conv", out, out, 3, 2);
  }
  return block;
}

MidBlock mid_block(const Scope& at, const UNetConfig& config) {
  const std::int64_t width = config.block_out_channels.back();
  MidBlock block;
  block.path = at.path();
  block.first = unet_resnet(at / "resnets" / 0, config, width, width);
  block.attention = spatial_transformer(
      at / "attentions" / 0, config, config.block_out_channels.size() - 1);
  block.second = unet_resnet(at / "resnets" / 1, config, width, width);
  return block;
}

UpBlock up_block(const Scope& at, const UNetConfig& config, std::size_t index) {
  const std::vector<std::int64_t>& widths = config.block_out_channels;
  const std::size_t level = widths.size() - 1 - index;
  const std::int64_t out = widths[level];
  const std::int64_t below = index == 0 ? out : widths[level + 1];
  const std::int64_t above = level == 0 ? widths[0] : widths[level - 1];
  UpBlock block;
  block.path = at.path();
  for (std::int64_t j = 0; j <= config.layers_per_block; ++j) {
    const std::int64_t skip = j == config.layers_per_block ? above : out;
    const std::int64_t in = (j == 0 ? below : out) + skip;
    block.resnets.push_back(unet_resnet(at / "resnets" / j, config, in, out));
    if (config.up_attends[index]) {
      block.attentions.push_back(spatial_transformer(at / "attentions" / j, config, level));
    }
  }
  if (level > 0) block.upsampler = conv2d(at / "upsamplers" / 0 / "conv", out, out, 3);
  return block;
}

}  // namespace patina::diffusion
