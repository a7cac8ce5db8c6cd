// SPDX-License-Identifier: Apache-2.0
// Group and layer normalisation with float32 statistics for any dtype, optionally with SiLU in the
// same pass over memory: at reduced precision the networks spend more time in norms and
// element-wise operations than in convolutions.
#pragma once

#include <torch/types.h>

namespace patina::diffusion {

/// Group normalisation [Wu 2018], then silu if asked. x [N,C,H,W] or [N,C,S], C divisible by
/// groups; weight and bias [C], float32. Result in x's dtype and memory format. Differentiable.
torch::Tensor group_normalised(const torch::Tensor& x,
                               std::int64_t groups,
                               const torch::Tensor& weight,
                               const torch::Tensor& bias,
                               double eps,
                               bool with_silu);

/// Layer normalisation over the last axis [Ba 2016]; weight and bias float32.
torch::Tensor layer_normalised(const torch::Tensor& x,
                               const torch::Tensor& weight,
                               const torch::Tensor& bias,
                               double eps);

}  // namespace patina::diffusion
