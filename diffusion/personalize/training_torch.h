// SPDX-License-Identifier: Apache-2.0
// What all methods share: images as cached latents, captions, the loop, its checkpoints.
#pragma once

#include <string>
#include <vector>

#include <torch/types.h>

#include "core/rng.h"
#include "diffusion/generate/denoising_torch.h"
#include "diffusion/personalize/method_torch.h"
#include "tensors/optimizer_torch.h"

namespace patina::diffusion {

/// Images as the autoencoder's posteriors: of each image, then of each mirrored one.
struct LatentSet {
  torch::Tensor mean;                 ///< [2N,C,h,w] float32, scaled.
  torch::Tensor deviation;            ///< The same.
  std::vector<std::string> captions;  ///< [N]

  std::int64_t size() const { return static_cast<std::int64_t>(captions.size()); }
};

/// images [N,3,H,W] float32 in [-1,1].
LatentSet encode_set(const TextToImage& model,
                     const torch::Tensor& images,
                     std::vector<std::string> captions);

/// The loss of one step and its parts.
struct StepLoss {
  torch::Tensor total;     ///< Scalar [], the sum with its graph.
  torch::Tensor instance;  ///< Scalar [].
  torch::Tensor prior;     ///< Scalar []; undefined without class images.
};

/// Draws and computes steps. The same seed and step give the same batch. Not for use by several
/// threads at once.
class StepLosses {
 public:
  StepLosses(const TextToImage& model,
             LatentSet instance,
             LatentSet prior,
             const PersonalizeOptions& options,
             bool trains_context);

  StepLoss at(int step) const;

 private:
  // [N,S,D]
  torch::Tensor encode_captions(const std::vector<std::string>& captions) const;

  const TextToImage& model_;
  LatentSet instance_;
  LatentSet prior_;
  PersonalizeOptions options_;
  bool trains_context_;
  std::map<std::string, torch::Tensor> contexts_;  // [1,S,D] by caption, where they do not change
};

/// Loss of every step so far.
struct TrainingLog {
  std::vector<double> losses;
  bool resumed = false;
  double seconds = 0.0;
};

/// Runs the steps that are left. The checkpoint is written every options.checkpoint_every steps and
/// when the observer cancels. Throws Error{kInput} for a loss or gradient that is not finite.
TrainingLog train_steps(const StepLosses& losses,
                        tensors::AdamW& optimizer,
                        const PersonalizeOptions& options,
                        const std::filesystem::path& checkpoint,
                        const core::Observer& observer);

}  // namespace patina::diffusion
