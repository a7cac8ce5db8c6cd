// SPDX-License-Identifier: Apache-2.0
// Training of one owner's key from the warm-started pair [Siren 2025, Eq. 7 and Algorithm 1]:
//   min over G, F of  L_learn + lambda1 L_percept + lambda2 (L_pos + L_neg) + L_mse
// L_learn (Eq. 1, 2) needs a diffusion surrogate: it enters through TrainOptions::learnability, at
// its full weight from the first step on. The robustness layer's range rises linearly over
// TrainOptions::eot_ramp_steps; all other weights are constant. Entry point: train_key.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include <torch/types.h>

#include "coat/siren/hypersphere_torch.h"
#include "coat/siren/pair_torch.h"
#include "core/observer.h"
#include "transforms/crop_pool_torch.h"
#include "transforms/eot_torch.h"

namespace patina::coat::siren {

struct TrainOptions {
  // What it computes.
  int steps = 20;    ///< Steps of AdamW, at least 0. More move the pair farther from its start.
  int batch = 8;     ///< Crops per step.
  int crop_px = 64;  ///< Side of a crop.
  /// AdamW. The warm start's channels come in pairs that cancel; at the 1e-3 of [Siren 2025] they
  /// stop doing so within a few steps (docs/experiments.md).
  double generator_rate = 1e-5;
  double extractor_rate = 1e-5;  ///< Learning rate of the extractor, above 0; as for the generator.
  /// lambda1, on the mean squared CIEDE2000 (Eq. 4 as the public code has it).
  double human_vision_weight = 0.2;
  double hypersphere_weight = 1.0;         ///< lambda2, on L_pos + L_neg.
  double squared_difference_weight = 1.0;  ///< On the mean squared error in unit range.
  double nu = 0.1;  ///< Share of positives left outside the hypersphere (Eq. 5).
  NegativeForm negative = NegativeForm::kLogHuberPublic;  ///< Eq. 6.
  /// Memory of the running mean of coated features that is the centre, [0, 1).
  double center_memory = 0.98;
  int eot_ramp_steps = 10;  ///< Steps over which the robustness layer reaches full range.
  /// What features keep of directions other than that of the own coating, [0,1]: less is more power
  /// on weakly coated images, more sets apart images that carry somebody else's coating.
  double off_direction_share = 0.4;
  double psnr_db =
      38.5;  ///< PSNR of every coated crop, dB, within at_fidelity's range; 0 = standard strength.
  /// Whether training begins by shrinking features to the own direction; meta-learning does not.
  bool focus = true;
  int sphere_crops =
      32;  ///< Crops that the own direction, and at the end centre and radius, come from.
  std::uint64_t seed = 0;  ///< Seed of the crops and of the distortions that are drawn.
  /// Eq. 1 and 2: coated crops [N,3,H,W], unit, and the step -> scalar denoising loss under a
  /// surrogate (learnability_torch.h); empty = term absent.
  std::function<torch::Tensor(const torch::Tensor& coated, int step)> learnability;
  /// Factor of the `learnability` term, at least 0. Larger makes models learn the coating sooner.
  double learnability_weight = 1.0;
  // How.
  torch::ScalarType dtype = torch::kFloat32;  ///< Number format of the forward pass.
  torch::Device device = torch::kCPU;         ///< Where the training runs.
  std::filesystem::path checkpoint;  ///< Written now and then, resumed from; empty = none. Secret.
  /// Steps between two checkpoints, at least 1. More write less and repeat more after a kill.
  int checkpoint_every = 20;
  std::function<void(int step, double loss)> loss_seen;  ///< Called after each step.
};

/// The terms of one step, for the log and for tests.
struct LossTerms {
  torch::Tensor total;  ///< Scalar [] with its graph.
  double learnability = 0.0;
  double human_vision = 0.0;
  double positive = 0.0;
  double negative = 0.0;
  double squared_difference = 0.0;
};

struct TrainedKey {
  torch::Tensor center;  // [D] float32
  double radius = 0.0;
  LossTerms last;
};

/// Eq. 7 on given crops: coated and clean features are of transformed images, the image terms of
/// untransformed ones.
struct LossInputs {
  torch::Tensor clean;            // [N,3,H,W] unit
  torch::Tensor coated;           // [N,3,H,W] unit, not clamped
  torch::Tensor clean_features;   // [N,D]
  torch::Tensor coated_features;  // [N,D]
  torch::Tensor center;           // [D]
  double radius = 0.0;
  int step = 0;
};
LossTerms siren_loss(const LossInputs& inputs, const TrainOptions& options);

/// Trains `pair` in place on crops of `pool` with the given message. Batch-norm statistics stay
/// those of the warm start, so that training and inference compute the same network. Deterministic
/// for a seed; resumes from the checkpoint with the same result. Throws Error{kInternal} if the
/// loss stops being finite.
TrainedKey train_key(Pair& pair,
                     const transforms::CropPool& pool,
                     const std::string& message_hex,
                     const TrainOptions& options,
                     const core::Observer& observer = {});

/// Eq. 7 of a pair as it stands, on a batch that training with this seed does not see, under the
/// robustness layer in full range. In units of the pair's own distance between coated and clean
/// features, so that pairs can be compared.
double held_out_loss(Pair& pair,
                     const transforms::CropPool& pool,
                     const std::string& message_hex,
                     const TrainOptions& options);

/// Centre and radius of a pair as it stands: mean feature of coated crops, and the line-searched
/// radius about it of the same crops under the robustness layer.
TrainedKey calibrate_sphere(Pair& pair,
                            const transforms::CropPool& pool,
                            const std::string& message_hex,
                            const TrainOptions& options);

}  // namespace patina::coat::siren
