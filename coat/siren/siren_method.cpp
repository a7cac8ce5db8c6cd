// SPDX-License-Identifier: Apache-2.0
#include "coat/siren/siren_method.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>

#include "coat/crops/training_pool_torch.h"
#include "coat/siren/coater_torch.h"
#include "coat/siren/hypersphere_torch.h"
#include "coat/siren/learnability_torch.h"
#include "coat/siren/siren_key_torch.h"
#include "coat/siren/train_torch.h"
#include "core/files.h"
#include "core/rng.h"
#include "diffusion/generate/class_images.h"
#include "extractors/siren/scorer_torch.h"
#include "tensors/blobs_torch.h"
#include "tensors/compute_torch.h"

namespace patina::coat::siren {

namespace {

Pair read_warm_pair(const FidelityOptions& fidelity) {
  Pair pair = read_pair(core::data_file("siren/pair.safetensors"));
  pair.coating.strength = fidelity.strength;
  return pair;
}

TrainOptions choose_training(const KeyRequest& request, const SirenOptions& options) {
  const tensors::Compute compute = tensors::choose_compute(request.compute);
  TrainOptions train;
  train.steps = request.train ? options.steps : 0;
  train.sphere_crops = options.sphere_crops;
  train.psnr_db = least_psnr_db(request.fidelity);
  train.human_vision_weight = options.human_vision_weight;
  train.hypersphere_weight = options.hypersphere_weight;
  train.squared_difference_weight = options.squared_difference_weight;
  train.seed = core::Rng(request.seed).fork("training").seed();
  train.checkpoint = request.checkpoint;
  train.device = compute.device;
  train.dtype = compute.dtype;
  return train;
}

// Images of the class that the base makes, where a set is too small to train on alone.
std::vector<images::Image> generate_supplement(std::size_t set_size,
                                               const SurrogateOptions& surrogate,
                                               const core::Observer& observer) {
  constexpr std::size_t kFewest = 10;
  if (set_size >= kFewest) return {};
  diffusion::ClassImageOptions making;
  making.base = surrogate.base;
  making.prompt = surrogate.prompt;
  making.count = 100;
  making.steps = 15;
  making.batch = 25;
  making.guidance_scale = 3.0;
  making.seed = surrogate.seed;
  making.compute = surrogate.compute;
  return diffusion::generate_class_images(making, observer);
}

keys::CoatKey train_on(const transforms::CropPool& pool,
                       const KeyRequest& request,
                       const SirenOptions& options,
                       const TrainOptions& train) {
  Pair pair = read_warm_pair(request.fidelity);
  const std::string message = message_hex(options.message, request.seed, pair.message_bits);
  const TrainedKey trained = train_key(pair, pool, message, train, request.observer);
  keys::CoatKey key;
  key.radius = trained.radius;
  key.nu = train.nu;
  key.training_steps = train.steps;
  put_pair(key, pair, message);
  key.scoring.tensors["center"] = tensors::blob_from_tensor(trained.center);
  return key;
}

// Training with L_learn, under a surrogate that is fine-tuned on the uncoated set first.
keys::CoatKey train_learnable(const KeyRequest& request, const SirenOptions& options) {
  SurrogateOptions surrogate;
  surrogate.base = options.base.empty() ? core::data_file("base") : options.base;
  surrogate.images = request.files;
  surrogate.prompt = options.class_prompt;
  surrogate.steps = options.surrogate_steps;
  surrogate.seed = core::Rng(request.seed).fork("surrogate").seed();
  surrogate.compute = request.compute;
  const std::filesystem::path folder = request.checkpoint.parent_path() / "surrogate";
  make_surrogate(surrogate, folder, request.observer);
  const Learnability learnability(
      folder, options.class_prompt, core::Rng(request.seed).fork("learnability").seed());
  TrainOptions train = choose_training(request, options);
  train.learnability_weight = options.learnability_weight;
  train.learnability = [&learnability](const torch::Tensor& coated, int step) {
    return learnability(coated, step);
  };
  return train_on(
      training_pool(request, generate_supplement(request.count, surrogate, request.observer)),
      request,
      options,
      train);
}

/// The generator and extractor of a key, in use.
class KeyNetworks {
 public:
  KeyNetworks(const keys::CoatKey& key, const extractors::ScorerOptions& options)
      : pair_(read_pair(key)),
        coater_(pair_, read_message(key), {options.compute, options.max_tile_pixels}),
        features_(key, options),
        center_(tensors::tensor_from_blob(key.scoring.tensors.at("center"))
                    .to(torch::kFloat64)
                    .flatten()) {}

  CoatingPattern pattern(const images::Image& image) { return coater_.pattern(image); }

  Reading read(const images::Image& image) {
    const torch::Tensor feature = features_.features({&image})[0].to(torch::kFloat64);  // [D]
    Reading reading;
    reading.position = (torch::dot(feature, center_) / torch::dot(center_, center_)).item<double>();
    reading.score = coating_score((feature - center_).square().sum()).item<double>();
    return reading;
  }

 private:
  Pair pair_;
  Coater coater_;
  extractors::FeatureExtractor features_;
  torch::Tensor center_;  // [D] float64
};

core::OptionField weight_field(const char* flag, const char* meaning, double& weight) {
  return {flag, "W", meaning, core::RealField{&weight, 0.0, 1000.0, false}};
}

core::OptionField steps_field(const char* flag, const char* meaning, int& steps) {
  return {flag, "N", meaning, core::WholeField{&steps, 0, 100'000}};
}

std::vector<core::OptionField> describe_surrogate(SirenOptions& options) {
  const std::string needs = "--learnability";
  core::OptionField steps = steps_field(
      "--surrogate-steps", "steps of that model's fine-tuning", options.surrogate_steps);
  steps.needs = needs;
  return {{"--base",
           "DIR",
           "folder of the model that is fine-tuned for --learnability",
           core::PathField{&options.base},
           "the built-in base",
           false,
           needs},
          steps,
          {"--class-prompt",
           "TEXT",
           "prompt that says what the images show, for that model",
           core::TextField{&options.class_prompt},
           "",
           false,
           needs}};
}

}  // namespace

std::vector<core::OptionField> describe(SirenOptions& options) {
  std::vector<core::OptionField> fields = {
      {"--message",
       "TEXT",
       "text whose digest is the embedded message",
       core::TextField{&options.message},
       "drawn from the seed",
       true},
      steps_field("--steps", "training steps; more fit the set better", options.steps),
      weight_field("--learnability",
                   "weight of the denoising loss of coated images under a model fine-tuned on the "
                   "uncoated ones; larger is easier to learn, 0 does without",
                   options.learnability_weight),
      weight_field("--human-vision",
                   "weight of the squared colour difference CIEDE2000; larger is less visible",
                   options.human_vision_weight),
      weight_field(
          "--hypersphere",
          "weight of the two losses that part coated from clean features; larger is easier "
          "to read",
          options.hypersphere_weight),
      weight_field("--squared-difference",
                   "weight of the squared difference of pixels; larger is less visible",
                   options.squared_difference_weight)};
  std::vector<core::OptionField> surrogate = describe_surrogate(options);
  std::move(surrogate.begin(), surrogate.end(), std::back_inserter(fields));
  return fields;
}

MethodWords words() {
  return {
      "the coating of a generator trained on the images",
      "Siren coating",
      "A frozen network F, part of the owner's key, turns an image into a feature vector. The "
      "score sqrt(||F(x) − c||² + 1) − 1 grows with the distance of that vector from the centre "
      "c around which coated images lie [Siren, IEEE S&P 2025, Sec. 4.4].",
      "The feature lies in the hypersphere, the ball around c that holds the owner's coated "
      "images [Siren, IEEE S&P 2025, Eq. 5]."};
}

keys::CoatKey make_key(const KeyRequest& request, const SirenOptions& options) {
  tensors::use_threads(request.compute.num_threads);
  if (request.train && options.learnability_weight > 0.0) return train_learnable(request, options);
  return train_on(training_pool(request), request, options, choose_training(request, options));
}

double estimate_training_seconds(const KeyRequest& request, const SirenOptions& options) {
  constexpr int kProbeBatch = 2;
  Pair pair = read_warm_pair(request.fidelity);
  TrainOptions train = choose_training(request, options);
  const int batch = train.batch;
  train.batch = train.sphere_crops = kProbeBatch;
  const transforms::CropPool pool = training_pool(request);
  const auto time_steps = [&](int steps) {
    const auto start = std::chrono::steady_clock::now();
    train.steps = steps;
    train_key(pair, pool, message_hex("", 0, pair.message_bits), train);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  time_steps(1);  // The first call also sets LibTorch up.
  const double sphere_seconds = time_steps(0), step_seconds = time_steps(1);
  const double per_step = std::max(0.0, step_seconds - sphere_seconds);
  return sphere_seconds * options.sphere_crops / kProbeBatch +
         per_step * batch / kProbeBatch * options.steps;
}

Coating make_coating(const keys::CoatKey& key, const extractors::ScorerOptions& options) {
  const auto networks = std::make_shared<KeyNetworks>(key, options);
  Coating coating;
  coating.pattern = [networks](const images::Image& image) { return networks->pattern(image); };
  coating.read = [networks](const images::Image& image) { return networks->read(image); };
  return coating;
}

}  // namespace patina::coat::siren
