// SPDX-License-Identifier: Apache-2.0
// The steps of a chain, each of which leaves files and finds them again.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "evaluate/chain.h"
#include "images/pixels/image.h"

namespace patina::evaluate {

/// A coated set.
struct CoatedSet {
  std::filesystem::path folder, key;
  double psnr_db = 0.0, ssim = 0.0, delta_e_mean = 0.0;
};
CoatedSet coated_set(const ChainOptions& options,
                     std::size_t set,
                     const std::string& coating,
                     const core::Observer& observer);

/// What a model is trained on and how.
struct Training {
  std::size_t set = 0;
  diffusion::PersonalizeMethod method = diffusion::PersonalizeMethod::kFull;
  std::filesystem::path coated;  ///< Folder of coated images; empty = uncoated.
  std::string coating = "uncoated";
  int share_percent = 100;  ///< Of images taken from `coated`.
  std::uint64_t seed = 1;
};

/// Images that a model made, and its loss.
struct Generations {
  std::vector<images::Image> images;
  double last_loss = 0.0;
};
/// Personalises, generates and throws the weights away.
Generations generations_of(const ChainOptions& options,
                           const Training& training,
                           const core::Observer& observer);
Generations generations_of_base(const ChainOptions& options,
                                std::size_t set,
                                const core::Observer& observer);

/// "claude-monet" of ".../claude-monet/".
std::string name_of(const std::filesystem::path& set);

}  // namespace patina::evaluate
