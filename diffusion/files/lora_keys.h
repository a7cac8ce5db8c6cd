// SPDX-License-Identifier: Apache-2.0
// What the names of a LoRA file's tensors say, in the styles of kohya-ss, diffusers and peft.
#pragma once

#include <optional>
#include <string>

namespace patina::diffusion::internal {

enum class LoRAStyle {
  kKohya,      ///< lora_unet_mid_block_..._to_q.lora_down.weight
  kProcessor,  ///< unet.mid_block....attn1.processor.to_q_lora.down.weight
  kLinear,     ///< unet.mid_block....attn1.to_q.lora.down.weight
  kPeft,       ///< unet.mid_block....attn1.to_q.lora_A.weight
};
enum class LoRAPart { kDown, kUp, kAlpha };
enum class AdaptedNetwork { kUNet, kTextEncoder };

struct LoRAKey {
  LoRAStyle style = LoRAStyle::kKohya;
  AdaptedNetwork network = AdaptedNetwork::kUNet;
  /// "mid_block.attentions.0.proj_in"; in kohya's style with '_' in place of every '.'.
  std::string module;
  LoRAPart part = LoRAPart::kDown;
};

/// nullopt for a tensor that no style knows.
std::optional<LoRAKey> parse_lora_key(const std::string& tensor);

/// What the tensor belongs to if that is a kin of LoRA which is not built here, or a LoRA for
/// another architecture: "LoHa (LyCORIS)". nullptr otherwise.
const char* unsupported_lora(const std::string& tensor);

const char* to_string(LoRAStyle style);         ///< "kohya-ss", "diffusers processors", ...
const char* to_string(AdaptedNetwork network);  ///< "unet", "text_encoder"

}  // namespace patina::diffusion::internal
