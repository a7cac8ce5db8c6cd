// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "extractors/siren/network_input_torch.h"
#include "tensors/images_torch.h"

namespace patina::extractors {

torch::Tensor mscn(const torch::Tensor& unit) {
  // Mean and mean square in one pass; the square of unit values keeps 1e-7, far below c^2.
  const torch::Tensor square = unit.square().mean(1, true);  // [N,1,H,W]
  const torch::Tensor local = transforms::lowpass(
      torch::cat({unit, square}, 1), kMscnSigmaPx, transforms::Border::kReplicate);  // [N,4,H,W]
  const torch::Tensor mean = local.slice(1, 0, 3);
  const torch::Tensor variance = local.slice(1, 3, 4) - mean.square().mean(1, true);
  return (unit - mean) / torch::sqrt(variance.clamp_min(0.0) + kMscnFloor * kMscnFloor);
}

torch::Tensor network_input(const torch::Tensor& unit, InputNorm input) {
  return input == InputNorm::kMscn ? mscn(unit) : tensors::normalised_from_unit(unit);
}

int input_halo(InputNorm input) {
  return input == InputNorm::kMscn ? transforms::lowpass_radius(kMscnSigmaPx) : 0;
}

}  // namespace patina::extractors
