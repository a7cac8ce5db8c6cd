// SPDX-License-Identifier: Apache-2.0
#include <torch/utils.h>

#include "transforms/quantise_torch.h"

namespace patina::transforms {

torch::Tensor quantise_straight_through(const torch::Tensor& unit, double levels) {
  const torch::Tensor clamped = unit.clamp(0.0, 1.0);
  torch::NoGradGuard no_grad;
  const torch::Tensor residue = torch::floor(clamped * levels + 0.5) / levels - clamped;
  at::AutoGradMode with_grad(true);
  return clamped + residue.detach();
}

}  // namespace patina::transforms
