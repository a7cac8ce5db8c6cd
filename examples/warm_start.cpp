// SPDX-License-Identifier: Apache-2.0
// Trains the warm-started generator/extractor pair that ships as fixtures/siren/pair.safetensors:
//
//   warm_start OUT.safetensors IMAGES... [key=value ...]
//
// From random weights the Siren losses do not start learning (features collapse), so the pair first
// learns to pass 48 random message bits through the coating [Zhu 2018]. A curriculum breaks the
// symmetry: the coating starts strong and is weakened whenever the bits are read well, down to its
// final strength; then the robustness layer is ramped in; then the image terms. All along clean
// images are pulled to the origin of feature space, so that a coated image's distance from its own
// message's corner separates it from any clean image. The run is resumable: rerun the same command.
// docs/experiments.md holds the numbers of the shipped pair.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "coat/siren/eot_torch.h"
#include "coat/siren/pair_torch.h"
#include "core/error.h"
#include "core/image_io.h"
#include "extractors/ciede2000_torch.h"
#include "extractors/tensors_torch.h"

namespace {

using namespace patina;

struct Recipe {
  int steps = 6000;
  int batch = 16;
  int crop_start = 32;  // Crop side while the strength is above `crop_switch`, pixels.
  int crop = 64;        // Afterwards.
  double crop_switch = 3.0;
  double rate = 1e-3;  // AdamW.
  double strength_start = 8.0;
  double strength = 1.5;  // Final, in normalised space [Siren 2025, App. C].
  double blur_px = 1.0;   // Band of the coating: low-pass ...
  double mean_px = 3.0;   // ... and local mean taken out.
  double dither = 0.04;   // Noise that the generator sees.
  double chroma = 0.25;   // Share of the coating's colour kept.
  int bits_start = 2;     // Message bits in use; the others stay +1 and are not asked for.
  int bits = 48;          // Doubled up to this while they are read well.
  int bits_strong = 8;    // Bits to reach before the strength falls.
  int regress =
      0;  // 1: features are to BE the message (and 0 on clean images), not only to decide it.
  double anneal_at = 0.85;     // Bit accuracy at which the strength falls.
  double more_bits_at = 0.95;  // Bit accuracy at which bits are added.
  double anneal = 0.985;       // Factor per step.
  double ramp_step = 0.002;    // Of the robustness layer per step, once the strength is final.
  double image_weight = 0.02;  // On the mean squared CIEDE2000, with the ramp.
  double clean_weight = 0.02;  // On the squared norm of clean features.
  double min_zoom = 0.7;
  double max_zoom = 2.0;
  int frozen = 0;  // 1: norms use their running statistics, as inference will; for the last stage.
  int threads = 2;
  std::uint64_t seed = 1;
  int log_every = 25;
};

struct Progress {
  int step = 0;
  double strength = 0.0;
  double ramp = 0.0;
  double accuracy = 0.5;  // Exponential mean.
  int bits = 2;
};

void set_option(Recipe& recipe, const std::string& name, double value) {
  const std::map<std::string, double*> numbers = {{"crop_switch", &recipe.crop_switch},
                                                  {"rate", &recipe.rate},
                                                  {"strength_start", &recipe.strength_start},
                                                  {"strength", &recipe.strength},
                                                  {"blur_px", &recipe.blur_px},
                                                  {"mean_px", &recipe.mean_px},
                                                  {"dither", &recipe.dither},
                                                  {"chroma", &recipe.chroma},
                                                  {"anneal_at", &recipe.anneal_at},
                                                  {"anneal", &recipe.anneal},
                                                  {"ramp_step", &recipe.ramp_step},
                                                  {"more_bits_at", &recipe.more_bits_at},
                                                  {"image_weight", &recipe.image_weight},
                                                  {"clean_weight", &recipe.clean_weight},
                                                  {"min_zoom", &recipe.min_zoom},
                                                  {"max_zoom", &recipe.max_zoom}};
  const std::map<std::string, int*> integers = {{"steps", &recipe.steps},
                                                {"batch", &recipe.batch},
                                                {"crop_start", &recipe.crop_start},
                                                {"crop", &recipe.crop},
                                                {"threads", &recipe.threads},
                                                {"log_every", &recipe.log_every},
                                                {"bits", &recipe.bits},
                                                {"bits_start", &recipe.bits_start},
                                                {"bits_strong", &recipe.bits_strong},
                                                {"regress", &recipe.regress},
                                                {"frozen", &recipe.frozen}};
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

coat::siren::CropPool load_images(const std::vector<std::filesystem::path>& inputs) {
  std::vector<core::Image> images;
  for (const core::ImageEntry& entry : core::list_images(inputs)) {
    images.push_back(core::read_image(entry.path).image);
  }
  std::cerr << images.size() << " images\n";
  return coat::siren::CropPool(std::move(images));
}

torch::Tensor random_messages(int n, int bits, core::Rng& rng) {
  std::vector<float> signs(static_cast<std::size_t>(n) * 48);
  for (std::size_t i = 0; i < signs.size(); ++i) {
    signs[i] = static_cast<int>(i % 48) >= bits || rng.bernoulli(0.5) ? 1.0F : -1.0F;
  }
  return torch::tensor(signs).view({n, 48});
}

// One optimisation step; returns {bit loss, accuracy, mse, clean norm}.
std::array<double, 4> train_step(coat::siren::Pair& pair,
                                 const coat::siren::CropPool& pool,
                                 const Recipe& recipe,
                                 const Progress& progress,
                                 torch::optim::Optimizer& optimizer) {
  core::Rng rng = core::Rng(recipe.seed).fork("step " + std::to_string(progress.step));
  const coat::siren::ComputePolicy policy{
      extractors::resolve_precision(extractors::Precision::kAuto, torch::kCPU),
      {extractors::NormMode::kRunning, recipe.frozen == 0},
      static_cast<std::int64_t>(rng.below(256)),
      static_cast<std::int64_t>(rng.below(256))};
  coat::siren::CropPool::Options crops;
  const bool early = progress.strength > recipe.crop_switch;
  crops.size_px = early ? recipe.crop_start : recipe.crop;
  const int n = early ? recipe.batch * 2 : recipe.batch;
  crops.min_zoom = recipe.min_zoom;
  crops.max_zoom = recipe.max_zoom;
  const torch::Tensor clean = pool.draw(n, crops, rng);
  const torch::Tensor bits = random_messages(n, progress.bits, rng);

  pair.coating.strength = progress.strength;
  const torch::Tensor coated = coat_batch(pair, clean, bits, policy);
  const torch::Tensor released = coat::siren::quantise_straight_through(coated);
  const int n_clean = n / 8;
  const coat::siren::EotOptions eot{progress.ramp, 0.8, 4};
  const torch::Tensor seen = torch::cat({transform_images(released, eot, rng),
                                         transform_images(clean.slice(0, 0, n_clean), eot, rng)});
  const torch::Tensor features = extract_batch(pair, seen, policy);
  const torch::Tensor logits = features.slice(0, 0, n).slice(1, 0, progress.bits);
  const torch::Tensor sent = bits.slice(1, 0, progress.bits);
  // The cross-entropy leaves a feature's size open, so a strong coating lies far beyond the mean of
  // weakened ones; a hypersphere wants them in one place.
  const torch::Tensor bit_loss =
      recipe.regress != 0 ? (features.slice(0, 0, n) - bits).square().mean()
                          : torch::binary_cross_entropy_with_logits(logits, (sent + 1.0) / 2.0);
  const torch::Tensor clean_norm = features.slice(0, n).square().mean();
  const torch::Tensor mse = (coated - clean).square().mean();
  const torch::Tensor loss =
      bit_loss + recipe.clean_weight * clean_norm +
      recipe.image_weight * progress.ramp * extractors::ciede2000_loss(clean, coated).mean();
  optimizer.zero_grad();
  loss.backward();
  optimizer.step();
  const double accuracy = ((logits > 0) == (sent > 0)).to(torch::kFloat32).mean().item<double>();
  return {bit_loss.item<double>(), accuracy, mse.item<double>(), clean_norm.item<double>()};
}

// Bits first, then the final strength, then robustness, then the rest of the bits.
void adapt(Progress& progress, const Recipe& recipe, double accuracy) {
  progress.accuracy += 0.05 * (accuracy - progress.accuracy);
  const bool weak = progress.strength <= recipe.strength;
  const int bits_now = weak && progress.ramp >= 1.0 ? recipe.bits : recipe.bits_strong;
  if (progress.accuracy > recipe.more_bits_at && progress.bits < bits_now) {
    progress.bits = std::min(bits_now, progress.bits * 2);
    progress.accuracy = 0.5 + 0.5 * (progress.accuracy - 0.5);
  }
  if (progress.bits < recipe.bits_strong || progress.accuracy < recipe.anneal_at) return;
  progress.strength = std::max(recipe.strength, progress.strength * recipe.anneal);
  if (weak) progress.ramp = std::min(1.0, progress.ramp + recipe.ramp_step);
}

void save(const std::string& path,
          coat::siren::Pair& pair,
          const Recipe& recipe,
          const Progress& now,
          torch::optim::Optimizer& optimizer) {
  pair.coating.strength = recipe.strength;
  pair.message_bits = now.bits;
  write_pair(path,
             pair,
             {{"step", std::to_string(now.step)},
              {"training_strength", std::to_string(now.strength)},
              {"ramp", std::to_string(now.ramp)},
              {"accuracy", std::to_string(now.accuracy)}});
  torch::save(optimizer, path + ".optimizer.tmp");
  std::filesystem::rename(path + ".optimizer.tmp", path + ".optimizer");
}

Progress resume(const std::string& path, coat::siren::Pair& pair) {
  const core::SafetensorsFile file = core::SafetensorsFile::open(path);
  const auto& metadata = file.metadata();
  const coat::siren::CoatingOptions coating = pair.coating;
  pair = coat::siren::read_pair(path);
  pair.coating = coating;  // A recipe changed half-way goes on with its new band.
  return {std::stoi(metadata.at("step")),
          std::stod(metadata.at("training_strength")),
          std::stod(metadata.at("ramp")),
          std::stod(metadata.at("accuracy")),
          std::stoi(metadata.at("bits"))};
}

void train(const std::string& path,
           const std::vector<std::filesystem::path>& inputs,
           const Recipe& recipe) {
  extractors::set_num_threads(recipe.threads);
  const coat::siren::CropPool pool = load_images(inputs);
  coat::siren::Pair pair = coat::siren::make_pair(
      recipe.seed, {recipe.strength, recipe.blur_px, recipe.mean_px, recipe.dither, recipe.chroma});
  Progress now{0, recipe.strength_start, 0.0, 0.5, recipe.bits_start};
  const bool resumed = std::filesystem::exists(path);
  if (resumed) now = resume(path, pair);
  std::vector<torch::Tensor> parameters = pair.generator->parameters();
  for (const torch::Tensor& p : pair.extractor->parameters()) parameters.push_back(p);
  torch::optim::AdamW optimizer(parameters,
                                torch::optim::AdamWOptions(recipe.rate).weight_decay(1e-4));
  if (resumed && std::filesystem::exists(path + ".optimizer"))
    torch::load(optimizer, path + ".optimizer");
  for (auto& group : optimizer.param_groups()) {
    static_cast<torch::optim::AdamWOptions&>(group.options()).lr(recipe.rate);
  }
  const auto start = std::chrono::steady_clock::now();
  for (; now.step < recipe.steps; ++now.step) {
    const double left = 1.0 - static_cast<double>(now.step) / recipe.steps;
    for (auto& group : optimizer.param_groups()) {
      static_cast<torch::optim::AdamWOptions&>(group.options())
          .lr(recipe.rate * std::min(1.0, 0.02 + 4.0 * left));
    }
    const auto [bit_loss, accuracy, mse, clean] = train_step(pair, pool, recipe, now, optimizer);
    adapt(now, recipe, accuracy);
    if (now.step % recipe.log_every == 0) {
      const double seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      std::fprintf(stderr,
                   "%6d %7.0fs bits %d strength %.2f ramp %.2f bce %.4f acc %.3f (%.3f) psnr %.2f "
                   "clean %.3f\n",
                   now.step,
                   seconds,
                   now.bits,
                   now.strength,
                   now.ramp,
                   bit_loss,
                   accuracy,
                   now.accuracy,
                   -10.0 * std::log10(mse + 1e-12),
                   clean);
    }
    if (now.step % 50 == 49) save(path, pair, recipe, now, optimizer);
  }
  save(path, pair, recipe, now, optimizer);
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
