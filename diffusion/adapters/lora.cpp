// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <iterator>

#include <torch/utils.h>

#include "core/error.h"
#include "core/rng.h"
#include "diffusion/adapters/lora_torch.h"
#include "diffusion/files/wording.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using torch::Tensor;

namespace {

struct Match {
  WeightHandle weight;
  const LowRank* change = nullptr;
};

bool fits(const LowRank& change, const Tensor& weight) {
  return weight.dim() >= 2 && change.down.dim() >= 2 && change.up.dim() >= 2 &&
         change.up.size(0) == weight.size(0) &&
         change.up.numel() == weight.size(0) * change.rank() &&
         change.down.numel() == weight.numel() / weight.size(0) * change.rank();
}

void match(const std::map<std::string, LowRank>& changes,
           const Weights& weights,
           const std::string& network,
           std::vector<Match>& matches) {
  for (const auto& [name, change] : changes) {
    const WeightHandle weight = weights.find(name);
    if (weight && fits(change, weight->value)) {
      matches.push_back({weight, &change});
      continue;
    }
    const std::string shapes = "down " + internal::shape_text(change.down.sizes().vec()) +
                               " and up " + internal::shape_text(change.up.sizes().vec());
    throw Error(ErrorKind::kInput,
                "LoRA, " + network + " weight " + core::in_quotes(name),
                weight ? shapes + " do not fit its shape " +
                             internal::shape_text(weight->value.sizes().vec())
                       : "the model has no such weight",
                "use a LoRA made for this base model");
  }
}

std::vector<Match> matches_of(const LoRA& lora,
                              double scale,
                              const Weights& unet,
                              const Weights& text_encoder) {
  if (!std::isfinite(scale)) {
    throw Error(ErrorKind::kInput, "LoRA scale", "is not finite", "give a number such as 0.8");
  }
  std::vector<Match> matches;
  match(lora.unet, unet, "UNet", matches);
  match(lora.text_encoder, text_encoder, "text encoder", matches);
  return matches;
}

// up down, shaped as the weight; both on the same device.
Tensor product(const Tensor& up, const Tensor& down, at::IntArrayRef shape) {
  return up.flatten(1).mm(down.flatten(1)).view(shape);  // [out,rank] [rank,in*k*k]
}

Tensor adapted(const Tensor& stored, const Tensor& up, const Tensor& down, double factor) {
  const Tensor change = product(up.to(stored.device()), down.to(stored.device()), stored.sizes());
  const torch::ScalarType dtype = stored.scalar_type();
  const torch::ScalarType wide = dtype == torch::kFloat64 ? dtype : torch::kFloat32;
  return (stored.to(wide) + factor * change).to(dtype);
}

double factor_of(const LowRank& change) {
  return change.alpha / static_cast<double>(change.rank());
}

bool is_attached(const WeightHandle& weight, const Tensor& leaf) {
  return std::any_of(weight->adapters.begin(), weight->adapters.end(), [&](const Adapter& adapter) {
    return !adapter.leaves.empty() && adapter.leaves.front().is_same(leaf);
  });
}

// Factors to be trained stay themselves; others are aliases of their own, on the weight's device.
Tensor leaf_of(const Tensor& factor, const Tensor& weight) {
  return factor.requires_grad() ? factor : factor.detach().to(weight.device());
}

void validate(const NewLoRAOptions& options) {
  constexpr std::int64_t kMaxRank = 4096;
  if (options.rank < 1 || options.rank > kMaxRank) {
    throw Error(ErrorKind::kInput,
                "LoRA rank",
                "is " + std::to_string(options.rank),
                "give a whole number from 1 to 4096");
  }
  if (!std::isfinite(options.alpha) || options.alpha <= 0.0) {
    throw Error(ErrorKind::kInput,
                "LoRA alpha",
                "is " + std::to_string(options.alpha),
                "give a number above 0");
  }
}

bool can_be_adapted(const Weight& weight) {
  const bool is_layer = weight.value.dim() == 2 || weight.value.dim() == 4;
  return is_layer && weight.name.find("embeddings.") == std::string::npos;
}

Tensor uniform(const std::vector<std::int64_t>& shape, core::Rng rng) {
  Tensor values = torch::empty(shape);
  const double bound = 1.0 / std::sqrt(static_cast<double>(values.numel()) /
                                       static_cast<double>(shape[0]));
  auto* data = values.data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    data[i] = static_cast<float>(rng.uniform(-bound, bound));
  }
  return values;
}

LowRank new_change(const Weight& weight, const NewLoRAOptions& options, const core::Rng& rng) {
  std::vector<std::int64_t> down = weight.value.sizes().vec();  // [out,in] or [out,in,k,k]
  std::vector<std::int64_t> up(down.size(), 1);
  up[0] = down[0];
  up[1] = options.rank;
  down[0] = options.rank;
  const torch::Device device = weight.value.device();
  LowRank change;
  change.down = uniform(down, rng.fork(weight.name)).to(device).requires_grad_(true);
  change.up = torch::zeros(up).to(device).requires_grad_(true);
  change.alpha = options.alpha;
  return change;
}

std::map<std::string, LowRank> new_changes(const Weights& weights,
                                           const std::function<bool(const std::string&)>& wanted,
                                           const NewLoRAOptions& options,
                                           const core::Rng& rng) {
  std::map<std::string, LowRank> changes;
  if (!wanted) return changes;
  for (const auto& [name, weight] : weights.by_name()) {
    if (can_be_adapted(*weight) && wanted(name)) {
      changes.emplace(name, new_change(*weight, options, rng));
    }
  }
  return changes;
}

}  // namespace

Tensor LowRank::delta() const {
  std::vector<std::int64_t> shape = down.sizes().vec();
  shape[0] = up.size(0);
  return factor_of(*this) * product(up, down, shape);
}

std::vector<Tensor> LoRA::factors() const {
  std::vector<Tensor> all;
  for (const auto* changes : {&unet, &text_encoder}) {
    for (const auto& [name, change] : *changes) {
      all.push_back(change.down);
      all.push_back(change.up);
    }
  }
  return all;
}

void merge_lora(const LoRA& lora, double scale, Weights& unet, Weights& text_encoder) {
  const torch::NoGradGuard no_grad;
  for (const Match& found : matches_of(lora, scale, unet, text_encoder)) {
    Tensor& value = found.weight->value;
    const bool trainable = value.requires_grad();
    value = adapted(value, found.change->up, found.change->down, scale * factor_of(*found.change))
                .contiguous(value.suggest_memory_format())
                .requires_grad_(trainable);
  }
}

AttachedLoRA attach_lora(const LoRA& lora,
                         double scale,
                         const Weights& unet,
                         const Weights& text_encoder) {
  const std::vector<Match> matches = matches_of(lora, scale, unet, text_encoder);
  for (const Match& found : matches) {
    if (is_attached(found.weight, found.change->down)) {
      throw Error(ErrorKind::kInput,
                  "LoRA, weight " + core::in_quotes(found.weight->name),
                  "is attached already and trainable",
                  "detach it first");
    }
  }
  AttachedLoRA attached;
  attached.scale_ = std::make_shared<double>(scale);
  for (const Match& found : matches) {
    const Tensor down = leaf_of(found.change->down, found.weight->value);
    const Tensor up = leaf_of(found.change->up, found.weight->value);
    const auto apply = [down, up, factor = factor_of(*found.change), shared = attached.scale_](
                           const Tensor& stored) {
      return adapted(stored, up, down, *shared * factor);
    };
    found.weight->adapters.push_back({{down, up}, apply});
    attached.places_.push_back({found.weight, down});
  }
  return attached;
}

void AttachedLoRA::detach() {
  for (const Place& place : places_) {
    std::vector<Adapter>& adapters = place.weight->adapters;
    const auto is_ours = [&place](const Adapter& adapter) {
      return !adapter.leaves.empty() && adapter.leaves.front().is_same(place.down);
    };
    adapters.erase(std::remove_if(adapters.begin(), adapters.end(), is_ours), adapters.end());
  }
  places_.clear();
}

bool is_attention_projection(const std::string& weight) {
  constexpr const char* kEnds[] = {".to_q.weight",
                                   ".to_k.weight",
                                   ".to_v.weight",
                                   ".to_out.0.weight",
                                   ".q_proj.weight",
                                   ".k_proj.weight",
                                   ".v_proj.weight",
                                   ".out_proj.weight"};
  return std::any_of(std::begin(kEnds), std::end(kEnds), [&weight](const std::string& end) {
    return weight.size() > end.size() &&
           weight.compare(weight.size() - end.size(), end.size(), end) == 0;
  });
}

LoRA new_lora(const Weights& unet, const Weights& text_encoder, const NewLoRAOptions& options) {
  validate(options);
  const core::Rng rng(options.seed);
  LoRA lora;
  lora.style = "new";
  lora.unet = new_changes(unet, options.unet, options, rng.fork("unet"));
  lora.text_encoder = new_changes(
      text_encoder, options.text_encoder, options, rng.fork("text_encoder"));
  if (lora.unet.empty() && lora.text_encoder.empty()) {
    throw Error(ErrorKind::kInput,
                "new LoRA",
                "no linear or convolution weight is picked",
                "name weights of the UNet or the text encoder");
  }
  return lora;
}

}  // namespace patina::diffusion
