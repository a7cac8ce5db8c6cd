// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdio>

#include <torch/autograd.h>
#include <torch/utils.h>

#include "autoencoder_torch.h"
#include "core/error.h"
#include "tensors/optimizer_torch.h"

namespace pretrain {

using namespace patina;
using torch::Tensor;

namespace {

Tensor mean_edges(const Tensor& error) {
  return (error.narrow(2, 1, error.size(2) - 1) - error.narrow(2, 0, error.size(2) - 1))
             .abs()
             .mean() +
         (error.narrow(3, 1, error.size(3) - 1) - error.narrow(3, 0, error.size(3) - 1))
             .abs()
             .mean();
}

Tensor flipped_at_random(const Tensor& images, core::Rng& rng) {
  std::vector<std::uint8_t> flips;
  for (std::int64_t i = 0; i < images.size(0); ++i) flips.push_back(rng.bernoulli(0.5) ? 1 : 0);
  const Tensor mask =
      torch::tensor(flips, torch::kUInt8).to(images.device()).to(torch::kBool).view({-1, 1, 1, 1});
  return torch::where(mask, images.flip(3), images);
}

struct Terms {
  Tensor colours, edges, kl, total;
};

Terms loss_terms(const diffusion::Vae& vae,
                 const Tensor& images,
                 const Recipe& recipe,
                 const tensors::Compute& compute,
                 torch::Generator& generator) {
  const diffusion::Posterior posterior = vae.encode(compute.place(images));
  const Tensor mean = posterior.mean.to(torch::kFloat32);
  const Tensor logvar = posterior.logvar.to(torch::kFloat32);
  const Tensor z = mean +
                   torch::exp(0.5 * logvar) * torch::randn(mean.sizes(), generator, mean.options());
  const Tensor error = vae.decode(compute.place(z)).to(torch::kFloat32) - images;
  Terms terms;
  terms.colours = error.abs().mean();
  terms.edges = mean_edges(error);
  terms.kl = 0.5 * (mean.square() + logvar.exp() - 1.0 - logvar).mean();
  terms.total = terms.colours + recipe.edge_weight * terms.edges + recipe.kl_weight * terms.kl;
  return terms;
}

/// PSNR of held-out images through mean latents, dB, averaged over images.
double held_out_psnr(const diffusion::Vae& vae, const Pack& pack, const tensors::Compute& compute) {
  const torch::NoGradGuard no_grad;
  constexpr std::int64_t kBatch = 32;
  const Tensor rows = torch::tensor(pack.held_out, torch::kInt64);
  double sum = 0.0;
  std::int64_t count = 0;
  for (std::int64_t at = 0; at < std::min<std::int64_t>(rows.size(0), 256); at += kBatch) {
    const Tensor images = signed_images(pack, rows.slice(0, at, at + kBatch));
    const Tensor decoded = vae.decode(vae.encode(compute.place(images)).mean).to(torch::kFloat32);
    const Tensor mse = ((decoded.clamp(-1, 1) - images) / 2.0).square().mean({1, 2, 3});
    sum += (-10.0 * mse.log10()).sum().item<double>();
    count += images.size(0);
  }
  return sum / static_cast<double>(count);
}

double deviation_of_latents(const diffusion::Vae& vae,
                            const Pack& pack,
                            const tensors::Compute& compute,
                            core::Rng rng) {
  const torch::NoGradGuard no_grad;
  constexpr int kImages = 512;
  std::vector<Tensor> latents;
  for (int done = 0; done < kImages; done += 64) {
    const Tensor rows = torch::tensor(draw(pack.train, 64, rng), torch::kInt64);
    latents.push_back(
        vae.encode(compute.place(signed_images(pack, rows))).mean.to(torch::kFloat32));
  }
  return torch::cat(latents).std().item<double>();
}

}  // namespace

diffusion::VaeConfig autoencoder_config() {
  diffusion::VaeConfig config;
  config.block_out_channels = {32, 64, 128, 128};
  config.layers_per_block = 1;
  config.latent_channels = 8;
  config.norm_num_groups = 16;
  config.sample_size = 128;
  return config;
}

diffusion::Vae train_autoencoder(const Pack& pack,
                                 const Recipe& recipe,
                                 const tensors::Compute& compute) {
  diffusion::WeightLoader loader(recipe.seed, compute);
  diffusion::Vae vae(autoencoder_config(), loader);
  vae.weights().make_trainable([](const std::string&) { return true; });
  std::printf("autoencoder: %.2f M parameters\n",
              static_cast<double>(vae.weights().num_parameters()) / 1e6);
  tensors::AdamWOptions options;
  options.average_decay = std::min(recipe.average_decay, 0.999);
  options.beta2 = 0.99;
  tensors::AdamW optimizer(vae.weights().trainable(), options);
  torch::Generator generator = tensors::generator_on(compute.device, recipe.seed + 1);
  const core::Rng root(recipe.seed);
  const Schedule schedule(recipe.vae_steps, recipe.vae_seconds, recipe.warm_up);
  int step = 0;
  for (; step < recipe.vae_steps && schedule.progress(step) < 1.0; ++step) {
    core::Rng rng = root.fork("autoencoder " + std::to_string(step));
    const Tensor rows = torch::tensor(draw(pack.train, recipe.vae_batch, rng), torch::kInt64);
    const Tensor images = flipped_at_random(signed_images(pack, rows), rng);
    const Terms terms = loss_terms(vae, images, recipe, compute, generator);
    terms.total.backward();
    const Tensor norm = optimizer.step(recipe.vae_rate * schedule.factor(step));
    if (step % recipe.log_every == 0) {
      std::printf("autoencoder step %d, %.0f s: colours %.4f, edges %.4f, kl %.2f, gradient %.3f\n",
                  step,
                  schedule.elapsed_seconds(),
                  terms.colours.item<double>(),
                  terms.edges.item<double>(),
                  terms.kl.item<double>(),
                  norm.item<double>());
      std::fflush(stdout);
    }
  }
  optimizer.swap_averages();
  const double psnr = held_out_psnr(vae, pack, compute);
  const double deviation = deviation_of_latents(vae, pack, compute, root.fork("deviation"));
  std::printf("autoencoder: %d steps, %.0f s, held-out PSNR %.2f dB, latents' deviation %.3f\n",
              step,
              schedule.elapsed_seconds(),
              psnr,
              deviation);
  std::fflush(stdout);
  for (const auto& [name, weight] : vae.weights().by_name()) weight->value.requires_grad_(false);
  vae.set_scaling_factor(1.0 / deviation);
  return vae;
}

}  // namespace pretrain
