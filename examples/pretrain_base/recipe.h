// SPDX-License-Identifier: Apache-2.0
// The numbers of the built-in base's training. fixtures/base/README.md says which of them made the
// shipped one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace pretrain {

struct Recipe {
  std::filesystem::path pack;  ///< pack.safetensors of pretrain_base_prepare.
  std::filesystem::path out;   ///< The model folder; checkpoints lie beside its parts.
  patina::tensors::ComputeOptions compute;
  std::uint64_t seed = 1;

  int vae_steps = 12000;
  int vae_batch = 64;
  double vae_rate = 6e-4;
  double vae_seconds = 0.0;  ///< Training stops after this time; 0 = after its steps.
  double kl_weight = 1e-4;   ///< Per latent number, beside a loss per colour value.
  double edge_weight = 0.5;  ///< Weight of differences between neighbouring pixels.

  int unet_steps = 40000;
  int unet_batch = 256;
  double unet_rate = 4e-4;
  double unet_seconds = 0.0;
  double drop_caption = 0.1;  ///< Share trained without caption, for classifier-free guidance.

  int warm_up = 500;
  double average_decay = 0.9995;
  int log_every = 200;
  int save_every = 4000;
};

}  // namespace pretrain
