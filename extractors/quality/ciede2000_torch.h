// SPDX-License-Identifier: Apache-2.0
// CIEDE2000 as a training loss: the kernels of ciede2000.h as one node of LibTorch's graph, forward
// and backward in one pass over the pixels, in parallel over blocks of them. The kernels run on the
// CPU: tensors of another device are copied there and the results back.
#pragma once

#include <torch/types.h>

#include "extractors/quality/ciede2000.h"

namespace patina::extractors {

/// Smallest value of ciede2000_loss(); a sample at the floor (0.01 rms) has no gradient. As the
/// public Siren code has it.
inline constexpr double kCiede2000LossFloor = 1e-4;

/// Mean over the pixels of the squared colour difference, at least kCiede2000LossFloor: the term of
/// [Siren 2025, Eq. 4] as the public code computes it, but for the scale of CIELAB (see LabScale).
/// clean, coated: [N,3,H,W] RGB, unit, both float32 or both float64, any memory format.
/// Returns [N], same dtype and device. The result does not depend on the number of threads.
/// The gradient flows to `coated` alone, computed while the loss is and kept until backward.
/// Throws Error{kInput} for other shapes, mixed or other dtypes, or a `clean` that requires a
/// gradient; Error{kUnsupported} from a backward pass that is itself to be differentiated.
torch::Tensor ciede2000_loss(const torch::Tensor& clean,
                             const torch::Tensor& coated,
                             const Ciede2000Options& options = {});

/// Colour difference of each pixel. Inputs as ciede2000_loss(). Returns [N,H,W], without a graph.
torch::Tensor ciede2000_map(const torch::Tensor& clean,
                            const torch::Tensor& coated,
                            const Ciede2000Options& options = {});

}  // namespace patina::extractors
