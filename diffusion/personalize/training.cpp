// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include <torch/autograd.h>
#include <torch/utils.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/files.h"
#include "diffusion/personalize/training_torch.h"
#include "tensors/blobs_torch.h"
#include "tensors/compute_torch.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using torch::Tensor;

namespace {

constexpr int kWarmUpSteps = 20;

struct Draw {
  Tensor latents;
  std::vector<std::string> captions;
};

Draw draw(const LatentSet& set, int count, bool flip, core::Rng& rng, torch::Generator& generator) {
  Draw drawn;
  std::vector<std::int64_t> rows;
  for (int i = 0; i < count; ++i) {
    const auto n = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(set.size())));
    const bool mirrored = flip && rng.bernoulli(0.5);
    rows.push_back(mirrored ? n + set.size() : n);
    drawn.captions.push_back(set.captions[static_cast<std::size_t>(n)]);
  }
  const Tensor index = torch::tensor(rows, torch::kInt64).to(set.mean.device());
  const Tensor mean = set.mean.index_select(0, index);
  drawn.latents = mean + set.deviation.index_select(0, index) *
                             torch::randn(mean.sizes(), generator, mean.options());
  return drawn;
}

[[noreturn]] void diverged(int step, const std::string& term) {
  throw Error(ErrorKind::kInput,
              "step " + std::to_string(step + 1),
              "the " + term + " is not finite",
              "lower --learning-rate; the last checkpoint was kept");
}

void check_finite(const StepLoss& loss, int step) {
  if (std::isfinite(loss.total.item<double>())) return;
  diverged(
      step,
      std::isfinite(loss.instance.item<double>()) ? "loss on class images" : "loss on the images");
}

void write_checkpoint(const std::filesystem::path& path,
                      const tensors::AdamW& optimizer,
                      const std::vector<double>& losses) {
  std::map<std::string, core::TensorBlob> blobs = optimizer.state();
  blobs["losses"] = tensors::blob_from_tensor(torch::tensor(losses, torch::kFloat64));
  core::write_safetensors(path, blobs, {});
}

std::vector<double> read_checkpoint(const std::filesystem::path& path, tensors::AdamW& optimizer) {
  const auto file = core::SafetensorsFile::open(path);
  optimizer.restore(file);
  const core::TensorView& view = file.at("losses");
  std::vector<double> losses(view.size_bytes / sizeof(double));
  if (!losses.empty()) std::memcpy(losses.data(), view.data, view.size_bytes);
  return losses;
}

}  // namespace

LatentSet encode_set(const TextToImage& model,
                     const Tensor& images,
                     std::vector<std::string> captions) {
  const torch::NoGradGuard no_grad;
  constexpr std::int64_t kBatch = 8;
  const double factor = model.vae.config().scaling_factor;
  std::vector<Tensor> means, deviations;
  for (const bool mirrored : {false, true}) {
    for (std::int64_t at = 0; at < images.size(0); at += kBatch) {
      const Tensor part = images.slice(0, at, at + kBatch);
      const Posterior posterior = model.vae.encode(
          model.compute.place(mirrored ? part.flip(3) : part));
      means.push_back(posterior.mean.to(torch::kFloat32) * factor);
      deviations.push_back((0.5 * posterior.logvar.to(torch::kFloat32)).exp() * factor);
    }
  }
  return {torch::cat(means), torch::cat(deviations), std::move(captions)};
}

StepLosses::StepLosses(const TextToImage& model,
                       LatentSet instance,
                       LatentSet prior,
                       const PersonalizeOptions& options,
                       bool trains_context)
    : model_(model),
      instance_(std::move(instance)),
      prior_(std::move(prior)),
      options_(options),
      trains_context_(trains_context) {
  if (trains_context_) return;
  const torch::NoGradGuard no_grad;
  for (const LatentSet* set : {&instance_, &prior_}) {
    for (const std::string& caption : set->captions) {
      if (contexts_.count(caption) > 0) continue;
      contexts_[caption] = model_.text_encoder.context(token_ids(model_.tokenizer, {caption}));
    }
  }
}

Tensor StepLosses::encode_captions(const std::vector<std::string>& captions) const {
  if (trains_context_) return model_.text_encoder.context(token_ids(model_.tokenizer, captions));
  std::vector<Tensor> contexts;
  for (const std::string& caption : captions) contexts.push_back(contexts_.at(caption));
  return torch::cat(contexts);
}

StepLoss StepLosses::at(int step) const {
  core::Rng rng = core::Rng(options_.seed).fork("step " + std::to_string(step));
  const torch::Device device = model_.compute.device;
  torch::Generator generator = tensors::generator_on(device, rng.next_u64());
  Draw drawn = draw(instance_, options_.batch, options_.flip, rng, generator);
  if (prior_.size() > 0) {
    const Draw of_class = draw(prior_, options_.batch, options_.flip, rng, generator);
    drawn.latents = torch::cat({drawn.latents, of_class.latents});
    drawn.captions.insert(drawn.captions.end(), of_class.captions.begin(), of_class.captions.end());
  }
  DenoisingBatch batch;
  batch.latents = drawn.latents;
  batch.noise = torch::randn(batch.latents.sizes(), generator, batch.latents.options());
  batch.t = torch::randint(0,
                           model_.noise.alphas_cumprod.size(0),
                           {batch.latents.size(0)},
                           generator,
                           torch::TensorOptions(torch::kInt64).device(device));
  batch.context = encode_captions(drawn.captions);
  const Denoising denoising = denoise(model_, batch);
  if (prior_.size() == 0) return {denoising.loss, denoising.loss, {}};
  const PriorPreservation parts = with_prior_preservation(
      denoising, options_.batch, options_.prior.weight);
  return {parts.loss, parts.instance, parts.prior};
}

TrainingLog train_steps(const StepLosses& losses,
                        tensors::AdamW& optimizer,
                        const PersonalizeOptions& options,
                        const std::filesystem::path& checkpoint,
                        const core::Observer& observer) {
  TrainingLog log;
  if (std::filesystem::exists(checkpoint)) {
    log.losses = read_checkpoint(checkpoint, optimizer);
    log.resumed = true;
  }
  const int steps = *options.steps;
  const auto start = std::chrono::steady_clock::now();
  for (int step = static_cast<int>(log.losses.size()); step < steps; ++step) {
    const StepLoss loss = losses.at(step);
    check_finite(loss, step);
    loss.total.backward();
    const double warm = std::min(1.0, (step + 1.0) / kWarmUpSteps);
    const Tensor norm = optimizer.step(*options.learning_rate * warm);
    if (!std::isfinite(norm.item<double>())) diverged(step, "gradient");
    log.losses.push_back(loss.total.item<double>());
    if ((step + 1) % options.checkpoint_every == 0 && step + 1 < steps) {
      write_checkpoint(checkpoint, optimizer, log.losses);
    }
    try {
      observer.report(
          {"personalising", step + 1, steps, "loss " + std::to_string(log.losses.back())});
    } catch (const Error&) {
      write_checkpoint(checkpoint, optimizer, log.losses);
      throw;
    }
  }
  log.seconds = core::seconds_since(start);
  return log;
}

}  // namespace patina::diffusion
