// SPDX-License-Identifier: Apache-2.0
// AdamW [Loshchilov & Hutter 2019] for networks that compute in bfloat16. A bfloat16 weight keeps 8
// bits: steps of a usual learning rate would be rounded away. So the optimizer holds float32
// masters, and the network reads their rounded copies. All leaves of a dtype lie in one block of
// memory, so that a step is a dozen operations however many there are. Used by personalisation and
// by examples/pretrain_base.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <torch/types.h>

#include "core/safetensors.h"

namespace patina::tensors {

namespace internal {
struct AdamWArrays;
}

struct AdamWOptions {
  /// Memory of the running mean of gradients, [0, 1). Larger smooths over more steps.
  double beta1 = 0.9;
  /// Memory of the running mean of their squares, [0, 1). Larger smooths over more steps.
  double beta2 = 0.999;
  /// Added to the root of that mean, above 0. Larger damps weights with small gradients.
  double eps = 1e-8;
  /// Share of a weight taken off per unit of learning rate [Loshchilov 2019]; at least 0.
  double weight_decay = 1e-2;
  double max_grad_norm = 1.0;  ///< Gradients are scaled down to this norm; 0 = never.
  /// Memory of the running average of the masters, reached as (1 + n) / (10 + n); 0 = none is kept.
  double average_decay = 0.0;
};

/// Not for use by several threads at once.
class AdamW {
 public:
  /// Leaves [...] of any shapes that require gradients, float32, bfloat16 or float16, on one
  /// device. Their memory is moved into the optimizer's blocks: tensor handles stay valid, raw
  /// pointers do not.
  AdamW(std::vector<torch::Tensor> leaves, const AdamWOptions& options = {});

  /// One step with the gradients that backward() left, which are cleared. Returns their norm before
  /// scaling, a scalar [] float32 on the leaves' device; where it is not finite nothing is changed.
  torch::Tensor step(double learning_rate);

  /// Exchanges the leaves' values with the running averages; a second call undoes it. Throws
  /// Error{kInternal} if none are kept.
  void swap_averages();

  /// Leaves become float32 with the masters' values, for writing: nothing is rounded. No step may
  /// follow.
  void release_masters();

  std::int64_t steps_done() const { return steps_; }

  /// Masters, moments and averages, for a bit-exact resumption with the same leaves.
  std::map<std::string, core::TensorBlob> state() const;
  /// Throws Error{kInput} naming `where` if the state is of other leaves.
  void restore(const core::SafetensorsFile& file);

 private:
  struct Block {
    // All are flat, [size], with room for every leaf.
    torch::Tensor values;     // What the network reads.
    torch::Tensor gradients;  // As `values`.
    torch::Tensor master;     // float32; `values` itself where that is float32.
    torch::Tensor mean, square;
    torch::Tensor average;  // Undefined where none is kept.
  };
  bool on_processor() const;
  // Each returns the norm, [] float32.
  torch::Tensor step_on_processor(double learning_rate);
  torch::Tensor step_on_device(double learning_rate);
  static internal::AdamWArrays arrays_of(Block& block);
  static Block make_block(const std::vector<torch::Tensor>& leaves, bool with_average);
  std::vector<std::pair<std::string, torch::Tensor>> named_state() const;

  std::vector<torch::Tensor> leaves_;
  AdamWOptions options_;
  std::vector<Block> blocks_;
  std::int64_t steps_ = 0;
};

}  // namespace patina::tensors
