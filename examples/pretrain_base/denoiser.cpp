// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <nlohmann/json.hpp>
#include <torch/autograd.h>
#include <torch/utils.h>

#include "core/error.h"
#include "denoiser_torch.h"
#include "diffusion/generate/denoising_torch.h"
#include "tensors/compute_torch.h"
#include "tensors/optimizer_torch.h"

namespace pretrain {

using namespace patina;
using torch::Tensor;

namespace {

diffusion::TextEncoderConfig text_config(const Pack& pack) {
  diffusion::TextEncoderConfig config;
  config.vocab_size = pack.vocab_size;
  config.hidden_size = 192;
  config.intermediate_size = 768;
  config.num_layers = 3;
  config.num_heads = 6;
  config.max_positions = pack.tokens.size(2);
  config.eos_token_id = pack.eos_id;
  return config;
}

diffusion::UNetConfig unet_config(const diffusion::VaeConfig& vae) {
  diffusion::UNetConfig config;
  config.sample_size = vae.sample_size / vae.downscale();
  config.in_channels = vae.latent_channels;
  config.out_channels = vae.latent_channels;
  config.block_out_channels = {128, 160, 224};
  config.down_attends = {true, true, false};
  config.up_attends = {false, true, true};
  config.layers_per_block = 2;
  config.num_heads = {4, 5, 7};
  config.transformer_layers = {1, 1, 1};
  config.cross_attention_dim = 192;
  config.use_linear_projection = true;
  return config;
}

/// Means and deviations of the scaled latents of every picture, then of every mirrored one.
struct Latents {
  Tensor mean;       // [2N,C,h,w] float32
  Tensor deviation;  // the same
};

Latents cached_latents(const Pack& pack,
                       const diffusion::Vae& vae,
                       const tensors::Compute& compute) {
  const torch::NoGradGuard no_grad;
  constexpr std::int64_t kBatch = 64;
  const double factor = vae.config().scaling_factor;
  std::vector<Tensor> means;
  std::vector<Tensor> deviations;
  for (const bool mirrored : {false, true}) {
    for (std::int64_t at = 0; at < pack.images.size(0); at += kBatch) {
      const std::int64_t end = std::min(at + kBatch, pack.images.size(0));
      Tensor images = signed_images(pack, torch::arange(at, end));
      if (mirrored) images = images.flip(3);
      const diffusion::Posterior posterior = vae.encode(compute.place(images));
      means.push_back(posterior.mean.to(torch::kFloat32) * factor);
      deviations.push_back((0.5 * posterior.logvar.to(torch::kFloat32)).exp() * factor);
    }
  }
  return {torch::cat(means), torch::cat(deviations)};
}

struct Step {
  Tensor rows;  // [B] of the cached latents
  Tensor ids;   // [B,L] on the CPU
};

Step draw_step(const Pack& pack, const Recipe& recipe, core::Rng& rng) {
  std::vector<std::int64_t> rows = draw(pack.train, recipe.unet_batch, rng);
  std::vector<Tensor> ids;
  for (std::int64_t& row : rows) {
    ids.push_back(rng.bernoulli(recipe.drop_caption)
                      ? pack.empty
                      : pack.tokens[row][static_cast<std::int64_t>(rng.below(3))]);
    if (rng.bernoulli(0.5)) row += pack.images.size(0);
  }
  return {torch::tensor(rows, torch::kInt64), torch::stack(ids)};
}

}  // namespace

diffusion::SchedulerConfig noise_config() {
  const nlohmann::json json = {{"_class_name", "DDIMScheduler"},
                               {"num_train_timesteps", 1000},
                               {"beta_start", 0.00085},
                               {"beta_end", 0.012},
                               {"beta_schedule", "scaled_linear"},
                               {"clip_sample", false},
                               {"set_alpha_to_one", false},
                               {"steps_offset", 1},
                               {"prediction_type", "epsilon"}};
  return diffusion::scheduler_config_from_json(json, "built-in base");
}

void train_denoiser(const Pack& pack,
                    const diffusion::Vae& vae,
                    const Recipe& recipe,
                    const tensors::Compute& compute,
                    const std::function<void(const Networks&)>& save) {
  diffusion::WeightLoader text_loader(recipe.seed + 2, compute);
  diffusion::WeightLoader unet_loader(recipe.seed + 3, compute);
  Networks networks{diffusion::TextEncoder(text_config(pack), text_loader),
                    diffusion::UNet(unet_config(vae.config()), unet_loader)};
  const auto all = [](const std::string&) { return true; };
  networks.text_encoder.weights().make_trainable(all);
  networks.unet.weights().make_trainable(all);
  std::vector<Tensor> leaves = networks.unet.weights().trainable();
  for (const Tensor& leaf : networks.text_encoder.weights().trainable()) leaves.push_back(leaf);
  std::printf("UNet: %.2f M parameters, text encoder: %.2f M\n",
              static_cast<double>(networks.unet.weights().num_parameters()) / 1e6,
              static_cast<double>(networks.text_encoder.weights().num_parameters()) / 1e6);

  const Latents latents = cached_latents(pack, vae, compute);
  const diffusion::NoiseSchedule noise = diffusion::make_noise_schedule(noise_config(),
                                                                        compute.device);
  const diffusion::Denoiser denoiser{networks.unet, noise, compute};
  tensors::AdamWOptions options;
  options.average_decay = recipe.average_decay;
  tensors::AdamW optimizer(leaves, options);
  torch::Generator generator = tensors::generator_on(compute.device, recipe.seed + 4);
  const core::Rng root(recipe.seed);
  const Schedule schedule(recipe.unet_steps, recipe.unet_seconds, recipe.warm_up);
  const auto save_average = [&] {
    optimizer.swap_averages();
    save(networks);
    optimizer.swap_averages();
  };
  const auto timesteps = torch::TensorOptions(torch::kInt64).device(compute.device);
  Tensor running;
  int step = 0;
  for (; step < recipe.unet_steps && schedule.progress(step) < 1.0; ++step) {
    core::Rng rng = root.fork("denoiser " + std::to_string(step));
    const Step drawn = draw_step(pack, recipe, rng);
    const Tensor rows = drawn.rows.to(compute.device);
    const Tensor mean = latents.mean.index_select(0, rows);
    diffusion::DenoisingBatch batch;
    batch.latents = mean + latents.deviation.index_select(0, rows) *
                               torch::randn(mean.sizes(), generator, mean.options());
    batch.noise = torch::randn(mean.sizes(), generator, mean.options());
    batch.t = torch::randint(0, noise.alphas_cumprod.size(0), {mean.size(0)}, generator, timesteps);
    batch.context = networks.text_encoder.context(drawn.ids);
    const diffusion::Denoising result = diffusion::denoise(denoiser, batch);
    result.loss.backward();
    const Tensor norm = optimizer.step(recipe.unet_rate * schedule.factor(step));
    const Tensor loss = result.loss.detach();
    running = running.defined() ? 0.99 * running + 0.01 * loss : loss;
    if (step % recipe.log_every == 0) {
      std::printf("denoiser step %d, %.0f s: loss %.4f, running %.4f, gradient %.3f\n",
                  step,
                  schedule.elapsed_seconds(),
                  loss.item<double>(),
                  running.item<double>(),
                  norm.item<double>());
      std::fflush(stdout);
    }
    if (step > 0 && step % recipe.save_every == 0) save_average();
  }
  save_average();
  std::printf("denoiser: %d steps, %.0f s, running loss %.4f\n",
              step,
              schedule.elapsed_seconds(),
              running.item<double>());
}

}  // namespace pretrain
