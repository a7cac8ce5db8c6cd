// SPDX-License-Identifier: Apache-2.0
// What the networks see of an image.
//
// Differs from [Siren 2025], whose networks see ImageNet-normalised pixels: there a coating of some
// 2 levels lies under content of 50, and a pair trained from the start on so little does not leave
// the plateau of chance. Networks that look for weak signals in images are given a fixed high-pass
// for that reason [Qian 2015]; ours also divides by the local contrast [Mittal 2012, Eq. 1-3], so
// that a coating counts by how large it is beside the content that hides it, which is how far it
// can be seen:
//   mscn(p) = (u(p) - mean(p)) / sqrt(var(p) + c^2)
// with Gaussian-weighted local mean (per channel) and variance (averaged over the channels).
#pragma once

#include <torch/types.h>

#include "extractors/siren/siren_key.h"
#include "transforms/lowpass_torch.h"

namespace patina::extractors {

inline constexpr double kMscnSigmaPx = 3.0;
inline constexpr double kMscnFloor = 2.0 / 255.0;  ///< c: contrast below this counts as noise.

/// Mean-subtracted, contrast-normalised. unit [N,3,H,W] -> [N,3,H,W], about unit variance.
torch::Tensor mscn(const torch::Tensor& unit);

/// unit [N,3,H,W] float -> what a network trained with `input` expects, same shape and dtype.
torch::Tensor network_input(const torch::Tensor& unit, InputNorm input);

/// Pixels of context that network_input depends on, to each side.
int input_halo(InputNorm input);

}  // namespace patina::extractors
