// SPDX-License-Identifier: Apache-2.0
// The alphas that files of peft and diffusers declare apart from their tensors: in the metadata
// "lora_adapter_metadata" of newer diffusers, as metadata "lora_alpha", or in the
// adapter_config.json beside peft's adapter_model.safetensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "diffusion/files/lora_keys.h"

namespace patina::diffusion::internal {

class DeclaredAlphas {
 public:
  /// Throws Error{kInput} for malformed declarations, Error{kUnsupported} for a variant of LoRA
  /// that is not built here (use_dora, patterns that are regular expressions).
  DeclaredAlphas(const std::filesystem::path& file,
                 const std::map<std::string, std::string>& metadata);

  /// A module's alpha, such that alpha / rank is its factor; nullopt if nothing declares it.
  std::optional<double> find(const LoRAKey& key, std::int64_t rank) const;

 private:
  struct Declared {
    std::optional<double> alpha;
    std::map<std::string, double> by_module;  // full names or their ends
    bool by_root_of_rank = false;             // rsLoRA: alpha / sqrt(rank)
  };
  void read_config(const nlohmann::json& config, const std::string& where);
  static Declared declared(const nlohmann::json& config,
                           const std::string& prefix,
                           const std::string& where);

  std::map<AdaptedNetwork, Declared> declared_;
};

}  // namespace patina::diffusion::internal
