// SPDX-License-Identifier: Apache-2.0
#include "diffusion/files/lora_keys.h"

#include <utility>

namespace patina::diffusion::internal {
namespace {

struct Suffix {
  const char* text;
  LoRAStyle style;
  LoRAPart part;
};
constexpr Suffix kKohyaSuffixes[] = {{".lora_down.weight", LoRAStyle::kKohya, LoRAPart::kDown},
                                     {".lora_up.weight", LoRAStyle::kKohya, LoRAPart::kUp},
                                     {".alpha", LoRAStyle::kKohya, LoRAPart::kAlpha}};
// "lora_linear_layer" is how diffusers 0.17 on named the text encoder's.
constexpr Suffix kDottedSuffixes[] = {
    {".lora.down.weight", LoRAStyle::kLinear, LoRAPart::kDown},
    {".lora.up.weight", LoRAStyle::kLinear, LoRAPart::kUp},
    {".lora_linear_layer.down.weight", LoRAStyle::kLinear, LoRAPart::kDown},
    {".lora_linear_layer.up.weight", LoRAStyle::kLinear, LoRAPart::kUp},
    {"_lora.down.weight", LoRAStyle::kProcessor, LoRAPart::kDown},
    {"_lora.up.weight", LoRAStyle::kProcessor, LoRAPart::kUp},
    {"_lora.alpha", LoRAStyle::kProcessor, LoRAPart::kAlpha},
    {".lora.alpha", LoRAStyle::kLinear, LoRAPart::kAlpha},
    {".lora_linear_layer.alpha", LoRAStyle::kLinear, LoRAPart::kAlpha},
    {".alpha", LoRAStyle::kLinear, LoRAPart::kAlpha}};

struct Kin {
  const char* part;     // of the tensor's name, which is taken with a '.' at both ends
  bool only_with_lora;  // count it only if "lora" is in the name, too
  const char* name;
};
constexpr Kin kKins[] = {
    {".hada_", false, "LoHa (LyCORIS)"},
    {".lokr_", false, "LoKr (LyCORIS)"},
    {".dora_scale.", false, "DoRA"},
    {".lora_magnitude_vector.", false, "DoRA"},
    {".lora_mid.", false, "LoCon with Tucker decomposition (lora_mid)"},
    {".oft_unet_", false, "OFT"},
    {".oft_te_", false, "OFT"},
    {".oft_blocks.", true, "OFT (LyCORIS)"},
    {".oft_diag.", true, "OFT (LyCORIS)"},
    {".a1.weight.", true, "GLoRA (LyCORIS)"},
    {".a2.weight.", true, "GLoRA (LyCORIS)"},
    {".b1.weight.", true, "GLoRA (LyCORIS)"},
    {".b2.weight.", true, "GLoRA (LyCORIS)"},
    {".on_input.", true, "IA3 (LyCORIS)"},
    {".diff.", true, "a full difference of weights (.diff)"},
    {".diff_b.", true, "a full difference of biases (.diff_b)"},
    {".w_norm.", true, "trained norms (LyCORIS)"},
    {".b_norm.", true, "trained norms (LyCORIS)"},
    {".lora_embedding_A.", false, "a LoRA of an embedding"},
    {".lora_embedding_B.", false, "a LoRA of an embedding"},
    {".lora_up.bias.", false, "a LoRA with biases"},
    {".lora_B.bias.", false, "a LoRA with biases"},
    {".bundle_emb.", false, "a LoRA with bundled embeddings"},
    {".lora_te1_", false, "a LoRA for Stable Diffusion XL"},
    {".lora_te2_", false, "a LoRA for Stable Diffusion XL"},
    {".text_encoder_2.", true, "a LoRA for Stable Diffusion XL"},
    {".lora_transformer_", false, "a LoRA for a diffusion transformer"},
    {".transformer.", true, "a LoRA for a diffusion transformer"},
    {".lora_prior_", false, "a LoRA for Stable Cascade"},
    {".diffusion_model.", true, "a LoRA in the layout of ComfyUI"},
};

bool starts_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool strip_start(std::string& text, const std::string& start) {
  if (!starts_with(text, start)) return false;
  text.erase(0, start.size());
  return true;
}

bool strip_end(std::string& text, const std::string& end) {
  if (!ends_with(text, end)) return false;
  text.erase(text.size() - end.size());
  return true;
}

std::optional<LoRAKey> kohya_key(std::string name) {
  LoRAKey key;
  if (strip_start(name, "lora_te_")) {
    key.network = AdaptedNetwork::kTextEncoder;
  } else if (!strip_start(name, "lora_unet_")) {
    return std::nullopt;
  }
  for (const Suffix& suffix : kKohyaSuffixes) {
    if (!strip_end(name, suffix.text)) continue;
    if (name.empty() || name.find('.') != std::string::npos) return std::nullopt;
    key.style = suffix.style;
    key.part = suffix.part;
    key.module = name;
    return key;
  }
  return std::nullopt;
}

// Attention processors held the layers beside the projections: "attn1.processor.to_out" is the
// LoRA of attn1.to_out.0, and in the text encoder to_q that of q_proj.
std::string projection_of(std::string module, AdaptedNetwork network) {
  const std::string processor = ".processor.";
  const std::size_t at = module.find(processor);
  if (at != std::string::npos) module.replace(at, processor.size(), ".");
  if (network == AdaptedNetwork::kUNet)
    return ends_with(module, ".to_out") ? module + ".0" : module;
  for (const char* name : {"q", "k", "v", "out"}) {
    if (strip_end(module, std::string(".to_") + name)) return module + "." + name + "_proj";
  }
  return module;
}

// "<module>.lora_A.weight" or, with the adapter's name, "<module>.lora_A.default.weight".
bool read_peft(const std::string& name, LoRAKey& key) {
  for (const auto& [marker, part] :
       {std::pair{".lora_A.", LoRAPart::kDown}, std::pair{".lora_B.", LoRAPart::kUp}}) {
    const std::size_t at = name.find(marker);
    if (at == std::string::npos) continue;
    std::string rest = name.substr(at + std::string(marker).size());
    const bool weight = rest == "weight" || strip_end(rest, ".weight");
    if (!weight || rest.find('.') != std::string::npos) return false;
    key.style = LoRAStyle::kPeft;
    key.part = part;
    key.module = name.substr(0, at);
    return true;
  }
  return false;
}

bool read_diffusers(std::string name, bool network_named, LoRAKey& key) {
  for (const Suffix& suffix : kDottedSuffixes) {
    if (suffix.part == LoRAPart::kAlpha && !network_named) continue;
    if (!strip_end(name, suffix.text)) continue;
    key.style = suffix.style;
    key.part = suffix.part;
    key.module = suffix.style == LoRAStyle::kProcessor ? projection_of(name, key.network) : name;
    return true;
  }
  return false;
}

std::optional<LoRAKey> dotted_key(std::string name) {
  const std::string wrapper = "base_model.model.";
  LoRAKey key;
  strip_start(name, wrapper);
  const bool text_encoder = strip_start(name, "text_encoder.");
  const bool unet = !text_encoder && strip_start(name, "unet.");
  strip_start(name, wrapper);
  if (text_encoder || (!unet && starts_with(name, "text_model."))) {
    key.network = AdaptedNetwork::kTextEncoder;
  }
  if (read_peft(name, key) || read_diffusers(name, text_encoder || unet, key)) {
    return key.module.empty() ? std::nullopt : std::optional<LoRAKey>(key);
  }
  return std::nullopt;
}

}  // namespace

std::optional<LoRAKey> parse_lora_key(const std::string& tensor) {
  if (unsupported_lora(tensor) != nullptr) return std::nullopt;
  const std::optional<LoRAKey> key = kohya_key(tensor);
  return key ? key : dotted_key(tensor);
}

const char* unsupported_lora(const std::string& tensor) {
  const std::string name = "." + tensor + ".";
  const bool lora = name.find("lora") != std::string::npos;
  for (const Kin& kin : kKins) {
    if ((lora || !kin.only_with_lora) && name.find(kin.part) != std::string::npos) return kin.name;
  }
  return nullptr;
}

const char* to_string(LoRAStyle style) {
  switch (style) {
    case LoRAStyle::kKohya:
      return "kohya-ss";
    case LoRAStyle::kProcessor:
      return "diffusers processors";
    case LoRAStyle::kLinear:
      return "diffusers layers";
    case LoRAStyle::kPeft:
      break;
  }
  return "peft";
}

const char* to_string(AdaptedNetwork network) {
  return network == AdaptedNetwork::kUNet ? "unet" : "text_encoder";
}

}  // namespace patina::diffusion::internal
