// SPDX-License-Identifier: Apache-2.0
// The autoencoder's training: absolute error of colours and of their differences, and a light pull
// of the latents towards a standard normal [Rombach 2022, App. G].
#pragma once

#include "diffusion/networks/vae_torch.h"
#include "pack_torch.h"
#include "tensors/compute_torch.h"

namespace pretrain {

patina::diffusion::VaeConfig autoencoder_config();

/// Trained weights, averaged; the scaling factor that gives latents unit deviation is in the
/// config.
patina::diffusion::Vae train_autoencoder(const Pack& pack,
                                         const Recipe& recipe,
                                         const patina::tensors::Compute& compute);

}  // namespace pretrain
