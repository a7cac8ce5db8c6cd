// SPDX-License-Identifier: Apache-2.0
// The loss that text-to-image models are trained and personalised with [Ho 2020, Eq. 14;
// Rombach 2022, Eq. 3], and DreamBooth's prior preservation [Ruiz 2023, Eq. 2].
// Differentiable with respect to the image (through the autoencoder), the latents, the context and
// whichever weights are trainable.
#pragma once

#include <torch/types.h>

#include "diffusion/folder/text_to_image_torch.h"
#include "tensors/compute_torch.h"

namespace patina::diffusion {

struct DenoisingBatch {
  torch::Tensor latents;  ///< z [N,C,h,w], scaled: encode_latents(model, image).
  torch::Tensor noise;    ///< Standard normal, shaped as z.
  torch::Tensor t;        ///< int64 [N], 0 to T-1.
  torch::Tensor context;  ///< [N,S,D]
};

struct Denoising {
  torch::Tensor loss;    ///< Scalar [] float32: mean of (prediction - target)^2 over all elements.
  torch::Tensor noised;  ///< z_t [N,C,h,w]
  torch::Tensor prediction;  ///< [N,C,h,w] float32
  torch::Tensor target;      ///< [N,C,h,w]: noise, or velocity, which depends on z.
};

/// What predicts: a model's UNet and the noise it was trained with.
struct Denoiser {
  const UNet& unet;
  const NoiseSchedule& noise;
  tensors::Compute compute;
};

Denoising denoise(const Denoiser& denoiser, const DenoisingBatch& batch, const Pass& pass = {});
Denoising denoise(const TextToImage& model, const DenoisingBatch& batch, const Pass& pass = {});

struct PriorPreservation {
  torch::Tensor loss;      ///< Scalar []: instance + lambda prior
  torch::Tensor instance;  ///< Scalar []: mean over the first `num_instance` samples.
  torch::Tensor prior;     ///< Scalar []: mean over the others, images of the class.
};

/// The loss of DreamBooth from a batch of instance images followed by class images. Throws
/// Error{kInput} unless 0 < num_instance < N.
PriorPreservation with_prior_preservation(const Denoising& denoising,
                                          std::int64_t num_instance,
                                          double lambda = 1.0);

}  // namespace patina::diffusion
