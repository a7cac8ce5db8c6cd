// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "diffusion/generate/denoising_torch.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using torch::Tensor;

namespace {

Tensor mean_square(const Tensor& prediction, const Tensor& target) {
  return (prediction - target).square().mean();
}

}  // namespace

Denoising denoise(const TextToImage& model, const DenoisingBatch& batch, const Pass& pass) {
  return denoise({model.unet, model.noise, model.compute}, batch, pass);
}

Denoising denoise(const Denoiser& denoiser, const DenoisingBatch& batch, const Pass& pass) {
  const Tensor z = batch.latents.to(torch::kFloat32);
  const Tensor noise = batch.noise.to(z.options());
  const Tensor t = batch.t.to(z.device());
  Denoising result;
  result.noised = add_noise(denoiser.noise, z, noise, t);
  result.target = training_target(denoiser.noise, z, noise, t);
  result.prediction = denoiser.unet
                          .forward(denoiser.compute.place(result.noised),
                                   t,
                                   batch.context.to(z.device(), denoiser.compute.dtype),
                                   pass)
                          .to(torch::kFloat32);
  result.loss = mean_square(result.prediction, result.target);
  return result;
}

PriorPreservation with_prior_preservation(const Denoising& denoising,
                                          std::int64_t num_instance,
                                          double lambda) {
  const std::int64_t total = denoising.prediction.size(0);
  if (num_instance <= 0 || num_instance >= total) {
    throw Error(
        ErrorKind::kInput,
        "prior preservation",
        std::to_string(num_instance) + " instance images in a batch of " + std::to_string(total),
        "give instance images first, then at least one class image");
  }
  const auto part = [&](std::int64_t first, std::int64_t count) {
    return mean_square(denoising.prediction.narrow(0, first, count),
                       denoising.target.narrow(0, first, count));
  };
  PriorPreservation result;
  result.instance = part(0, num_instance);
  result.prior = part(num_instance, total - num_instance);
  result.loss = result.instance + lambda * result.prior;
  return result;
}

}  // namespace patina::diffusion
