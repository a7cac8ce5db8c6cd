// SPDX-License-Identifier: Apache-2.0
// What an 8-bit file keeps of an image, differentiable.
#pragma once

#include <torch/types.h>

namespace patina::transforms {

/// Clamp to [0,1] and rounding to `levels` steps with a straight-through gradient: what an 8-bit
/// file keeps.
torch::Tensor quantise_straight_through(const torch::Tensor& unit, double levels = 255.0);

}  // namespace patina::transforms
