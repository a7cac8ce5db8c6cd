// SPDX-License-Identifier: Apache-2.0
// UNet and text encoder, trained together from random weights on cached latents.
#pragma once

#include "autoencoder_torch.h"
#include "diffusion/networks/text_encoder_torch.h"
#include "diffusion/networks/unet_torch.h"
#include "diffusion/schedulers/noise_schedule_torch.h"
#include "tensors/compute_torch.h"

namespace pretrain {

struct Networks {
  patina::diffusion::TextEncoder text_encoder;
  patina::diffusion::UNet unet;
};

/// Stable Diffusion's noise: scaled-linear betas from 0.00085 to 0.012, epsilon.
patina::diffusion::SchedulerConfig noise_config();

/// `save` is called with averaged weights now and then and at the end.
void train_denoiser(const Pack& pack,
                    const patina::diffusion::Vae& vae,
                    const Recipe& recipe,
                    const patina::tensors::Compute& compute,
                    const std::function<void(const Networks&)>& save);

}  // namespace pretrain
