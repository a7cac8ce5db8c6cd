// SPDX-License-Identifier: Apache-2.0
// From a prompt to latents: classifier-free guidance [Ho & Salimans 2022] around a scheduler.
#pragma once

#include <functional>

#include <torch/types.h>

#include "diffusion/folder/text_to_image_torch.h"
#include "diffusion/schedulers/schedulers_torch.h"

namespace patina::diffusion {

struct SamplingInputs {
  torch::Tensor latents;   ///< [N,C,h,w] of standard normal numbers, times init_noise_sigma().
  torch::Tensor context;   ///< [N,S,D] of the prompts.
  torch::Tensor negative;  ///< [N,S,D] of the negative prompts; not read when guidance is 1.
  double guidance_scale =
      7.5;  ///< w: out = negative + w (positive - negative); 1 = the prompt alone.
};

/// Called with the latents [N,C,h,w] after every call of the network; false stops the run.
using StepSeen = std::function<bool(int call, const torch::Tensor& latents)>;
/// Standard normal numbers for a step, shaped as the latents [N,C,h,w].
using NoiseSource = std::function<torch::Tensor()>;

/// Scaled latents [N,C,h,w]. Distilled networks (LCM) take the guidance scale as an input instead
/// of the second pass. Throws Error{kCancelled} when `seen` says stop.
torch::Tensor sample_latents(const TextToImage& model,
                             Scheduler& scheduler,
                             const SamplingInputs& inputs,
                             const NoiseSource& noise,
                             const StepSeen& seen = {});

}  // namespace patina::diffusion
