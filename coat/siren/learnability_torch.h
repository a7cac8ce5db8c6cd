// SPDX-License-Identifier: Apache-2.0
// The learnability loss [Siren 2025, Eq. 1 and 2]: the denoising loss of coated images under a
// surrogate, the base model fine-tuned for a few epochs on the uncoated set, with the class as
// prompt. Its gradient reaches the generator through the autoencoder's encoder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "core/observer.h"
#include "tensors/compute.h"

namespace patina::coat::siren {

struct SurrogateOptions {
  std::filesystem::path base;                 ///< Model folder.
  std::vector<std::filesystem::path> images;  ///< The uncoated set.
  std::string prompt = "a picture";           ///< Class descriptor.
  int steps = 100;                            ///< Steps of full fine-tuning; 0 = the base as it is.
  std::uint64_t seed = 0;                     ///< Seed of all that the fine-tuning draws.
  tensors::ComputeOptions compute;            ///< Device, number format and threads.
};
/// Fine-tunes into `folder`, or finds it finished. Throws as diffusion::personalize does.
void make_surrogate(const SurrogateOptions& options,
                    const std::filesystem::path& folder,
                    const core::Observer& observer = {});

/// Not for use by several threads at once.
class Learnability {
 public:
  /// Throws as load_text_to_image does.
  Learnability(const std::filesystem::path& surrogate,
               const std::string& prompt,
               std::uint64_t seed,
               const tensors::ComputeOptions& compute = {});
  ~Learnability();
  Learnability(Learnability&&) noexcept;
  Learnability& operator=(Learnability&&) noexcept;

  /// coated [N,3,H,W], unit, H and W multiples of the autoencoder's 8 -> scalar float32. Noise and
  /// timesteps come from the seed and the step alone.
  torch::Tensor operator()(const torch::Tensor& coated, int step) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace patina::coat::siren
