// SPDX-License-Identifier: Apache-2.0
// Coated sets and the images of models, which several cells share: each is made once and found again
// in the output folder. A stage that was interrupted goes on where it stood. Entry points:
// obtain_coated_set, obtain_generations.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/observer.h"
#include "evaluate/chain/options.h"
#include "evaluate/chain/steps.h"
#include "images/pixels/image.h"

namespace patina::evaluate {

/// What is measured, where what it leaves lies, and who does the work.
struct Experiment {
  ChainOptions options;
  std::filesystem::path folder;
  ChainSteps steps;
};

/// Makes the folder that of these options, as far as they change coated sets and models: a run that
/// is never finished, since more sets, methods and draws may be added. Throws as
/// core::RunFolder::begin() does, for a folder of others too.
void claim_folder(const ChainOptions& options, const std::filesystem::path& folder);

/// A set and what is laid on it.
struct Coating {
  std::size_t set = 0;           ///< Index into ChainOptions::sets.
  std::string method = "frame";  ///< A row of coat/methods.h.
};
struct CoatedSet {
  std::filesystem::path folder, key;
  CoatingQuality quality;
  std::uint64_t seed = 0;  ///< Seed that the key was drawn from.
};
CoatedSet obtain_coated_set(const Experiment& experiment,
                            const Coating& coating,
                            const core::Observer& observer);

/// What a model is trained on and how.
struct Training {
  std::size_t set = 0;  ///< Index into ChainOptions::sets.
  /// The method of personalisation.
  diffusion::PersonalizeMethod method = diffusion::PersonalizeMethod::kFull;
  std::optional<std::string> coating;  ///< None = on the images as they are.
  int share_percent = 100;             ///< Percentage of images taken from the coated set.
  int run = 1;                         ///< Trainings that differ in this alone have other seeds.
};
/// "claude-monet.full.frame.3".
std::string name_of(const ChainOptions& options, const Training& training);
/// "claude-monet.base": the base, asked for a set's caption.
std::string base_name(const ChainOptions& options, std::size_t set);
std::uint64_t training_seed(const ChainOptions& options, const Training& training);
/// Seed of the first image that a model of this name makes; image i has the seed i larger.
std::uint64_t images_seed(const ChainOptions& options, const std::string& model);

/// Images that a model made, and the loss that it was trained to.
struct Generations {
  std::vector<images::Image> images;
  double last_loss = 0.0;
};
/// Coats where need be, personalises, generates and throws the weights away.
Generations obtain_generations(const Experiment& experiment,
                               const Training& training,
                               const core::Observer& observer);
/// Images that the base generates when asked for a set's caption.
Generations obtain_base_generations(const Experiment& experiment,
                                    std::size_t set,
                                    const core::Observer& observer);

}  // namespace patina::evaluate
