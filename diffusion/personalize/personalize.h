// SPDX-License-Identifier: Apache-2.0
// Personalises a text-to-image model on a handful of images, in the ways that people do: to play
// the infringer in an experiment, to measure what a coating survives. Entry point: personalize. The
// methods are one file each in diffusion/personalize/. No LibTorch.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/observer.h"
#include "diffusion/personalize/personalize_options.h"

namespace patina::diffusion {

struct PersonalizeResult {
  int steps = 0;
  int images = 0;
  double first_loss = 0.0;  ///< Mean over the first tenth of the steps.
  double last_loss = 0.0;   ///< Mean over the last tenth.
  double seconds = 0.0;     ///< Time this run spent training.
  bool resumed = false;
  /// Captions of the images, in the order of the images' names.
  std::vector<std::string> captions;
  std::vector<std::filesystem::path> files;
  std::vector<std::string> warnings;
};

/// Trains and writes. An interrupted run goes on where its last checkpoint stood, with the same
/// result; a finished one is not done again. Throws Error{kInput} for no readable image, an output
/// folder that holds something else, or a loss that stops being finite (the last checkpoint stays);
/// Error{kUsage} for options out of range; what load_text_to_image throws.
PersonalizeResult personalize(const PersonalizeOptions& options,
                              const core::Observer& observer = {});

/// What `patina generate` needs beside the base to use a finished output folder.
struct PersonalizedModel {
  std::filesystem::path base;
  std::vector<std::filesystem::path> loras;
  std::vector<std::filesystem::path> embeddings;
  std::string prompt;  ///< The caption it was trained with, token filled in.
};
/// Throws Error{kInput} if the folder holds no finished run.
PersonalizedModel open_personalized(const std::filesystem::path& folder);

}  // namespace patina::diffusion
