// SPDX-License-Identifier: Apache-2.0
#include <torch/utils.h>

#include "coat/siren/learnability_torch.h"
#include "core/rng.h"
#include "diffusion/generate/denoising_torch.h"
#include "diffusion/personalize/personalize.h"
#include "tensors/compute_torch.h"

namespace patina::coat::siren {

using torch::Tensor;

void make_surrogate(const SurrogateOptions& options,
                    const std::filesystem::path& folder,
                    const core::Observer& observer) {
  diffusion::PersonalizeOptions training;
  training.base = options.base;
  training.images = options.images;
  training.output = folder;
  training.prompt = options.prompt;
  training.steps = options.steps;
  training.seed = options.seed;
  training.samples.count = 0;
  training.compute = options.compute;
  diffusion::personalize(training, observer);
}

struct Learnability::Impl {
  diffusion::TextToImage model;
  Tensor context;  // [1,S,D]
  core::Rng rng;
};

Learnability::Learnability(const std::filesystem::path& surrogate,
                           const std::string& prompt,
                           std::uint64_t seed,
                           const tensors::ComputeOptions& compute)
    : impl_(new Impl{diffusion::load_text_to_image(surrogate, tensors::choose_compute(compute)),
                     {},
                     core::Rng(seed)}) {
  const torch::NoGradGuard no_grad;
  impl_->context = impl_->model.text_encoder.context(
      diffusion::token_ids(impl_->model.tokenizer, {prompt}));
}

Learnability::~Learnability() = default;
Learnability::Learnability(Learnability&&) noexcept = default;
Learnability& Learnability::operator=(Learnability&&) noexcept = default;

Tensor Learnability::operator()(const Tensor& coated, int step) const {
  const diffusion::TextToImage& model = impl_->model;
  core::Rng rng = impl_->rng.fork("learnability " + std::to_string(step));
  torch::Generator generator = tensors::generator_on(model.compute.device, rng.next_u64());
  diffusion::DenoisingBatch batch;
  batch.latents =
      diffusion::encode_latents(model, coated.to(torch::kFloat32) * 2.0 - 1.0).to(torch::kFloat32);
  batch.noise = torch::randn(batch.latents.sizes(), generator, batch.latents.options());
  batch.t = torch::randint(0,
                           model.noise.alphas_cumprod.size(0),
                           {batch.latents.size(0)},
                           generator,
                           torch::TensorOptions(torch::kInt64).device(model.compute.device));
  batch.context = impl_->context.expand({batch.latents.size(0), -1, -1});
  return diffusion::denoise(model, batch).loss;
}

}  // namespace patina::coat::siren
