// SPDX-License-Identifier: Apache-2.0
#include "diffusion/generate/generate.h"

#include <algorithm>

#include <ATen/CPUGeneratorImpl.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "core/error.h"
#include "diffusion/adapters/lora_torch.h"
#include "diffusion/adapters/textual_inversion_torch.h"
#include "diffusion/folder/text_to_image_torch.h"
#include "diffusion/generate/sampling_torch.h"
#include "tensors/compute_torch.h"
#include "tensors/images_torch.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using torch::Tensor;

namespace {

constexpr int kMostPixels = 4096;  // along a side
constexpr int kMostImages = 64;

void refuse(const std::string& flag, const std::string& what, const std::string& todo) {
  throw Error(ErrorKind::kUsage, flag, what, todo);
}

void check_side(const std::string& flag, int side_px, int grid_px) {
  if (side_px < grid_px || side_px > kMostPixels || side_px % grid_px != 0) {
    refuse(
        flag + " " + std::to_string(side_px),
        "not a multiple of " + std::to_string(grid_px) + " from " + std::to_string(grid_px) +
            " to " + std::to_string(kMostPixels),
        "use " + std::to_string(std::clamp(side_px / grid_px, 1, kMostPixels / grid_px) * grid_px));
  }
}

// Standard normal numbers; one stream an image, so that image i does not depend on the batch.
class SeededNoise {
 public:
  SeededNoise(std::uint64_t seed, int count) {
    for (int i = 0; i < count; ++i) {
      streams_.push_back(
          torch::make_generator<at::CPUGeneratorImpl>(seed + static_cast<std::uint64_t>(i)));
    }
  }
  Tensor draw(const std::vector<std::int64_t>& shape) {  // of one image, without the batch axis
    std::vector<Tensor> rows;
    for (torch::Generator& stream : streams_) {
      rows.push_back(torch::randn(shape, c10::make_optional(stream)));
    }
    return torch::stack(rows);
  }

 private:
  std::vector<torch::Generator> streams_;
};

}  // namespace

struct Generator::Impl {
  TextToImage model;

  GenerateOptions effective(GenerateOptions options, int grid_px, int native_px) const;
  Tensor context(const std::string& prompt, const GenerateOptions& options) const;
  void warn_of_dropped(const std::string& prompt, std::vector<std::string>& warnings) const;
};

Generator::Generator(const GeneratorOptions& options) {
  tensors::use_threads(options.compute.num_threads);
  const torch::NoGradGuard no_grad;
  impl_ = std::make_unique<Impl>(
      Impl{load_text_to_image(options.base, tensors::choose_compute(options.compute))});
  for (const std::filesystem::path& file : options.loras) {
    const LoRA lora = read_lora(
        file, impl_->model.unet.weights(), impl_->model.text_encoder.weights());
    merge_lora(
        lora, options.lora_scale, impl_->model.unet.weights(), impl_->model.text_encoder.weights());
  }
  for (const std::filesystem::path& file : options.embeddings) {
    add_embeddings(read_embeddings(file, file.stem().string()),
                   impl_->model.tokenizer,
                   impl_->model.text_encoder);
  }
}

Generator::~Generator() = default;
Generator::Generator(Generator&&) noexcept = default;
Generator& Generator::operator=(Generator&&) noexcept = default;

int Generator::grid_px() const {
  // The UNet halves the latents between levels, but takes any size; images go by the autoencoder's.
  constexpr std::int64_t kLeast = 8;
  return static_cast<int>(std::max(kLeast, impl_->model.vae.config().downscale()));
}

int Generator::native_px() const {
  return static_cast<int>(impl_->model.unet.config().sample_size *
                          impl_->model.vae.config().downscale());
}

GenerateOptions Generator::Impl::effective(GenerateOptions options,
                                           int grid_px,
                                           int native_px) const {
  if (options.width_px == 0) options.width_px = native_px;
  if (options.height_px == 0) options.height_px = native_px;
  check_side("--width", options.width_px, grid_px);
  check_side("--height", options.height_px, grid_px);
  if (options.scheduler.empty()) options.scheduler = to_string(model.scheduler.kind);
  const int most_steps = model.scheduler.num_train_timesteps;
  if (options.steps < 1 || options.steps > most_steps) {
    refuse("--steps " + std::to_string(options.steps),
           "not from 1 to " + std::to_string(most_steps),
           "use 20 to 50");
  }
  if (options.batch < 1 || options.batch > kMostImages) {
    refuse("--batch " + std::to_string(options.batch),
           "not from 1 to " + std::to_string(kMostImages),
           "call again with another --seed for more");
  }
  if (!(options.guidance_scale >= 0.0 && options.guidance_scale <= 100.0)) {
    refuse("--guidance", "not from 0 to 100", "use 5 to 10");
  }
  return options;
}

Tensor Generator::Impl::context(const std::string& prompt, const GenerateOptions& options) const {
  const Tensor ids = token_ids(model.tokenizer, {prompt});
  return model.text_encoder.context(ids, options.clip_skip).expand({options.batch, -1, -1});
}

void Generator::Impl::warn_of_dropped(const std::string& prompt,
                                      std::vector<std::string>& warnings) const {
  const PaddedIds ids = model.tokenizer.encode_padded(prompt);
  if (ids.dropped.empty()) return;
  warnings.push_back("the prompt is too long by " + std::to_string(ids.dropped.size()) +
                     " tokens; ignored: " + core::in_quotes(model.tokenizer.decode(ids.dropped)));
}

Generation Generator::generate(const GenerateOptions& options,
                               const core::Observer& observer) const {
  const torch::NoGradGuard no_grad;
  const TextToImage& model = impl_->model;
  Generation result;
  result.effective = impl_->effective(options, grid_px(), native_px());
  const GenerateOptions& set = result.effective;
  impl_->warn_of_dropped(set.prompt, result.warnings);
  impl_->warn_of_dropped(set.negative_prompt, result.warnings);

  const SchedulerConfig config = with_kind(model.scheduler,
                                           scheduler_kind_from_name(set.scheduler));
  const auto scheduler = make_scheduler(config, set.steps, set.eta);
  const std::int64_t grid = model.vae.config().downscale();
  const std::vector<std::int64_t> shape = {
      model.vae.config().latent_channels, set.height_px / grid, set.width_px / grid};
  SeededNoise noise(set.seed, set.batch);

  SamplingInputs inputs;
  inputs.latents = noise.draw(shape) * scheduler->init_noise_sigma();
  inputs.context = impl_->context(set.prompt, set);
  inputs.negative = impl_->context(set.negative_prompt, set);
  inputs.guidance_scale = set.guidance_scale;
  const Tensor latents = sample_latents(
      model,
      *scheduler,
      inputs,
      [&] { return noise.draw(shape); },
      [&](int call, const Tensor&) {
        observer.report({"generating", call + 1, scheduler->num_calls(), {}});
        return true;
      });
  for (std::int64_t i = 0; i < latents.size(0); ++i) {  // one at a time: decoding takes the memory
    result.images.push_back(
        tensors::image_from_signed(decode_latents(model, latents.narrow(0, i, 1))));
  }
  return result;
}

}  // namespace patina::diffusion
