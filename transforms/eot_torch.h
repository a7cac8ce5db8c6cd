// SPDX-License-Identifier: Apache-2.0
// Expectation over transformations: what may happen to an image between its release and a suspect's
// output [Siren 2025, App. C, after StegaStamp and Stable Signature]. Differs from the public code:
// saturation uses the full luminance (the public one is a third of it), blur replicates the border,
// JPEG really rounds, and crop/resize is included, as the paper's text says.
#pragma once

#include <torch/types.h>

#include "core/rng.h"

namespace patina::transforms {

struct EotOptions {
  double ramp = 1.0;         ///< [0,1]: scales every range below; 0 = identity.
  double probability = 0.8;  ///< Chance that a group of images is transformed at all, [0,1].
  int group_size = 4;        ///< Images that share their two operations.
};

/// unit [N,3,H,W] float32 -> the same shape, clamped to [0,1]. Two operations of {blur, noise,
/// brightness/contrast/hue, saturation, JPEG, crop/resize}, drawn per group from `rng`; JPEG more
/// often than the others.
torch::Tensor transform_images(const torch::Tensor& unit,
                               const EotOptions& options,
                               core::Rng& rng);

// The operations, each [N,3,H,W] unit -> [N,3,H,W]; `amount` in [0,1] is the ramp, draws come from
// `rng`.
torch::Tensor eot_blur(const torch::Tensor& unit,
                       double amount,
                       core::Rng& rng);  ///< sigma <= 1.5 px
torch::Tensor eot_noise(const torch::Tensor& unit,
                        double amount,
                        core::Rng& rng);  ///< sigma <= 0.03
torch::Tensor eot_colour(const torch::Tensor& unit,
                         double amount,
                         core::Rng& rng);  ///< +-0.3, +-0.1, x0.5-1.5
torch::Tensor eot_saturation(const torch::Tensor& unit,
                             double amount,
                             core::Rng& rng);  ///< towards grey
torch::Tensor eot_jpeg(const torch::Tensor& unit,
                       double amount,
                       core::Rng& rng);  ///< quality 100 to 50
torch::Tensor eot_crop_resize(const torch::Tensor& unit,
                              double amount,
                              core::Rng& rng);  ///< side 0.6-1, scale 0.5-1

}  // namespace patina::transforms
