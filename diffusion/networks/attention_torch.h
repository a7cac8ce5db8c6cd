// SPDX-License-Identifier: Apache-2.0
// Scaled dot-product attention whose matrix of weights never exists as a whole: LibTorch 2 brings
// its own, LibTorch 1.13 gets blocks of queries, recomputed in the backward pass
// [Rabe 2021; Dao 2022, without the tiling over keys].
#pragma once

#include <torch/types.h>

namespace patina::diffusion {

/// softmax(q k^T / sqrt(d)) v. q [B,H,Q,d], k and v [B,H,K,d] -> [B,H,Q,d]. Softmax in float32.
/// With `causal`, query i sees keys 0..i. Differentiable once.
torch::Tensor attention(const torch::Tensor& q,
                        const torch::Tensor& k,
                        const torch::Tensor& v,
                        bool causal = false);

/// The blocked form, whatever the LibTorch at hand; shapes [...] as for attention(). Takes `block`
/// queries at a time, 0 = chosen by size.
torch::Tensor blocked_attention(const torch::Tensor& q,
                                const torch::Tensor& k,
                                const torch::Tensor& v,
                                bool causal = false,
                                std::int64_t block = 0);

}  // namespace patina::diffusion
