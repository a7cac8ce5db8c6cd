// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "core/error.h"
#include "diffusion/networks/unet_torch.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using torch::Tensor;

namespace {

constexpr double kLongestPeriod = 10000.0;

}  // namespace

Tensor timestep_embedding(const Tensor& t,
                          std::int64_t width,
                          bool flip_sin_to_cos,
                          double freq_shift) {
  const std::int64_t half = width / 2;
  const Tensor index = torch::arange(half,
                                     torch::TensorOptions(torch::kFloat64).device(t.device()));
  const Tensor frequency = torch::exp(-std::log(kLongestPeriod) * index /
                                      (static_cast<double>(half) - freq_shift));
  const Tensor angle = t.to(torch::kFloat64).unsqueeze(1) * frequency.unsqueeze(0);  // [N,half]
  const Tensor sine = torch::sin(angle);
  const Tensor cosine = torch::cos(angle);
  return torch::cat(flip_sin_to_cos ? std::vector<Tensor>{cosine, sine}
                                    : std::vector<Tensor>{sine, cosine},
                    1)
      .to(torch::kFloat32);
}

Tensor guidance_scale_embedding(double w, std::int64_t width) {
  constexpr double kScale = 1000.0;
  const Tensor scaled = torch::full({1}, w * kScale, torch::kFloat64);
  return timestep_embedding(scaled, width, false, 1.0);
}

UNet::UNet(const UNetConfig& config, WeightLoader& loader) : config_(config) {
  const Scope root(loader);
  const std::vector<std::int64_t>& widths = config.block_out_channels;
  const std::int64_t time_width = config.time_width();
  const Scope time = root / "time_embedding";
  time_linear_1_ = linear(time / "linear_1", widths.front(), time_width);
  time_linear_2_ = linear(time / "linear_2", time_width, time_width);
  if (config.time_cond_proj_dim > 0) {
    time_cond_proj_ = linear(time / "cond_proj", config.time_cond_proj_dim, widths.front(), false);
  }
  conv_in_ = conv2d(root / "conv_in", config.in_channels, widths.front(), 3);
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    down_blocks_.push_back(down_block(root / "down_blocks" / index, config, i));
    up_blocks_.push_back(up_block(root / "up_blocks" / index, config, i));
  }
  mid_block_ = mid_block(root / "mid_block", config);
  conv_norm_out_ = group_norm(
      root / "conv_norm_out", widths.front(), config.norm_num_groups, config.norm_eps);
  conv_out_ = conv2d(root / "conv_out", widths.front(), config.out_channels, 3);
  weights_ = loader.finish();
}

void UNet::check_inputs(const Tensor& z_t,
                        const Tensor& context,
                        const Tensor& guidance_embedding) const {
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorKind::kInput, "UNet input", what, "use inputs made for this base model");
  };
  if (z_t.dim() != 4 || z_t.size(1) != config_.in_channels) {
    refuse("latents have not " + std::to_string(config_.in_channels) + " channels");
  }
  if (context.dim() != 3 || context.size(2) != config_.cross_attention_dim) {
    refuse("the text context is not " + std::to_string(config_.cross_attention_dim) + " wide");
  }
  if (guidance_embedding.defined() && !time_cond_proj_.weight) {
    refuse("a guidance embedding is given to a network that has no place for it");
  }
}

Tensor UNet::time_embedding(const Tensor& t,
                            std::int64_t batch,
                            const Tensor& guidance_embedding,
                            const Pass& pass) const {
  const Tensor frequencies = timestep_embedding(
      t.to(conv_in_.weight->value.device()).expand({batch}),
      config_.block_out_channels.front(),
      config_.flip_sin_to_cos,
      config_.freq_shift);
  pass.seen("time_proj", frequencies);
  Tensor x = frequencies.to(conv_in_.weight->value.scalar_type());  // [N,C]
  if (guidance_embedding.defined()) {
    x = x + time_cond_proj_(guidance_embedding.to(x.options()).expand({batch, -1}));
  }
  x = time_linear_2_(torch::silu(time_linear_1_(x)));  // [N,4C]
  return pass.seen("time_embedding", x);
}

Tensor UNet::forward(const Tensor& z_t,
                     const Tensor& t,
                     const Tensor& context,
                     const Pass& pass,
                     const Tensor& guidance_embedding) const {
  check_inputs(z_t, context, guidance_embedding);
  const Tensor time = time_embedding(t, z_t.size(0), guidance_embedding, pass);
  const Conditions given = {torch::silu(time), context};
  Tensor x = pass.seen("conv_in", conv_in_(z_t));
  std::vector<Tensor> skips = {x};
  for (const DownBlock& block : down_blocks_) x = block(x, given, skips, pass);
  x = mid_block_(x, given, pass);
  for (const UpBlock& block : up_blocks_) x = block(x, given, skips, pass);
  if (pass.trace) pass.trace("conv_norm_out", conv_norm_out_(x));
  return pass.seen("conv_out", conv_out_(conv_norm_out_.with_silu(x)));  // [N,out,h,w]
}

}  // namespace patina::diffusion
