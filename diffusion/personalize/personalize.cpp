// SPDX-License-Identifier: Apache-2.0
#include "diffusion/personalize/personalize.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include <nlohmann/json.hpp>
#include <torch/utils.h>

#include "core/hash.h"
#include "core/run_folder.h"
#include "diffusion/generate/class_images.h"
#include "diffusion/personalize/internal/captions.h"
#include "diffusion/personalize/internal/contact_sheet.h"
#include "diffusion/personalize/internal/image_set_torch.h"
#include "diffusion/personalize/internal/run_record.h"
#include "diffusion/personalize/training_torch.h"
#include "tensors/compute_torch.h"
#include "tensors/images_torch.h"
#include "tensors/optimizer_torch.h"

namespace patina::diffusion {

namespace fs = std::filesystem;
using torch::Tensor;

namespace {

Personalization prepare(TextToImage& model, const PersonalizeOptions& options) {
  switch (options.method) {
    case PersonalizeMethod::kFull:
      return prepare_full(model, options);
    case PersonalizeMethod::kLoRA:
      return prepare_lora(model, options);
    case PersonalizeMethod::kDreamBooth:
      return prepare_dreambooth(model, options);
    case PersonalizeMethod::kTextualInversion:
      return prepare_textual_inversion(model, options);
    case PersonalizeMethod::kSVDiff:
      return prepare_svdiff(model, options);
    case PersonalizeMethod::kCustomDiffusion:
      break;
  }
  return prepare_custom_diffusion(model, options);
}

LatentSet make_class_set(const TextToImage& model,
                         const PersonalizeOptions& options,
                         const core::Observer& observer) {
  ClassImageOptions making;
  making.base = options.base;
  making.prompt = options.prior.class_prompt;
  making.count = options.prior.class_images;
  making.guidance_scale = options.prior.guidance_scale;
  making.seed = core::Rng(options.seed).fork("class images").seed();
  making.compute = options.compute;
  std::vector<Tensor> images;
  for (const images::Image& image : generate_class_images(making, observer)) {
    images.push_back(tensors::signed_from_image(image));
  }
  const std::vector<std::string> captions(images.size(), making.prompt);
  return encode_set(model, torch::cat(images), captions);
}

core::Digest digest_tensor(const Tensor& tensor) {
  const Tensor whole = tensor.contiguous();
  core::Sha256 digest;
  digest.update(whole.data_ptr(), static_cast<std::size_t>(whole.nbytes()));
  return digest.finish();
}

core::Digest digest_captions(const std::vector<std::string>& captions) {
  core::Sha256 digest;
  for (const std::string& caption : captions) digest.update(caption + "\n");
  return digest.finish();
}

/// All that the trained weights depend on; of the options, those that the method reads.
core::RunIdentity identify(PersonalizeOptions options,
                           const std::string& base_sha256,
                           const ImageSet& set) {
  core::RunIdentity run;
  run.add("--base", options.base.string()).add("weights of the base", "sha256:" + base_sha256);
  run.add_digest("images", digest_tensor(set.images));
  run.add_digest("captions", digest_captions(set.captions));
  run.add("--method", to_string(options.method));
  run.add("mirroring", options.flip).add("--seed", options.seed);
  run.add("--precision", tensors::to_string(options.compute.precision));
  for (const core::OptionField& field : describe_read(options)) {
    run.add(field.flag, core::value_text(field));
  }
  return run;
}

double mean_of(const std::vector<double>& losses, std::size_t begin, std::size_t end) {
  return std::accumulate(losses.begin() + static_cast<std::ptrdiff_t>(begin),
                         losses.begin() + static_cast<std::ptrdiff_t>(end),
                         0.0) /
         static_cast<double>(end - begin);
}

PersonalizeResult summarise(const TrainingLog& log, const ImageSet& set) {
  PersonalizeResult result;
  result.steps = static_cast<int>(log.losses.size());
  result.images = static_cast<int>(set.captions.size());
  result.captions = set.captions;
  result.seconds = log.seconds;
  result.resumed = log.resumed;
  result.warnings = set.warnings;
  if (log.losses.empty()) return result;
  const std::size_t tenth = std::max<std::size_t>(1, log.losses.size() / 10);
  result.first_loss = mean_of(log.losses, 0, tenth);
  result.last_loss = mean_of(log.losses, log.losses.size() - tenth, log.losses.size());
  return result;
}

/// Trains, and writes all but the record.
PersonalizeResult train(TextToImage& model,
                        const PersonalizeOptions& options,
                        const ImageSet& set,
                        const fs::path& checkpoint,
                        const core::Observer& observer) {
  const Personalization prepared = prepare(model, options);
  LatentSet prior;
  if (prepared.with_prior) prior = make_class_set(model, options, observer);
  const StepLosses losses(model,
                          encode_set(model, set.images, set.captions),
                          std::move(prior),
                          options,
                          prepared.trains_context);
  tensors::AdamW optimizer(prepared.leaves);
  const TrainingLog log = train_steps(losses, optimizer, options, checkpoint, observer);
  optimizer.release_masters();
  PersonalizeResult result = summarise(log, set);
  result.files = prepared.write(options.output);
  result.files.push_back(write_losses(options.output, log.losses));
  return result;
}

}  // namespace

PersonalizeResult personalize(const PersonalizeOptions& given, const core::Observer& observer) {
  validate(given);
  const PersonalizeOptions options = with_defaults(given);
  tensors::use_threads(options.compute.num_threads);
  TextToImage model = load_text_to_image(options.base, tensors::choose_compute(options.compute));
  const auto side = static_cast<int>(model.unet.config().sample_size *
                                     model.vae.config().downscale());
  const ImageSet set = read_image_set(options, side);
  const std::string base_sha256 = digest_base(options.base);
  core::RunPlace place;
  place.folder = options.output;
  place.record = kRecordFile;
  core::RunFolder run(place, identify(options, base_sha256, set));
  if (run.state() == core::RunState::kFinished) {
    run.remove_state();
    return result_from_record(run.record());
  }
  run.begin();
  PersonalizeResult result = train(
      model, options, set, run.state_file("checkpoint.safetensors"), observer);
  if (options.samples.count > 0) {
    const std::string prompt = fill_caption(options.prompt, options);
    const PersonalizedModel made = find_model(options.output, options.base, prompt);
    result.files.push_back(write_contact_sheet(made, options, observer));
  }
  run.finish(describe_run(options, {base_sha256, set.names}, result));
  return result;
}

}  // namespace patina::diffusion
