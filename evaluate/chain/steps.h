// SPDX-License-Identifier: Apache-2.0
// The expensive steps of the chain as functions, so that whatever coats, trains, generates and
// scores can be put in. Entry point: make_chain_steps, which gives Patina's own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/observer.h"
#include "diffusion/personalize/personalize.h"
#include "evaluate/chain/options.h"
#include "images/pixels/image.h"
#include "keys/extractor.h"
#include "tensors/compute.h"

namespace patina::evaluate {

struct CoatingTask {
  std::filesystem::path set;      ///< Folder of images.
  std::string coating = "frame";  ///< A row of coat/methods.h.
  std::filesystem::path output;   ///< Folder for the coated images.
  std::filesystem::path key;      ///< File for the key.
  std::uint64_t seed = 1;
};
/// Means over the set.
struct CoatingQuality {
  double psnr_db = 0.0, ssim = 0.0, delta_e_mean = 0.0;
};

struct TrainingTask {
  std::vector<std::filesystem::path> images;  ///< Files and folders.
  diffusion::PersonalizeMethod method = diffusion::PersonalizeMethod::kFull;
  std::string prompt;            ///< "{}" stands for the new token of a method that has one.
  std::filesystem::path output;  ///< Folder for the model.
  std::uint64_t seed = 1;
};
struct Trained {
  double first_loss = 0.0;        ///< Mean over the first tenth of the steps.
  double last_loss = 0.0;         ///< Mean over the last tenth.
  std::filesystem::path samples;  ///< A contact sheet in the model's folder.
};

/// So many images, image i from seed + i.
using GenerateBatch = std::function<std::vector<images::Image>(
    std::uint64_t seed, int count, const core::Observer& observer)>;

/// A step that was interrupted is taken again over what it left.
struct ChainSteps {
  std::function<CoatingQuality(const CoatingTask&, const core::Observer&)> coat;
  std::function<Trained(const TrainingTask&, const core::Observer&)> personalize;
  /// A personalised model's folder, asked by the prompt that it was trained with.
  std::function<GenerateBatch(const std::filesystem::path& model)> open_model;
  /// The base itself, asked by a prompt.
  std::function<GenerateBatch(const std::string& prompt)> open_base;
  std::function<std::unique_ptr<keys::Extractor>(const std::filesystem::path& key)> open_scorer;
};

ChainSteps make_chain_steps(const ChainOptions& options, const tensors::ComputeOptions& compute);

}  // namespace patina::evaluate
