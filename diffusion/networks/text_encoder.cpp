// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "diffusion/networks/attention_torch.h"
#include "diffusion/networks/checkpoint_torch.h"
#include "diffusion/networks/text_encoder_torch.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using torch::Tensor;

namespace {

Tensor activated(const Tensor& x, Activation activation) {
  return activation == Activation::kGelu ? torch::gelu(x) : x * torch::sigmoid(1.702 * x);
}

}  // namespace

TextEncoder::TextEncoder(const TextEncoderConfig& config, WeightLoader& loader) : config_(config) {
  const Scope at(loader, "text_model");
  const Scope embeddings = at / "embeddings";
  loader.ignore("text_model.embeddings.position_ids");  // 0, 1, 2, ...: older files store it
  token_embedding_ = (embeddings / "token_embedding")
                         .take("weight", {config.vocab_size, config.hidden_size}, Init::kNormal);
  position_embedding_ = (embeddings / "position_embedding")
                            .take("weight",
                                  {config.max_positions, config.hidden_size},
                                  Init::kNormal);
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    layers_.push_back(make_layer(at / "encoder" / "layers" / i));
  }
  final_layer_norm_ = layer_norm(
      at / "final_layer_norm", config.hidden_size, config.layer_norm_eps);
  weights_ = loader.finish();
}

TextEncoder::Layer TextEncoder::make_layer(const Scope& at) const {
  const std::int64_t width = config_.hidden_size;
  const Scope attn = at / "self_attn";
  Layer layer;
  layer.layer_norm1 = layer_norm(at / "layer_norm1", width, config_.layer_norm_eps);
  layer.q_proj = linear(attn / "q_proj", width, width);
  layer.k_proj = linear(attn / "k_proj", width, width);
  layer.v_proj = linear(attn / "v_proj", width, width);
  layer.out_proj = linear(attn / "out_proj", width, width);
  layer.layer_norm2 = layer_norm(at / "layer_norm2", width, config_.layer_norm_eps);
  layer.fc1 = linear(at / "mlp" / "fc1", width, config_.intermediate_size);
  layer.fc2 = linear(at / "mlp" / "fc2", config_.intermediate_size, width);
  layer.weights = at.taken();
  return layer;
}

Tensor TextEncoder::through(const Layer& layer, const Tensor& x, const Pass& pass) const {
  const Block block = [this, &layer](const std::vector<Tensor>& in) {
    const std::int64_t heads = config_.num_heads;
    const Tensor normed = layer.layer_norm1(in[0]);  // [B,S,D]
    const Tensor mixed = attention(split_heads(layer.q_proj(normed), heads),
                                   split_heads(layer.k_proj(normed), heads),
                                   split_heads(layer.v_proj(normed), heads),
                                   /*causal=*/true);             // [B,heads,S,d]
    const Tensor h = in[0] + layer.out_proj(join_heads(mixed));  // [B,S,D]
    return h + layer.fc2(activated(layer.fc1(layer.layer_norm2(h)), config_.activation));
  };
  return pass.checkpoint ? checkpointed(block, {x}, layer.weights) : block({x});
}

// The largest id for old files, whose eos_token_id is a wrong 2; else the first end-of-text.
Tensor TextEncoder::end_positions(const Tensor& ids) const {
  constexpr std::int64_t kLegacyEos = 2;
  if (config_.eos_token_id == kLegacyEos) return ids.argmax(1);
  return (ids == config_.eos_token_id).to(torch::kInt32).argmax(1);
}

TextEncoding TextEncoder::forward(const Tensor& ids, const Pass& pass) const {
  const Tensor embedding = token_embedding_->effective();
  if (ids.size(1) > config_.max_positions) {
    throw Error(ErrorKind::kInput,
                "text encoder",
                std::to_string(ids.size(1)) + " tokens, it has " +
                    std::to_string(config_.max_positions) + " positions",
                "shorten the prompt");
  }
  if (ids.numel() > 0 &&
      (ids.min().item<std::int64_t>() < 0 || ids.max().item<std::int64_t>() >= embedding.size(0))) {
    throw Error(ErrorKind::kInput,
                "text encoder",
                "a token id lies outside its vocabulary of " + std::to_string(embedding.size(0)),
                "use the tokenizer that belongs to the model");
  }
  const Tensor placed = ids.to(embedding.device());
  TextEncoding result;
  Tensor x = torch::embedding(embedding, placed) +
             position_embedding_->effective().narrow(0, 0, ids.size(1));  // [B,S,D]
  result.hidden_states.push_back(x);
  for (const Layer& layer : layers_) {
    x = through(layer, x, pass);
    result.hidden_states.push_back(x);
  }
  result.last_hidden_state = final_layer_norm_(x);
  const Tensor rows = torch::arange(placed.size(0), placed.options());
  result.pooled = result.last_hidden_state.index({rows, end_positions(placed)});
  return result;
}

Tensor TextEncoder::context(const Tensor& ids, int clip_skip, const Pass& pass) const {
  if (clip_skip < 0 || clip_skip >= static_cast<int>(layers_.size())) {
    throw Error(ErrorKind::kInput,
                "clip skip " + std::to_string(clip_skip),
                "the text encoder has " + std::to_string(layers_.size()) + " layers",
                "use a smaller number, 0 for none");
  }
  const TextEncoding encoding = forward(ids, pass);
  if (clip_skip == 0) return encoding.last_hidden_state;
  const auto last = static_cast<int>(encoding.hidden_states.size()) - 1;
  return final_layer_norm_(encoding.hidden_states[static_cast<std::size_t>(last - clip_skip)]);
}

std::int64_t TextEncoder::add_embeddings(const Tensor& rows) {
  const Tensor old = token_embedding_->value;
  if (rows.dim() != 2 || rows.size(1) != old.size(1)) {
    throw Error(ErrorKind::kInput,
                "token embedding",
                "width " + std::to_string(rows.dim() == 2 ? rows.size(1) : rows.dim()) +
                    ", the text encoder has " + std::to_string(old.size(1)),
                "use an embedding that was trained for this base model");
  }
  token_embedding_->value = torch::cat({old.detach(), rows.detach().to(old.options())}, 0);
  return old.size(0);
}

}  // namespace patina::diffusion
