// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <sstream>

#include <torch/optim/adamw.h>
#include <torch/serialize.h>
#include <torch/utils.h>

#include "coat/siren/train_torch.h"
#include "core/error.h"
#include "core/files.h"
#include "core/safetensors.h"
#include "extractors/quality/ciede2000_torch.h"
#include "keys/coat_key.h"
#include "tensors/blobs_torch.h"
#include "tensors/modules_torch.h"
#include "transforms/crop_pool_torch.h"
#include "transforms/quantise_torch.h"

namespace patina::coat::siren {

using core::Error;
using core::ErrorKind;

namespace {

/// What goes from step to step.
struct State {
  int step = 0;
  torch::Tensor center;     // [D]
  torch::Tensor distances;  // The latest coated distances, for the line search.
  double scale = 1.0;       // Features are divided by this in the loss.
};

// The losses of Eq. 5 and 6 are not free of scale: on raw features of a warm start the first
// outweighs the second a hundredfold and both samples collapse onto the centre. So features enter
// in units in which clean images start this far from it, where both losses have a slope.
constexpr double kStartDistance = 3.0;

constexpr std::int64_t kDistanceMemory = 256;

// The sphere is that of images rather than of training crops, whose features scatter more.
constexpr int kSphereCropPx = 128;

ComputePolicy policy_for(const TrainOptions& options, core::Rng& rng) {
  return {options.dtype,
          {extractors::NormMode::kRunning, false},
          static_cast<std::int64_t>(rng.below(256)),
          static_cast<std::int64_t>(rng.below(256))};
}

transforms::CropPool::Options crops_for(const TrainOptions& options) {
  transforms::CropPool::Options crops;
  crops.size_px = options.crop_px;
  return crops;
}

void remember(State& state, const torch::Tensor& features, double memory) {
  const torch::Tensor detached = features.detach();
  const torch::Tensor mean = detached.mean(0);
  state.center = state.center.defined() ? memory * state.center + (1.0 - memory) * mean : mean;
  const torch::Tensor now = squared_distance(detached, state.center).sqrt();
  state.distances = state.distances.defined() ? torch::cat({now, state.distances}) : now;
  state.distances = state.distances.slice(0, 0, kDistanceMemory);
}

std::string optimizer_text(torch::optim::Optimizer& optimizer) {
  std::ostringstream stream;
  torch::save(optimizer, stream);
  return stream.str();
}

void save_checkpoint(const TrainOptions& options,
                     Pair& pair,
                     const State& state,
                     torch::optim::Optimizer& optimizer) {
  if (options.checkpoint.empty()) return;
  std::map<std::string, core::TensorBlob> tensors;
  tensors::export_module(*pair.generator, "generator/", tensors);
  tensors::export_module(*pair.extractor, "extractor/", tensors);
  tensors["center"] = tensors::blob_from_tensor(state.center);
  tensors["distances"] = tensors::blob_from_tensor(state.distances);
  tensors["scale"] = tensors::blob_from_tensor(torch::tensor({state.scale}, torch::kFloat64));
  const std::string text = optimizer_text(optimizer);
  tensors["optimizer"] = {
      core::DType::kU8, {static_cast<std::int64_t>(text.size())}, {text.begin(), text.end()}};
  core::write_safetensors(
      options.checkpoint,
      tensors,
      {{"step", std::to_string(state.step)}, {"seed", std::to_string(options.seed)}},
      core::FileAccess::kSecret);
}

bool load_checkpoint(const TrainOptions& options,
                     Pair& pair,
                     State& state,
                     torch::optim::Optimizer& optimizer) {
  if (options.checkpoint.empty() || !std::filesystem::exists(options.checkpoint)) return false;
  const core::SafetensorsFile file = core::SafetensorsFile::open(options.checkpoint);
  if (file.metadata().at("seed") != std::to_string(options.seed)) return false;
  const auto tensors = core::owned_tensors(file);
  tensors::import_module(*pair.generator, "generator/", tensors, file.where());
  tensors::import_module(*pair.extractor, "extractor/", tensors, file.where());
  state.center = tensors::tensor_from_blob(tensors.at("center")).to(options.device);
  state.distances = tensors::tensor_from_blob(tensors.at("distances")).to(options.device);
  state.scale = tensors::tensor_from_blob(tensors.at("scale")).item<double>();
  state.step = std::stoi(file.metadata().at("step"));
  const core::TensorBlob& blob = tensors.at("optimizer");
  std::istringstream stream(std::string(blob.bytes.begin(), blob.bytes.end()));
  torch::load(optimizer, stream);
  return true;
}

LossTerms train_step(Pair& pair,
                     const transforms::CropPool& pool,
                     const torch::Tensor& message,
                     const TrainOptions& options,
                     State& state) {
  core::Rng rng = core::Rng(options.seed).fork("step " + std::to_string(state.step));
  const ComputePolicy policy = policy_for(options, rng);
  LossInputs inputs;
  inputs.clean = pool.draw(options.batch, crops_for(options), rng).to(options.device);
  inputs.coated = at_fidelity(
      inputs.clean, coat_batch(pair, inputs.clean, message, policy), options.psnr_db);
  transforms::EotOptions eot;
  eot.ramp = std::min(1.0,
                      static_cast<double>(state.step + 1) / std::max(1, options.eot_ramp_steps));
  const torch::Tensor released = transforms::quantise_straight_through(inputs.coated);
  const torch::Tensor seen = torch::cat({transforms::transform_images(released, eot, rng),
                                         transforms::transform_images(inputs.clean, eot, rng)});
  const torch::Tensor features = extract_batch(pair, seen, policy);
  inputs.coated_features = features.slice(0, 0, options.batch);
  inputs.clean_features = features.slice(0, options.batch);
  inputs.coated_features = inputs.coated_features / state.scale;
  inputs.clean_features = inputs.clean_features / state.scale;
  remember(state, inputs.coated_features, options.center_memory);
  inputs.center = state.center;
  inputs.step = state.step;
  inputs.radius = radius_by_line_search(state.distances, options.nu);
  return siren_loss(inputs, options);
}

/// Features of the same crops, [N,D] each.
struct SphereFeatures {
  torch::Tensor coated;  // As released.
  torch::Tensor other;   // Not coated, or coated and then through the robustness layer.
};

enum class Beside { kClean, kTransformed };

SphereFeatures sphere_features(Pair& pair,
                               const transforms::CropPool& pool,
                               const torch::Tensor& message,
                               const TrainOptions& options,
                               Beside beside) {
  torch::NoGradGuard no_grad;
  core::Rng rng = core::Rng(options.seed).fork("sphere");
  transforms::CropPool::Options crops = crops_for(options);
  crops.size_px = kSphereCropPx;
  std::vector<torch::Tensor> of_coated, of_other;
  for (int done = 0; done < options.sphere_crops; done += options.batch) {
    const ComputePolicy policy = policy_for(options, rng);
    const int n = std::min(options.batch, options.sphere_crops - done);
    const torch::Tensor clean = pool.draw(n, crops, rng).to(options.device);
    const torch::Tensor coated = transforms::quantise_straight_through(
        at_fidelity(clean, coat_batch(pair, clean, message, policy), options.psnr_db));
    const torch::Tensor other = beside == Beside::kClean
                                    ? clean
                                    : transforms::transform_images(
                                          coated, transforms::EotOptions{}, rng);
    of_coated.push_back(extract_batch(pair, coated, policy));
    of_other.push_back(extract_batch(pair, other, policy));
  }
  return {torch::cat(of_coated), torch::cat(of_other)};
}

// The extractor listens to its message; centre and scale before the first step.
void start(State& state,
           Pair& pair,
           const transforms::CropPool& pool,
           const torch::Tensor& message,
           const TrainOptions& options) {
  const SphereFeatures before = sphere_features(pair, pool, message, options, Beside::kClean);
  const torch::Tensor direction = before.coated.mean(0) - before.other.mean(0);
  if (options.focus) focus_on_direction(pair, direction, options.off_direction_share);
  state.scale = std::max(1e-3, direction.norm().item<double>() / kStartDistance);
  const torch::Tensor unit = direction / direction.norm();
  const torch::Tensor mean = before.coated.mean(0);
  const torch::Tensor along = torch::dot(mean, unit) * unit;
  const double off = options.focus ? options.off_direction_share : 1.0;
  state.center = (along + off * (mean - along)) / state.scale;
}

std::vector<torch::optim::OptimizerParamGroup> parameter_groups(Pair& pair,
                                                                const TrainOptions& options) {
  const auto group = [](const std::vector<torch::Tensor>& parameters, double rate) {
    return torch::optim::OptimizerParamGroup(parameters,
                                             std::make_unique<torch::optim::AdamWOptions>(rate));
  };
  return {group(pair.generator->parameters(), options.generator_rate),
          group(pair.extractor->parameters(), options.extractor_rate)};
}

void require_finite(const LossTerms& terms, int step) {
  const double total = terms.total.item<double>();
  if (std::isfinite(total)) return;
  const std::pair<const char*, double> named[] = {{"learnability", terms.learnability},
                                                  {"human vision (CIEDE2000)", terms.human_vision},
                                                  {"hypersphere, coated", terms.positive},
                                                  {"hypersphere, clean", terms.negative},
                                                  {"squared difference", terms.squared_difference}};
  std::string culprits;
  for (const auto& [name, value] : named) {
    if (!std::isfinite(value)) culprits += (culprits.empty() ? "" : ", ") + std::string(name);
  }
  throw Error(ErrorKind::kInternal,
              "training",
              "the loss is not finite at step " + std::to_string(step) + ": " +
                  (culprits.empty() ? "the sum of its terms" : culprits),
              "the last checkpoint is kept; try another --seed or fewer --steps");
}

}  // namespace

LossTerms siren_loss(const LossInputs& inputs, const TrainOptions& options) {
  const torch::Tensor positive = positive_loss(
      squared_distance(inputs.coated_features, inputs.center), inputs.radius, options.nu);
  const torch::Tensor negative = negative_loss(
                                     squared_distance(inputs.clean_features, inputs.center),
                                     inputs.radius,
                                     options.negative)
                                     .mean();
  const torch::Tensor percept = extractors::ciede2000_loss(inputs.clean, inputs.coated).mean();
  const torch::Tensor mse = (inputs.coated - inputs.clean).square().mean();
  torch::Tensor total = options.human_vision_weight * percept +
                        options.hypersphere_weight * (positive + negative) +
                        options.squared_difference_weight * mse;
  LossTerms terms;
  if (options.learnability) {
    const torch::Tensor learnability = options.learnability(inputs.coated, inputs.step);
    terms.learnability = learnability.item<double>();
    total = total + options.learnability_weight * learnability;
  }
  terms.total = total;
  terms.human_vision = percept.item<double>();
  terms.positive = positive.item<double>();
  terms.negative = negative.item<double>();
  terms.squared_difference = mse.item<double>();
  return terms;
}

TrainedKey calibrate_sphere(Pair& pair,
                            const transforms::CropPool& pool,
                            const std::string& message_hex,
                            const TrainOptions& options) {
  const SphereFeatures features = sphere_features(
      pair, pool, message_tensor(message_hex), options, Beside::kTransformed);
  TrainedKey key;
  key.center = features.coated.mean(0);
  key.radius = radius_by_line_search(squared_distance(features.other, key.center).sqrt(),
                                     options.nu);
  return key;
}

double held_out_loss(Pair& pair,
                     const transforms::CropPool& pool,
                     const std::string& message_hex,
                     const TrainOptions& options) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor message = message_tensor(message_hex);
  pair.generator->to(options.device);
  pair.extractor->to(options.device);
  TrainOptions judging = options;
  judging.eot_ramp_steps = 1;
  judging.focus = false;
  State state;
  start(state, pair, pool, message, judging);
  state.step = options.steps;  // One past the last that training draws.
  return train_step(pair, pool, message, judging, state).total.item<double>();
}

TrainedKey train_key(Pair& pair,
                     const transforms::CropPool& pool,
                     const std::string& message_hex,
                     const TrainOptions& options,
                     const core::Observer& observer) {
  const torch::Tensor message = message_tensor(message_hex);
  pair.generator->to(options.device);
  pair.extractor->to(options.device);
  torch::optim::AdamW optimizer(parameter_groups(pair, options));
  State state;
  if (load_checkpoint(options, pair, state, optimizer)) {
    observer.say("Resuming training at step " + std::to_string(state.step) + ".");
  } else {
    start(state, pair, pool, message, options);
  }
  LossTerms terms;
  while (state.step < options.steps) {
    terms = train_step(pair, pool, message, options, state);
    require_finite(terms, state.step);
    optimizer.zero_grad();
    terms.total.backward();
    optimizer.step();
    if (options.loss_seen) options.loss_seen(state.step, terms.total.item<double>());
    ++state.step;
    if (state.step % options.checkpoint_every == 0)
      save_checkpoint(options, pair, state, optimizer);
    std::ostringstream detail;
    detail.precision(3);
    detail << "inside " << terms.positive << ", outside " << terms.negative << ", dE2 "
           << terms.human_vision;
    observer.report({"training", state.step, options.steps, detail.str()});
  }
  TrainedKey key = calibrate_sphere(pair, pool, message_hex, options);
  key.last = terms;
  return key;
}

}  // namespace patina::coat::siren
