// SPDX-License-Identifier: Apache-2.0
// Reads a LoRA's file: tensors -> modules (internal/lora_keys.h) -> weights
// (internal/lora_names.h).
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/safetensors.h"
#include "core/text.h"
#include "diffusion/adapters/internal/lora_alphas.h"
#include "diffusion/adapters/lora_torch.h"
#include "diffusion/files/lora_keys.h"
#include "diffusion/files/lora_names.h"
#include "diffusion/files/pickles.h"
#include "diffusion/files/wording.h"
#include "tensors/blobs_torch.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using internal::AdaptedNetwork;
using internal::LoRAKey;
using internal::LoRAPart;
using internal::LoRAStyle;
using torch::Tensor;

namespace {

constexpr const char* kFetchAgain = "fetch or write the file again";

/// A module of the file: the names of its tensors, empty where there is none.
struct Entry {
  LoRAKey key;
  std::string down;
  std::string up;
  std::string alpha;
};
using Entries = std::map<std::pair<AdaptedNetwork, std::string>, Entry>;

std::string& slot(Entry& entry, LoRAPart part) {
  switch (part) {
    case LoRAPart::kDown:
      return entry.down;
    case LoRAPart::kUp:
      return entry.up;
    case LoRAPart::kAlpha:
      break;
  }
  return entry.alpha;
}

void require_supported(const core::SafetensorsFile& file) {
  for (const auto& [name, view] : file.tensors()) {
    const char* kind = internal::unsupported_lora(name);
    if (kind == nullptr) continue;
    throw Error(ErrorKind::kUnsupported,
                file.where() + ", tensor " + core::in_quotes(name),
                std::string("belongs to ") + kind + ", which is not supported",
                "use a plain LoRA for Stable Diffusion 1.x or 2.x");
  }
}

Entries read_entries(const core::SafetensorsFile& file) {
  require_supported(file);
  Entries entries;
  std::vector<std::string> unknown;
  for (const auto& [name, view] : file.tensors()) {
    const std::optional<LoRAKey> key = internal::parse_lora_key(name);
    if (!key) {
      unknown.push_back(name);
      continue;
    }
    Entry& entry =
        entries.try_emplace({key->network, key->module}, Entry{*key, {}, {}, {}}).first->second;
    std::string& place = slot(entry, key->part);
    if (!place.empty()) {
      throw Error(ErrorKind::kInput,
                  file.where() + ", module " + core::in_quotes(key->module),
                  core::in_quotes(place) + " and " + core::in_quotes(name) + " are the same factor",
                  kFetchAgain);
    }
    place = name;
    if (key->part != LoRAPart::kAlpha) entry.key.style = key->style;
  }
  if (entries.empty()) {
    throw Error(ErrorKind::kInput, file.where(), "holds no LoRA", "give a LoRA's file");
  }
  if (!unknown.empty()) {
    throw Error(ErrorKind::kInput,
                file.where(),
                "holds tensors that belong to no LoRA: " + internal::listed(unknown),
                "use a plain LoRA");
  }
  return entries;
}

std::string style_of(const Entries& entries) {
  std::set<std::string> styles;
  for (const auto& [id, entry] : entries) styles.insert(to_string(entry.key.style));
  return core::join(styles, " and ");
}

const std::string kWeightEnd = ".weight";

/// Finds the weights of one network.
class Lookup {
 public:
  explicit Lookup(const Weights& weights) : weights_(weights), flat_(modules_of(weights)) {}

  /// nullptr if the network has no such module.
  WeightHandle find(const LoRAKey& key) const {
    if (key.style != LoRAStyle::kKohya) return weights_.find(key.module + kWeightEnd);
    const std::string* module = flat_.find(key.module);
    return module == nullptr ? nullptr : weights_.find(*module + kWeightEnd);
  }

 private:
  static std::vector<std::string> modules_of(const Weights& weights) {
    std::vector<std::string> modules;
    for (const auto& [name, weight] : weights.by_name()) {
      const bool is_weight = name.size() > kWeightEnd.size() &&
                             name.compare(name.size() - kWeightEnd.size(),
                                          kWeightEnd.size(),
                                          kWeightEnd) == 0;
      if (is_weight) modules.push_back(internal::module_of_weight(name));
    }
    return modules;
  }

  const Weights& weights_;
  internal::FlatNames flat_;
};

/// Turns the entries of one file into changes of weights.
class EntryReader {
 public:
  EntryReader(const core::SafetensorsFile& file, const internal::DeclaredAlphas& alphas)
      : file_(file), alphas_(alphas) {}

  LowRank read(const Entry& entry, const Tensor& weight) const {
    const std::string where = file_.where() + ", module " + core::in_quotes(entry.key.module);
    if (entry.down.empty() || entry.up.empty()) {
      throw Error(ErrorKind::kInput,
                  where,
                  std::string("has no ") + (entry.down.empty() ? "down" : "up") + " factor",
                  kFetchAgain);
    }
    LowRank change;
    change.down = factor(entry.down);
    change.up = factor(entry.up);
    shape(change, weight.sizes().vec(), where);
    change.alpha = alpha(entry, change.rank());
    return change;
  }

 private:
  // float32, in memory of its own
  Tensor factor(const std::string& name) const {
    const Tensor stored = tensors::tensor_over(file_, file_.at(name));
    const std::string where = file_.where() + ", tensor " + core::in_quotes(name);
    if (!stored.is_floating_point()) {
      throw Error(
          ErrorKind::kInput,
          where,
          std::string("dtype ") + core::to_string(file_.at(name).dtype) + " is not a floating type",
          kFetchAgain);
    }
    const Tensor value = stored.to(torch::kFloat32, /*non_blocking=*/false, /*copy=*/true);
    if (!torch::isfinite(value).all().item<bool>()) {
      throw Error(ErrorKind::kInput,
                  where,
                  "holds a value that is not finite",
                  "the LoRA is damaged or its training diverged; use another copy");
    }
    return value;
  }

  // Files write 1x1 kernels with or without their last two sides.
  static std::vector<std::int64_t> trimmed(std::vector<std::int64_t> shape) {
    while (shape.size() > 2 && shape.back() == 1) shape.pop_back();
    return shape;
  }

  // Checks the factors and gives them the weight's number of dimensions.
  static void shape(LowRank& change,
                    const std::vector<std::int64_t>& weight,
                    const std::string& where) {
    const std::vector<std::int64_t> down = change.down.sizes().vec();
    const std::vector<std::int64_t> up = change.up.sizes().vec();
    const std::string shapes = "down " + internal::shape_text(down) + " and up " +
                               internal::shape_text(up);
    const bool is_layer = weight.size() == 2 || weight.size() == 4;
    if (!is_layer || down.size() < 2 || up.size() < 2) {
      throw Error(ErrorKind::kInput,
                  where,
                  shapes + " cannot change a weight " + internal::shape_text(weight),
                  "use a LoRA of linear and convolution layers");
    }
    if (down[0] != up[1] || down[0] < 1) {
      throw Error(ErrorKind::kInput, where, shapes + " differ in their rank", kFetchAgain);
    }
    std::vector<std::int64_t> full_down = weight;
    full_down[0] = down[0];
    std::vector<std::int64_t> full_up(weight.size(), 1);
    full_up[0] = weight[0];
    full_up[1] = down[0];
    if (trimmed(down) != trimmed(full_down) || trimmed(up) != trimmed(full_up)) {
      throw Error(ErrorKind::kInput,
                  where,
                  shapes + " do not fit the model's weight " + internal::shape_text(weight),
                  "use a LoRA made for this base model");
    }
    change.down = change.down.view(full_down);
    change.up = change.up.view(full_up);
  }

  double alpha(const Entry& entry, std::int64_t rank) const {
    const auto rank_itself = static_cast<double>(rank);
    if (entry.alpha.empty()) return alphas_.find(entry.key, rank).value_or(rank_itself);
    const Tensor stored = tensors::tensor_over(file_, file_.at(entry.alpha)).to(torch::kFloat64);
    if (stored.numel() != 1 || !std::isfinite(stored.item<double>())) {
      throw Error(
          ErrorKind::kInput,
          file_.where() + ", tensor " + core::in_quotes(entry.alpha),
          "shape " + internal::shape_text(stored.sizes().vec()) + ", an alpha is one finite number",
          kFetchAgain);
    }
    return stored.item<double>();
  }

  const core::SafetensorsFile& file_;
  const internal::DeclaredAlphas& alphas_;
};

void require_all_found(const core::SafetensorsFile& file,
                       const Entries& entries,
                       const std::map<AdaptedNetwork, Lookup>& lookups) {
  std::vector<std::string> missing;
  for (const auto& [id, entry] : entries) {
    if (!lookups.at(id.first).find(entry.key)) missing.push_back(id.second);
  }
  if (missing.empty()) return;
  throw Error(ErrorKind::kInput,
              file.where(),
              "changes modules that the model does not have: " + internal::listed(missing),
              "use a LoRA made for this base model");
}

}  // namespace

LoRA read_lora(const std::filesystem::path& path,
               const Weights& unet,
               const Weights& text_encoder) {
  internal::refuse_pickle(path);
  const auto file = core::SafetensorsFile::open(path);
  const Entries entries = read_entries(file);
  const std::map<AdaptedNetwork, Lookup> lookups = {
      {AdaptedNetwork::kUNet, Lookup(unet)}, {AdaptedNetwork::kTextEncoder, Lookup(text_encoder)}};
  require_all_found(file, entries, lookups);
  const internal::DeclaredAlphas alphas(path, file.metadata());
  const EntryReader reader(file, alphas);
  LoRA lora;
  lora.style = style_of(entries);
  lora.metadata = file.metadata();
  for (const auto& [id, entry] : entries) {
    const WeightHandle weight = lookups.at(id.first).find(entry.key);
    auto& changes = id.first == AdaptedNetwork::kUNet ? lora.unet : lora.text_encoder;
    if (!changes.emplace(weight->name, reader.read(entry, weight->value)).second) {
      throw Error(ErrorKind::kInput,
                  file.where() + ", module " + core::in_quotes(id.second),
                  "changes " + core::in_quotes(weight->name) + ", which another module does, too",
                  kFetchAgain);
    }
  }
  return lora;
}

}  // namespace patina::diffusion
