// SPDX-License-Identifier: Apache-2.0
// A text-to-image model on disk in the diffusers layout: model_index.json and the folders unet,
// vae, text_encoder, tokenizer and scheduler, weights as safetensors. Reads what is small and finds
// what is large; pickles are never opened. Entry point: open_model_folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/safetensors.h"
#include "diffusion/files/model_config.h"
#include "diffusion/schedulers/scheduler_config.h"

namespace patina::diffusion {

/// One network's part of the folder.
struct ComponentFiles {
  std::filesystem::path config;
  std::vector<std::filesystem::path> weights;  ///< One file, or the shards of an index.
};

struct ModelFolder {
  std::filesystem::path root;
  std::string pipeline_class;  ///< "StableDiffusionPipeline"
  TextEncoderConfig text_encoder;
  VaeConfig vae;
  UNetConfig unet;
  SchedulerConfig scheduler;
  ComponentFiles text_encoder_files;
  ComponentFiles vae_files;
  ComponentFiles unet_files;
  std::filesystem::path tokenizer;
};

/// Throws Error{kInput} for something missing or malformed, Error{kUnsupported} for another
/// architecture (SDXL, SD 3, Flux, ..., by name) or a folder that holds pickles only.
ModelFolder open_model_folder(const std::filesystem::path& root);

/// Config and weights of one component folder: `stem` is "diffusion_pytorch_model" or "model".
ComponentFiles find_component(const std::filesystem::path& folder, const std::string& stem);

std::vector<core::SafetensorsFile> open_weights(const ComponentFiles& files);

}  // namespace patina::diffusion
