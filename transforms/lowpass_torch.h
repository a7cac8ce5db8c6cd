// SPDX-License-Identifier: Apache-2.0
// Gaussian low-pass of image batches, differentiable.
#pragma once

#include <torch/types.h>

namespace patina::transforms {

enum class Border { kZero, kReplicate };

/// Pixels that a Gaussian low-pass reaches to each side; 0 for sigma_px 0.
int lowpass_radius(double sigma_px);

/// Gaussian low-pass, cut off at lowpass_radius, [N,C,H,W].
torch::Tensor lowpass(const torch::Tensor& x, double sigma_px, Border border);

}  // namespace patina::transforms
