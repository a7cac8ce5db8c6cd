// SPDX-License-Identifier: Apache-2.0
// What the suite "chain" measures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/options.h"
#include "diffusion/personalize/personalize.h"

namespace patina::evaluate {

struct ChainOptions {
  std::filesystem::path base;               ///< Model folder.
  std::vector<std::filesystem::path> sets;  ///< Folders of images, one an owner; at least two.
  /// Sets that are coated, the first so many; 0 = all. Those beyond are only controls.
  std::size_t measured_sets = 0;
  /// Methods of personalisation, each measured by itself.
  std::vector<diffusion::PersonalizeMethod> methods = {diffusion::PersonalizeMethod::kFull};
  /// Rows of coat/methods.h, each measured by itself.
  std::vector<std::string> coatings = {"frame"};
  std::vector<int> shares_percent = {100};  ///< Coated images among those trained on, [1, 100].
  /// Steps of personalisation, [1, 1000000]; else the method's. More learn a coating better.
  std::optional<int> steps;
  /// Weights that the method LoRA adapts.
  diffusion::LoRATargets lora_targets = diffusion::LoRATargets::kTransformer;
  std::optional<int> coat_steps;  ///< Steps of Siren's training, [0, 100000]; else the coating's.
  /// Weight of Siren's learnability term, [0, 1000]; 0 = without. Larger makes models learn the
  /// coating sooner.
  double learnability_weight = 0.0;
  /// Caption of the images trained on and prompt of those generated. "{}" is the set's name, or the
  /// new token of a method that learns one, which needs it.
  std::string prompt = "a painting by {}";
  /// Caption of the images that hold a model to its class; a new token starts from its last word.
  std::string class_prompt = "a painting";
  int images = 300;  ///< Generated a model, [20, 10000].
  /// Guidance of generation, [0, 100]; 1 = the prompt alone. Larger: closer to it and less varied.
  double guidance_scale = 3.0;
  /// Drawn of a model's images at a time, [5, `images`] [Siren 2025, Sec. 5.1]; more raise power.
  int suspect_images = 30;
  int repeats = 10'000;    ///< Draws, [1, 1000000]; more narrow the interval of a rate.
  std::uint64_t seed = 1;  ///< Seed of all that is drawn.
};
/// How models are made and what they generate; the owners are methods of personalisation. The fields
/// of this and the next two point into `options`.
std::vector<core::OptionGroup> describe_models(ChainOptions& options);
/// What coatings read; the owners are rows of coat/methods.h.
std::vector<core::OptionGroup> describe_coatings(ChainOptions& options);
/// How images are drawn from those that a model generated.
std::vector<core::OptionField> describe_draws(ChainOptions& options);

/// Throws Error{kUsage}: flag and violated constraint.
void validate(const ChainOptions& options);

/// "claude-monet" of ".../claude-monet/".
std::string name_of(const std::filesystem::path& set);
/// The same as UTF-8, for records.
std::string recorded_name(const std::filesystem::path& set);

/// How many sets are coated.
std::size_t count_measured(const ChainOptions& options);

/// Steps of Siren's training: those asked for, else the coating's.
int effective_coat_steps(const ChainOptions& options);
/// Steps of personalisation: those asked for, else the method's.
int effective_steps(const ChainOptions& options, diffusion::PersonalizeMethod method);

}  // namespace patina::evaluate
