// SPDX-License-Identifier: Apache-2.0
// The method "siren": the coating of a generator trained together with its extractor on the owner's
// images [Siren 2025]. Entry points: make_key, make_coating. No LibTorch.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "coat/method/coating.h"
#include "coat/method/key_request.h"
#include "coat/method/method_words.h"
#include "core/options.h"
#include "extractors/scorer_options.h"
#include "keys/coat_key.h"

namespace patina::coat::siren {

struct SirenOptions {
  /// Text whose SHA-256 gives the embedded bits; empty = drawn from the seed.
  std::string message;
  /// Training steps from the warm-started pair, [0, 100000]; 0 = the pair as it is. More fit the set
  /// better and take longer.
  int steps = 20;
  /// Weight of L_learn [Siren 2025, Eq. 1, 2, 7], [0, 1000]; 0 = without, and without a surrogate. A
  /// set of fewer than 10 images is then trained beside 100 that the base generates from the class
  /// prompt [Siren 2025, Sec. 4.5].
  double learnability_weight = 0.0;
  /// lambda1 of Eq. 7, on the mean squared CIEDE2000 of crops, [0, 1000]; larger is less visible.
  double human_vision_weight = 0.2;
  /// lambda2 of Eq. 7, on the hypersphere's two losses, [0, 1000]; larger is easier to read.
  double hypersphere_weight = 1.0;
  /// Weight of L_mse in Eq. 7, on the mean squared difference in unit range, [0, 1000]; larger is
  /// less visible.
  double squared_difference_weight = 1.0;
  /// Model folder of the surrogate; empty = the built-in base.
  std::filesystem::path base;
  /// Steps of the surrogate's fine-tuning on the uncoated set, [0, 100000].
  int surrogate_steps = 100;
  /// What the images show, as the surrogate is told.
  std::string class_prompt = "a picture";
  /// Crops that direction, centre and radius of a key are measured on, at least 1; more measure
  /// better.
  int sphere_crops = 32;
};
std::vector<core::OptionField> describe(SirenOptions& options);

MethodWords words();

/// Trains a key from the warm-started pair on crops of the set. Throws Error{kInput} if no image can
/// be read, Error{kInternal} if the loss stops being finite.
keys::CoatKey make_key(const KeyRequest& request, const SirenOptions& options);

/// What training would take here, seconds, measured on the request's images with a step or two.
double estimate_training_seconds(const KeyRequest& request, const SirenOptions& options);

/// Throws Error{kInput} for a key without the tensors of its networks.
Coating make_coating(const keys::CoatKey& key, const extractors::ScorerOptions& options);

}  // namespace patina::coat::siren
