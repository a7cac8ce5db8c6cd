// SPDX-License-Identifier: Apache-2.0
#include "evaluate/chain/steps.h"

#include <algorithm>

#include "coat/coat.h"
#include "coat/methods.h"
#include "diffusion/folder/model_folder.h"
#include "diffusion/generate/generate.h"
#include "keys/coat_key.h"

namespace patina::evaluate {

namespace fs = std::filesystem;

namespace {

// The mark is made for latents of 8 pixels, as Stable Diffusion has them: finer ones hold no image
// content of its frequencies.
int latents_for_mark(const diffusion::ModelFolder& model) {
  constexpr std::int64_t kPixels = 8, kFewest = 8, kMost = 256;
  const std::int64_t side_px = model.unet.sample_size * model.vae.downscale();
  return static_cast<int>(
      std::clamp(std::min(model.unet.sample_size, side_px / kPixels), kFewest, kMost));
}

std::string last_word(const std::string& text) {
  const std::size_t end = text.find_last_not_of(' ') + 1;
  const std::size_t space = text.find_last_of(' ', end - 1);
  const std::size_t begin = space == std::string::npos ? 0 : space + 1;
  return text.substr(begin, end - begin);
}

CoatingQuality coat_set(const ChainOptions& chain,
                        int num_threads,
                        const CoatingTask& task,
                        const core::Observer& observer) {
  coat::CoatOptions options;
  options.method.name = task.coating;
  options.method.siren.base = chain.base;
  options.method.siren.steps = effective_coat_steps(chain);
  options.method.siren.learnability_weight = chain.learnability_weight;
  options.method.siren.class_prompt = chain.class_prompt;
  options.method.frame.latents = latents_for_mark(diffusion::open_model_folder(chain.base));
  options.inputs = {task.set};
  options.output = task.output;
  options.key_path = task.key;
  options.seed = task.seed;
  options.files.format = images::ImageFormat::kPNG;
  options.files.max_size_ratio = 100.0;  // File size is not what is measured here.
  options.compute.num_threads = num_threads;
  const extractors::Quality quality = coat::coat_images(options, observer).mean_quality;
  return {quality.psnr_db, quality.ssim, quality.delta_e_mean};
}

Trained personalize_base(const ChainOptions& chain,
                         const tensors::ComputeOptions& compute,
                         const TrainingTask& task,
                         const core::Observer& observer) {
  diffusion::PersonalizeOptions options;
  options.base = chain.base;
  options.images = task.images;
  options.output = task.output;
  options.method = task.method;
  options.steps = chain.steps;
  options.lora.targets = chain.lora_targets;
  options.prompt = task.prompt;
  options.prior.class_prompt = chain.class_prompt;
  options.initializer = last_word(chain.class_prompt);
  options.seed = task.seed;
  options.samples.count = 16;
  options.compute = compute;
  const diffusion::PersonalizeResult result = diffusion::personalize(options, observer);
  return {result.first_loss, result.last_loss, task.output / "samples.png"};
}

GenerateBatch open_generator(const diffusion::GeneratorOptions& model,
                             const std::string& prompt,
                             double guidance_scale) {
  const auto generator = std::make_shared<const diffusion::Generator>(model);
  diffusion::GenerateOptions request;
  request.prompt = prompt;
  request.steps = 20;
  request.scheduler = "dpm++2m";
  request.guidance_scale = guidance_scale;
  return [generator, request](std::uint64_t seed, int count, const core::Observer& observer) {
    diffusion::GenerateOptions batch = request;
    batch.seed = seed;
    batch.batch = count;
    return generator->generate(batch, observer).images;
  };
}

GenerateBatch open_personalized(const fs::path& folder,
                                const tensors::ComputeOptions& compute,
                                double guidance_scale) {
  const diffusion::PersonalizedModel model = diffusion::open_personalized(folder);
  diffusion::GeneratorOptions options;
  options.base = model.base;
  options.loras = model.loras;
  options.embeddings = model.embeddings;
  options.compute = compute;
  return open_generator(options, model.prompt, guidance_scale);
}

}  // namespace

int effective_coat_steps(const ChainOptions& options) {
  return options.coat_steps ? *options.coat_steps : coat::siren::SirenOptions{}.steps;
}

ChainSteps make_chain_steps(const ChainOptions& options, const tensors::ComputeOptions& compute) {
  ChainSteps steps;
  steps.coat = [options, compute](const CoatingTask& task, const core::Observer& observer) {
    return coat_set(options, compute.num_threads, task, observer);
  };
  steps.personalize = [options, compute](const TrainingTask& task, const core::Observer& observer) {
    return personalize_base(options, compute, task, observer);
  };
  steps.open_model = [options, compute](const fs::path& folder) {
    return open_personalized(folder, compute, options.guidance_scale);
  };
  steps.open_base = [options, compute](const std::string& prompt) {
    diffusion::GeneratorOptions base;
    base.base = options.base;
    base.compute = compute;
    return open_generator(base, prompt, options.guidance_scale);
  };
  steps.open_scorer = [](const fs::path& key) { return coat::make_scorer(coat::open_key(key)); };
  return steps;
}

}  // namespace patina::evaluate
