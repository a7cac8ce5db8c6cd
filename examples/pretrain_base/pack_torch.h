// SPDX-License-Identifier: Apache-2.0
// The training data on a device, and the bookkeeping that both trainings share.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <torch/types.h>

#include "core/rng.h"
#include "recipe.h"

namespace pretrain {

struct Pack {
  torch::Tensor images;             // [N,3,S,S] uint8, on the device
  torch::Tensor tokens;             // [N,3,L] int64, on the CPU
  torch::Tensor empty;              // [L] int64, on the CPU
  std::vector<std::int64_t> train;  // Rows, small sets repeated.
  std::vector<std::int64_t> held_out;
  std::int64_t vocab_size = 0;
  std::int64_t eos_id = 0;
};

Pack read_pack(const std::filesystem::path& path, const torch::Device& device);

/// Rows of `images` in [-1,1], float32.
torch::Tensor signed_images(const Pack& pack, const torch::Tensor& rows);

std::vector<std::int64_t> draw(const std::vector<std::int64_t>& from,
                               int count,
                               patina::core::Rng& rng);

/// Where a training stands: rises from 0 to 1 by steps or by time, whichever is further.
class Schedule {
 public:
  Schedule(int steps, double seconds, int warm_up);
  double progress(int step) const;
  /// Linear warm-up, then half a cosine down to a twentieth.
  double factor(int step) const;
  double elapsed_seconds() const;

 private:
  int steps_;
  double seconds_;
  int warm_up_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace pretrain
