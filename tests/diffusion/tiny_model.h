// SPDX-License-Identifier: Apache-2.0
// Networks of a model folder, loaded one by one for tests.
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/json.h"
#include "core/safetensors.h"
#include "diffusion/networks/text_encoder_torch.h"
#include "diffusion/networks/unet_torch.h"
#include "diffusion/networks/vae_torch.h"
#include "tensors/compute_torch.h"

namespace patina::diffusion {

inline nlohmann::json config_in(const std::filesystem::path& folder) {
  const auto path = folder / "config.json";
  return core::parse_json(core::read_text_file(path), path.string());
}

inline WeightLoader loader_of(const std::filesystem::path& file,
                              const tensors::Compute& compute = {}) {
  return WeightLoader({core::SafetensorsFile::open(file)}, file.string(), compute);
}

inline UNet unet_in(const std::filesystem::path& model, const tensors::Compute& compute = {}) {
  WeightLoader loader = loader_of(model / "unet/diffusion_pytorch_model.safetensors", compute);
  return UNet(unet_config(config_in(model / "unet"), "unet"), loader);
}

inline Vae vae_in(const std::filesystem::path& model, const tensors::Compute& compute = {}) {
  WeightLoader loader = loader_of(model / "vae/diffusion_pytorch_model.safetensors", compute);
  return Vae(vae_config(config_in(model / "vae"), "vae"), loader);
}

inline TextEncoder text_encoder_in(const std::filesystem::path& model,
                                   const tensors::Compute& compute = {}) {
  WeightLoader loader = loader_of(model / "text_encoder/model.safetensors", compute);
  return TextEncoder(text_encoder_config(config_in(model / "text_encoder"), "text_encoder"),
                     loader);
}

}  // namespace patina::diffusion
