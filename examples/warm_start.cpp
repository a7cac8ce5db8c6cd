// SPDX-License-Identifier: Apache-2.0
// Trains the warm-started generator/extractor pair that ships as fixtures/siren/pair.safetensors:
//
//   warm_start OUT.safetensors IMAGES... [key=value ...]
//
// From random weights the Siren losses do not start learning (features collapse). So the carriers
// of coat/siren/carriers_torch.h are trained first, through the robustness layer, to tell coated
// crops from clean ones under the same message:
//   f     feature, standardised by the running mean and deviation of clean crops
//   z_i   = sum_k m_ik f_ik / sqrt(K)  of coated crop i;   z'_ij the same of clean crop j
//   z"_im  the same of coated crop i under 32 other messages m
//   loss  = mean over i, j of softplus(z'_ij - z_i)  +  mean over i, m of softplus(z"_im - z_i)
// with every crop coated at the same PSNR. Then they are laid out as the two networks' weights, and
// the linear layer is whitened on clean crops (all that is done where OUT exists). Takes a quarter
// of an hour; docs/experiments.md holds the numbers of the shipped pair.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adam.h>
#include <torch/optim/optimizer.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "coat/siren/carrier_start_torch.h"
#include "coat/siren/pair_torch.h"
#include "core/clock.h"
#include "core/error.h"
#include "extractors/siren/network_input_torch.h"
#include "images/image_io.h"
#include "images/image_list.h"
#include "images/pixels/luminance.h"
#include "keys/coat_key.h"
#include "tensors/compute_torch.h"
#include "transforms/crop_pool_torch.h"
#include "transforms/eot_torch.h"
#include "transforms/jnd_torch.h"
#include "transforms/quantise_torch.h"

namespace {

using namespace patina;

struct Recipe {
  int steps = 600;
  int batch = 10;      // Crops per step, each once coated and once clean.
  int crop = 112;      // Side, pixels.
  int bits = 16;       // Message bits that are taught.
  double rate = 1e-2;  // Adam, times the root mean square of a parameter; falls over the last 40 %.
  // PSNR of every coated crop, dB, within a factor of 2.5 of the standard strength.
  double psnr = 39.0;
  double eot = 1.0;  // Range of the robustness layer.
  double min_zoom = 0.9;
  double max_zoom = 1.8;
  int head_crops = 600;  // Clean crops that the linear layer is whitened on.
  int threads = 2;
  std::uint64_t seed = 1;
  int log_every = 20;
  coat::siren::CoatingOptions coating = {1.5, 1.0, 3.0, 2.0 / 255.0, 0.0};
};

void set_option(Recipe& recipe, const std::string& name, double value) {
  const std::map<std::string, double*> numbers = {{"rate", &recipe.rate},
                                                  {"psnr", &recipe.psnr},
                                                  {"eot", &recipe.eot},
                                                  {"min_zoom", &recipe.min_zoom},
                                                  {"max_zoom", &recipe.max_zoom}};
  const std::map<std::string, int*> integers = {{"steps", &recipe.steps},
                                                {"batch", &recipe.batch},
                                                {"crop", &recipe.crop},
                                                {"bits", &recipe.bits},
                                                {"head_crops", &recipe.head_crops},
                                                {"threads", &recipe.threads},
                                                {"log_every", &recipe.log_every}};
  if (numbers.count(name) > 0) {
    *numbers.at(name) = value;
  } else if (integers.count(name) > 0) {
    *integers.at(name) = static_cast<int>(value);
  } else if (name == "seed") {
    recipe.seed = static_cast<std::uint64_t>(value);
  } else {
    throw core::Error(core::ErrorKind::kUsage, name, "unknown option", "see the source");
  }
}

transforms::CropPool load_images(const std::vector<std::filesystem::path>& inputs) {
  std::vector<images::Image> images;
  for (const images::ImageEntry& entry : images::list_images(inputs)) {
    images.push_back(images::read_image(entry.path).image);
  }
  std::cerr << images.size() << " images\n";
  return transforms::CropPool(std::move(images));
}

transforms::CropPool::Options crops_for(const Recipe& recipe) {
  transforms::CropPool::Options crops;
  crops.size_px = recipe.crop;
  crops.min_zoom = recipe.min_zoom;
  crops.max_zoom = recipe.max_zoom;
  return crops;
}

torch::Tensor luminance_input(const torch::Tensor& unit) {
  const torch::Tensor shares =
      torch::tensor(torch::ArrayRef<float>(images::kLuminanceWeights<float>)).view({1, 3, 1, 1});
  return (extractors::network_input(unit, extractors::InputNorm::kMscn) * shares).sum(1, true);
}

torch::Tensor coated_crops(coat::siren::CarrierPair& carriers,
                           const torch::Tensor& clean,
                           const torch::Tensor& message,
                           const Recipe& recipe,
                           core::Rng& rng) {
  const torch::Tensor seen = coat::siren::dithered(clean,
                                                   recipe.coating.dither,
                                                   static_cast<std::int64_t>(rng.below(256)),
                                                   static_cast<std::int64_t>(rng.below(256)));
  const torch::Tensor delta = carriers.generator->coating(luminance_input(seen),
                                                          message.slice(1, 0, recipe.bits));
  const torch::Tensor coated = coat::siren::apply_coating(
      clean, delta.expand({-1, 3, -1, -1}), transforms::jnd_mask(clean), recipe.coating);
  return coat::siren::at_fidelity(clean, coated, recipe.psnr);
}

/// What the loss standardises features by, and the last step's numbers for the log.
struct Running {
  torch::Tensor mean, variance;  // [K], of clean crops
  double loss = 0.0, coated_z = 0.0, clean_z = 0.0, foreign_z = 0.0;
};

// Messages that a coated crop is held against besides its own.
constexpr int kForeign = 32;

void follow(double& value, double now) { value = value == 0.0 ? now : 0.95 * value + 0.05 * now; }

torch::Tensor step_loss(coat::siren::CarrierPair& carriers,
                        const transforms::CropPool& pool,
                        const Recipe& recipe,
                        core::Rng rng,
                        Running& running) {
  const torch::Tensor clean = pool.draw(recipe.batch, crops_for(recipe), rng);
  const torch::Tensor message = coat::siren::random_messages(recipe.batch, recipe.bits, rng);
  const torch::Tensor sent = message.slice(1, 0, recipe.bits);  // [N,K]
  const torch::Tensor coated = coated_crops(carriers, clean, message, recipe, rng);
  const transforms::EotOptions eot{recipe.eot, 0.7, 2};
  const torch::Tensor seen = torch::cat(
      {transform_images(transforms::quantise_straight_through(coated), eot, rng),
       transform_images(clean, eot, rng)});
  const torch::Tensor features = carriers.extractor->features(luminance_input(seen));
  const torch::Tensor of_clean = features.slice(0, recipe.batch);
  const torch::Tensor mean = of_clean.detach().mean(0), variance = of_clean.detach().var(0);
  running.mean = running.mean.defined() ? 0.95 * running.mean + 0.05 * mean : mean;
  running.variance = running.variance.defined() ? 0.95 * running.variance + 0.05 * variance
                                                : variance;
  const torch::Tensor f = (features - running.mean) / running.variance.sqrt();  // [2N,K]
  const torch::Tensor f_coated = f.slice(0, 0, recipe.batch), f_clean = f.slice(0, recipe.batch);
  const double root = std::sqrt(static_cast<double>(recipe.bits));
  const torch::Tensor z = (f_coated * sent).sum(1) / root;            // [N]
  const torch::Tensor z_clean = torch::mm(sent, f_clean.t()) / root;  // [N,N]
  const torch::Tensor others = coat::siren::random_messages(kForeign, recipe.bits, rng);
  const torch::Tensor z_foreign = torch::mm(others.slice(1, 0, recipe.bits), f_coated.t()) /
                                  root;  // [M,N]
  // The last term keeps the running deviation honest: features may not grow faster than it follows.
  const torch::Tensor loss = torch::softplus(z_clean - z.unsqueeze(1)).mean() +
                             torch::softplus(z_foreign - z.unsqueeze(0)).mean() +
                             0.1 * (f_clean.square().mean() - 1.0).square();
  follow(running.foreign_z, z_foreign.std().item<double>());
  follow(running.loss, loss.item<double>());
  follow(running.coated_z, z.mean().item<double>());
  follow(running.clean_z, z_clean.std().item<double>());
  return loss;
}

// Adam with a rate for each parameter in proportion to its size.
struct Schedule {
  explicit Schedule(const std::vector<torch::Tensor>& parameters, const Recipe& recipe) {
    std::vector<torch::optim::OptimizerParamGroup> groups;
    for (const torch::Tensor& parameter : parameters) {
      const double size = parameter.detach().square().mean().sqrt().item<double>();
      rates.push_back(recipe.rate * std::max(size, 1e-3));
      groups.emplace_back(std::vector<torch::Tensor>{parameter},
                          std::make_unique<torch::optim::AdamOptions>(
                              torch::optim::AdamOptions(rates.back()).betas({0.9, 0.98})));
    }
    optimizer = std::make_unique<torch::optim::Adam>(groups);
  }

  void set_step(const Recipe& recipe, int step) {
    const double left = static_cast<double>(recipe.steps - step) / recipe.steps;
    const double factor = std::min({1.0, (step + 1) / 20.0, std::max(0.03, left / 0.4)});
    for (std::size_t i = 0; i < rates.size(); ++i) {
      static_cast<torch::optim::AdamOptions&>(optimizer->param_groups()[i].options())
          .lr(rates[i] * factor);
    }
  }

  std::vector<double> rates;
  std::unique_ptr<torch::optim::Adam> optimizer;
};

coat::siren::CarrierPair starting_carriers(const transforms::CropPool& pool, const Recipe& recipe) {
  core::Rng rng = core::Rng(recipe.seed).fork("calibration");
  const torch::Tensor n = luminance_input(pool.draw(48, crops_for(recipe), rng));
  coat::siren::CarrierPair carriers;
  for (coat::siren::Carriers* side : {&carriers.generator, &carriers.extractor}) {
    core::Rng same = core::Rng(recipe.seed).fork("carriers");  // Both sides start alike.
    *side = coat::siren::Carriers(recipe.bits, same);
    (*side)->calibrate(n);
  }
  return carriers;
}

// Unit covariance on clean crops, half of them through the robustness layer.
void fit_head(coat::siren::Pair& pair, const transforms::CropPool& pool, const Recipe& recipe) {
  torch::NoGradGuard no_grad;
  core::Rng rng = core::Rng(recipe.seed).fork("head");
  const transforms::EotOptions eot{recipe.eot, 0.5, 1};
  std::vector<torch::Tensor> features;
  for (int done = 0; done < recipe.head_crops; done += recipe.batch) {
    const torch::Tensor clean = pool.draw(recipe.batch, crops_for(recipe), rng);
    features.push_back(extract_batch(pair, transform_images(clean, eot, rng), {}));
  }
  whiten_head(pair, torch::cat(features));
}

void train(const std::string& path,
           const std::vector<std::filesystem::path>& inputs,
           const Recipe& recipe) {
  tensors::use_threads(recipe.threads);
  const transforms::CropPool pool = load_images(inputs);
  if (std::filesystem::exists(path)) {
    coat::siren::Pair pair = coat::siren::read_pair(path);
    fit_head(pair, pool, recipe);
    write_pair(path, pair, {});
    return;
  }
  coat::siren::CarrierPair carriers = starting_carriers(pool, recipe);
  std::vector<torch::Tensor> parameters = carriers.generator->parameters();
  for (const torch::Tensor& p : carriers.extractor->parameters()) parameters.push_back(p);
  Schedule schedule(parameters, recipe);
  Running running;
  const auto start = std::chrono::steady_clock::now();
  for (int step = 0; step < recipe.steps; ++step) {
    schedule.set_step(recipe, step);
    const torch::Tensor loss = step_loss(
        carriers,
        pool,
        recipe,
        core::Rng(recipe.seed).fork("step " + std::to_string(step)),
        running);
    schedule.optimizer->zero_grad();
    loss.backward();
    torch::nn::utils::clip_grad_norm_(parameters, 5.0);
    schedule.optimizer->step();
    if (step % recipe.log_every != 0) continue;
    const double seconds = core::seconds_since(start);
    std::fprintf(stderr,
                 "%6d %7.0fs loss %.4f z coated %.2f clean %.2f foreign %.2f\n",
                 step,
                 seconds,
                 running.loss,
                 running.coated_z,
                 running.clean_z,
                 running.foreign_z);
  }
  coat::siren::Pair pair = lay_out_pair(carriers, recipe.coating);
  fit_head(pair, pool, recipe);
  write_pair(path, pair, {{"steps", std::to_string(recipe.steps)}});
}

}  // namespace

int main(int argc, char** argv) {
  Recipe recipe;
  std::vector<std::filesystem::path> inputs;
  try {
    for (int i = 2; i < argc; ++i) {
      const std::string argument = argv[i];
      const std::size_t equals = argument.find('=');
      if (equals == std::string::npos) {
        inputs.emplace_back(argument);
      } else {
        set_option(recipe, argument.substr(0, equals), std::stod(argument.substr(equals + 1)));
      }
    }
    if (argc < 3 || inputs.empty()) {
      std::cerr << "usage: warm_start OUT.safetensors IMAGES... [key=value ...]\n";
      return 2;
    }
    train(argv[1], inputs, recipe);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 2;
  }
}
