// SPDX-License-Identifier: Apache-2.0
// Writes a text-to-image model as a folder in the diffusers layout, which load_text_to_image and
// the diffusers library read. Entry point: write_model_folder.
#pragma once

#include <filesystem>

#include <torch/types.h>

#include "diffusion/folder/model_folder.h"
#include "diffusion/networks/text_encoder_torch.h"
#include "diffusion/networks/unet_torch.h"
#include "diffusion/networks/vae_torch.h"

namespace patina::diffusion {

struct ModelParts {
  const TextEncoder& text_encoder;
  const Vae& vae;
  const UNet& unet;
  const SchedulerConfig& scheduler;
  std::filesystem::path tokenizer;  ///< Folder whose files are copied.
};

/// Weights are written as `dtype` (float32, float16 or bfloat16), adapters applied. The folder's
/// model_index.json comes last, so that a folder cut short is not taken for a model. Throws
/// Error{kDisk}.
void write_model_folder(const std::filesystem::path& root,
                        const ModelParts& parts,
                        torch::ScalarType dtype = torch::kFloat16);

/// The autoencoder alone: config.json and weights.
void write_vae(const std::filesystem::path& folder,
               const Vae& vae,
               torch::ScalarType dtype = torch::kFloat16);

}  // namespace patina::diffusion
