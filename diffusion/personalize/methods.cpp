// SPDX-License-Identifier: Apache-2.0
// The methods but SVDiff, which has a file of its own.
#include <torch/autograd.h>
#include <torch/utils.h>

#include "core/error.h"
#include "diffusion/adapters/lora_torch.h"
#include "diffusion/adapters/textual_inversion_torch.h"
#include "diffusion/folder/model_writer_torch.h"
#include "diffusion/personalize/method_torch.h"

namespace patina::diffusion {

namespace fs = std::filesystem;
using torch::Tensor;

namespace {

bool every_weight(const std::string&) { return true; }

void append(std::vector<Tensor>& to, const std::vector<Tensor>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

std::function<bool(const std::string&)> weights_of(LoRATargets targets) {
  if (targets == LoRATargets::kAttention) return is_attention_projection;
  if (targets == LoRATargets::kAll) return every_weight;
  return [](const std::string& name) { return name.find(".attentions.") != std::string::npos; };
}

constexpr const char* kLoRAFile = "pytorch_lora_weights.safetensors";
constexpr const char* kTokenFile = "learned_embeds.safetensors";

}  // namespace

std::vector<fs::path> write_whole_model(const TextToImage& model,
                                        const PersonalizeOptions& options,
                                        const fs::path& folder) {
  write_model_folder(
      folder,
      {model.text_encoder, model.vae, model.unet, model.scheduler, options.base / "tokenizer"},
      torch::kFloat32);
  return {folder / "model_index.json"};
}

Personalization prepare_full(TextToImage& model, const PersonalizeOptions& options) {
  Personalization prepared;
  model.unet.weights().make_trainable(every_weight);
  prepared.leaves = model.unet.weights().trainable();
  if (options.train_text_encoder) {
    model.text_encoder.weights().make_trainable(every_weight);
    append(prepared.leaves, model.text_encoder.weights().trainable());
    prepared.trains_context = true;
  }
  prepared.write = [&model, &options](const fs::path& folder) {
    return write_whole_model(model, options, folder);
  };
  return prepared;
}

Personalization prepare_dreambooth(TextToImage& model, const PersonalizeOptions& options) {
  Personalization prepared = prepare_full(model, options);
  prepared.with_prior = true;
  return prepared;
}

Personalization prepare_lora(TextToImage& model, const PersonalizeOptions& options) {
  NewLoRAOptions making;
  making.rank = options.lora.rank;
  making.alpha = options.lora.alpha;
  making.seed = options.seed;
  making.unet = weights_of(options.lora.targets);
  if (options.train_text_encoder) making.text_encoder = is_attention_projection;
  const LoRA lora = new_lora(model.unet.weights(), model.text_encoder.weights(), making);
  attach_lora(lora, 1.0, model.unet.weights(), model.text_encoder.weights());
  Personalization prepared;
  prepared.leaves = lora.factors();
  prepared.trains_context = options.train_text_encoder;
  prepared.write = [lora](const fs::path& folder) -> std::vector<fs::path> {
    write_lora(folder / kLoRAFile, lora, LoRAFormat::kPeft);
    return {folder / kLoRAFile};
  };
  return prepared;
}

Tensor add_trained_token(TextToImage& model, const PersonalizeOptions& options) {
  const torch::NoGradGuard no_grad;
  const WeightHandle embedding = model.text_encoder.token_embedding();
  const std::vector<std::int64_t> ids = model.tokenizer.encode(options.initializer);
  if (ids.size() < 3) {  // bos, the word, eos
    throw core::Error(core::ErrorKind::kUsage,
                      "--initializer " + core::in_quotes(options.initializer),
                      "holds no word",
                      "name what the images show, such as painting");
  }
  const Tensor inner = torch::tensor(std::vector<std::int64_t>(ids.begin() + 1, ids.end() - 1),
                                     torch::kInt64);
  const Tensor start = embedding->value.index_select(0, inner.to(embedding->value.device()))
                           .to(torch::kFloat32)
                           .mean(0, true);  // [1,D]
  model.tokenizer.add_token(options.token);
  Tensor row = start.clone().requires_grad_(true);
  embedding->adapters.push_back({{row}, [row](const Tensor& stored) {
                                   return torch::cat({stored, row.to(stored.scalar_type())}, 0);
                                 }});
  return row;
}

Personalization prepare_textual_inversion(TextToImage& model, const PersonalizeOptions& options) {
  Personalization prepared;
  const Tensor row = add_trained_token(model, options);
  prepared.leaves = {row};
  prepared.trains_context = true;
  prepared.write = [row, &options](const fs::path& folder) -> std::vector<fs::path> {
    write_embeddings(folder / kTokenFile, {{options.token, row.detach()}});
    return {folder / kTokenFile};
  };
  return prepared;
}

Personalization prepare_custom_diffusion(TextToImage& model, const PersonalizeOptions& options) {
  Personalization prepared;
  model.unet.weights().make_trainable([](const std::string& name) {
    return name.find(".attn2.to_k.") != std::string::npos ||
           name.find(".attn2.to_v.") != std::string::npos;
  });
  prepared.leaves = model.unet.weights().trainable();
  const Tensor row = add_trained_token(model, options);
  prepared.leaves.push_back(row);
  prepared.trains_context = true;
  prepared.with_prior = true;
  prepared.write = [&model, &options, row](const fs::path& folder) {
    // The token goes into a file of its own, as diffusers has it.
    model.text_encoder.token_embedding()->adapters.clear();
    std::vector<fs::path> files = write_whole_model(model, options, folder);
    write_embeddings(folder / kTokenFile, {{options.token, row.detach()}});
    files.push_back(folder / kTokenFile);
    return files;
  };
  return prepared;
}

}  // namespace patina::diffusion
