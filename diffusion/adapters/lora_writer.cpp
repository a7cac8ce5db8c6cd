// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/safetensors.h"
#include "diffusion/adapters/lora_torch.h"
#include "diffusion/files/lora_names.h"
#include "tensors/blobs_torch.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using torch::Tensor;

namespace {

/// Tensors and metadata of a file to be written.
struct Contents {
  std::map<std::string, core::TensorBlob> tensors;
  std::map<std::string, std::string> metadata;
};

// A number as Python prints it: "2.0".
std::string python_text(double value) { return nlohmann::json(value).dump(); }

void add_factor(const Tensor& factor,
                torch::ScalarType dtype,
                const std::string& name,
                Contents& contents) {
  const Tensor stored = factor.detach().to(torch::kCPU, dtype);
  if (!torch::isfinite(stored).all().item<bool>()) {
    throw Error(ErrorKind::kInput,
                "LoRA, tensor " + core::in_quotes(name),
                "holds a value that is not finite",
                "the training diverged, or write it in float32");
  }
  contents.tensors[name] = tensors::blob_from_tensor(stored);
}

void add_kohya(const std::string& prefix,
               const std::map<std::string, LowRank>& changes,
               torch::ScalarType dtype,
               Contents& contents) {
  for (const auto& [weight, change] : changes) {
    const std::string name = prefix + internal::flattened(internal::module_of_weight(weight));
    add_factor(change.down, dtype, name + ".lora_down.weight", contents);
    add_factor(change.up, dtype, name + ".lora_up.weight", contents);
    contents.tensors[name + ".alpha"] = tensors::blob_from_tensor(
        torch::tensor(change.alpha, torch::TensorOptions(torch::kFloat32)));
  }
}

void add_peft(const std::string& prefix,
              const std::map<std::string, LowRank>& changes,
              torch::ScalarType dtype,
              Contents& contents) {
  for (const auto& [weight, change] : changes) {
    const std::string name = prefix + internal::module_of_weight(weight);
    const double factor = change.alpha / static_cast<double>(change.rank());
    add_factor(change.down, dtype, name + ".lora_A.weight", contents);
    add_factor(change.up * factor, dtype, name + ".lora_B.weight", contents);
  }
}

// The one value of all modules, or kohya-ss's word for several.
std::string common(const std::set<std::string>& values) {
  return values.size() == 1 ? *values.begin() : "Dynamic";
}

std::map<std::string, std::string> written_metadata(const LoRA& lora, LoRAFormat format) {
  std::map<std::string, std::string> metadata = lora.metadata;
  for (const char* stale : {"lora_adapter_metadata",
                            "lora_alpha",
                            "ss_network_alpha",
                            "ss_network_dim",
                            "ss_network_module"}) {
    metadata.erase(stale);
  }
  metadata["format"] = "pt";
  if (format == LoRAFormat::kPeft) return metadata;
  std::set<std::string> ranks;
  std::set<std::string> alphas;
  for (const auto* changes : {&lora.unet, &lora.text_encoder}) {
    for (const auto& [name, change] : *changes) {
      ranks.insert(std::to_string(change.rank()));
      alphas.insert(python_text(change.alpha));
    }
  }
  metadata["ss_network_dim"] = common(ranks);
  metadata["ss_network_alpha"] = common(alphas);
  metadata["ss_network_module"] = "networks.lora";
  return metadata;
}

}  // namespace

void write_lora(const std::filesystem::path& path,
                const LoRA& lora,
                LoRAFormat format,
                torch::ScalarType dtype) {
  if (lora.unet.empty() && lora.text_encoder.empty()) {
    throw Error(ErrorKind::kInput, path.string(), "the LoRA to write is empty", "train it first");
  }
  Contents contents;
  if (format == LoRAFormat::kKohya) {
    add_kohya("lora_unet_", lora.unet, dtype, contents);
    add_kohya("lora_te_", lora.text_encoder, dtype, contents);
  } else {
    add_peft("unet.", lora.unet, dtype, contents);
    add_peft("text_encoder.", lora.text_encoder, dtype, contents);
  }
  contents.metadata = written_metadata(lora, format);
  core::write_safetensors(path, contents.tensors, contents.metadata);
}

}  // namespace patina::diffusion
