// SPDX-License-Identifier: Apache-2.0
// Reptile [Nichol 2018; Siren 2025, Sec. 4.5, Eq. 9 and 10]: a pair from which a new set's key
// needs few steps. Each round trains a copy of the pair for a few steps on one task, a set of
// images under a message of its own, and moves the pair towards the copy.
#pragma once

#include <cstdint>
#include <vector>

#include "coat/siren/train_torch.h"
#include "core/observer.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat::siren {

struct ReptileOptions {
  int rounds = 40;         ///< Tasks seen, drawn with replacement.
  double step_size = 0.5;  ///< epsilon of Eq. 10, falling to zero over the rounds; (0, 1].
  TrainOptions inner;      ///< Training on one task; `inner.steps` is k.
  std::uint64_t seed = 0;  ///< Seed of the order of tasks and of each task's training.
};

/// What a round did.
struct ReptileRound {
  std::size_t task = 0;
  // On one batch of the task that its training did not see (held_out_loss):
  double first_loss = 0.0;  ///< Loss of the pair as it came.
  double last_loss = 0.0;   ///< Loss of the trained copy.
};

/// theta <- theta + epsilon (theta_task - theta). Trains `pair` in place; deterministic for a seed.
std::vector<ReptileRound> reptile(Pair& pair,
                                  const std::vector<transforms::CropPool>& tasks,
                                  const ReptileOptions& options,
                                  const core::Observer& observer = {});

/// Weights of `to` moved towards `target` by `share`: 0 leaves them, 1 makes them equal. Buffers
/// (norm statistics) stay.
void move_towards(Pair& to, const Pair& target, double share);

/// A pair of its own with the same weights.
Pair copy_pair(const Pair& pair);

}  // namespace patina::coat::siren
