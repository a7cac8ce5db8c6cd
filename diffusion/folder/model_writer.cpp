// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <torch/utils.h>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "diffusion/folder/model_writer_torch.h"
#include "tensors/blobs_torch.h"

namespace patina::diffusion {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

struct Component {
  std::string stem;  // of the weights' file
  json config;
  const Weights& weights;
};

void write_component(const fs::path& folder, const Component& part, torch::ScalarType dtype) {
  const torch::NoGradGuard no_grad;
  core::make_folder(folder);
  std::map<std::string, core::TensorBlob> blobs;
  for (const auto& [name, weight] : part.weights.by_name()) {
    blobs[name] = tensors::blob_from_tensor(weight->effective().to(dtype));
  }
  core::write_safetensors(folder / (part.stem + ".safetensors"), blobs, {{"format", "pt"}});
  core::write_file_atomic(folder / "config.json", core::dump_json(part.config));
}

void copy_files(const fs::path& from, const fs::path& to) {
  core::make_folder(to);
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    if (!entry.is_regular_file()) continue;
    const fs::path target = to / entry.path().filename();
    if (fs::exists(target) && fs::equivalent(entry.path(), target)) continue;
    core::write_file_atomic(target, core::read_file(entry.path()));
  }
}

}  // namespace

void write_vae(const fs::path& folder, const Vae& vae, torch::ScalarType dtype) {
  write_component(folder, {"diffusion_pytorch_model", to_json(vae.config()), vae.weights()}, dtype);
}

void write_model_folder(const fs::path& root, const ModelParts& parts, torch::ScalarType dtype) {
  write_component(root / "unet",
                  {"diffusion_pytorch_model", to_json(parts.unet.config()), parts.unet.weights()},
                  dtype);
  write_vae(root / "vae", parts.vae, dtype);
  json text = to_json(parts.text_encoder.config());
  text["vocab_size"] = parts.text_encoder.token_embedding()->value.size(0);
  write_component(root / "text_encoder", {"model", text, parts.text_encoder.weights()}, dtype);
  copy_files(parts.tokenizer, root / "tokenizer");
  core::make_folder(root / "scheduler");
  core::write_file_atomic(root / "scheduler" / "scheduler_config.json",
                          parts.scheduler.source_json);
  const json index = {{"_class_name", "StableDiffusionPipeline"},
                      {"_diffusers_version", "0.30.0"},
                      {"requires_safety_checker", false},
                      {"feature_extractor", {nullptr, nullptr}},
                      {"safety_checker", {nullptr, nullptr}},
                      {"scheduler", {"diffusers", "DDIMScheduler"}},
                      {"text_encoder", {"transformers", "CLIPTextModel"}},
                      {"tokenizer", {"transformers", "CLIPTokenizer"}},
                      {"unet", {"diffusers", "UNet2DConditionModel"}},
                      {"vae", {"diffusers", "AutoencoderKL"}}};
  core::write_file_atomic(root / "model_index.json", core::dump_json(index));
}

}  // namespace patina::diffusion
