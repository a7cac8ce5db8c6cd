// SPDX-License-Identifier: Apache-2.0
// A text-to-image latent diffusion model in memory: tokenizer, text encoder, autoencoder, UNet and
// the noise they were trained with. One code path serves Stable Diffusion 1.x, 2.x, their
// fine-tunes and the built-in base. Entry point: load_text_to_image.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <torch/types.h>

#include "diffusion/folder/model_folder.h"
#include "diffusion/networks/text_encoder_torch.h"
#include "diffusion/networks/unet_torch.h"
#include "diffusion/networks/vae_torch.h"
#include "diffusion/schedulers/noise_schedule_torch.h"
#include "diffusion/tokens/tokenizer.h"
#include "tensors/compute_torch.h"

namespace patina::diffusion {

struct TextToImage {
  tensors::Compute compute;
  Tokenizer tokenizer;
  TextEncoder text_encoder;
  Vae vae;
  UNet unet;
  SchedulerConfig scheduler;
  NoiseSchedule noise;  ///< On the model's device.
};

/// Throws as open_model_folder and the readers of its parts do; Error{kInput} if the parts do not
/// fit each other.
TextToImage load_text_to_image(const std::filesystem::path& root,
                               const tensors::Compute& compute = {});

/// Token ids [N,S] of prompts, on the CPU.
torch::Tensor token_ids(const Tokenizer& tokenizer, const std::vector<std::string>& prompts);

/// Latents [N,C,h,w], scaled as the UNet sees them, from an image [N,3,H,W] in [-1,1]: the mean of
/// the posterior, or a sample of it where `noise` is given.
torch::Tensor encode_latents(const TextToImage& model,
                             const torch::Tensor& image,
                             const Pass& pass = {},
                             const torch::Tensor& noise = {});
/// The image [N,3,H,W], about [-1,1], of scaled latents.
torch::Tensor decode_latents(const TextToImage& model,
                             const torch::Tensor& latents,
                             const Pass& pass = {});

}  // namespace patina::diffusion
