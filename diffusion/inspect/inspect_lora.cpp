// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "core/json.h"
#include "core/safetensors.h"
#include "core/text.h"
#include "diffusion/files/lora_keys.h"
#include "diffusion/files/lora_names.h"
#include "diffusion/inspect/internal/fact_sheet.h"
#include "diffusion/inspect/internal/file_summary.h"

namespace patina::diffusion::internal {

using nlohmann::json;

namespace {

using Counts = std::map<double, std::uint64_t>;

struct LoRASummary {
  std::set<std::string> styles;
  std::set<std::string> unsupported;
  Counts ranks;                                  // modules by rank
  Counts alphas;                                 // modules by alpha
  std::map<std::string, std::uint64_t> modules;  // by network
  std::map<std::string, std::uint64_t> targets;  // by what they do
};

template <typename Number>
Number value_at(const core::TensorView& view) {
  Number value = 0;
  std::memcpy(&value, view.data, sizeof value);
  return value;
}

// IEEE 754 binary16.
double half_value(std::uint16_t bits) {
  constexpr int kBias = 15;
  constexpr int kMantissaBits = 10;
  const int exponent = (bits >> kMantissaBits) & 0x1F;
  const int mantissa = bits & 0x3FF;
  const double sign = (bits & 0x8000U) != 0 ? -1.0 : 1.0;
  if (exponent == 0x1F) return sign * std::numeric_limits<double>::infinity();
  if (exponent == 0) return sign * std::ldexp(mantissa, 1 - kBias - kMantissaBits);
  return sign * std::ldexp(mantissa + 0x400, exponent - kBias - kMantissaBits);
}

// nullopt unless the tensor is one finite number.
std::optional<double> number_in(const core::TensorView& view) {
  if (view.size_bytes != core::size_of(view.dtype)) return std::nullopt;
  double value = std::numeric_limits<double>::infinity();
  if (view.dtype == core::DType::kF64) value = value_at<double>(view);
  if (view.dtype == core::DType::kF32) value = static_cast<double>(value_at<float>(view));
  if (view.dtype == core::DType::kF16) value = half_value(value_at<std::uint16_t>(view));
  if (view.dtype == core::DType::kBF16) {
    const auto bits = static_cast<std::uint32_t>(value_at<std::uint16_t>(view)) << 16U;
    float wide = 0.0F;
    std::memcpy(&wide, &bits, sizeof wide);
    value = static_cast<double>(wide);
  }
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

struct Target {
  const char* part;  // of the flattened name
  const char* name;
};
constexpr Target kTargets[] = {{"self_attn", "self-attention"},
                               {"attn1", "self-attention"},
                               {"attn2", "cross-attention"},
                               {"ff_net", "feed-forward"},
                               {"mlp_fc", "feed-forward"},
                               {"proj_in", "projections"},
                               {"proj_out", "projections"},
                               {"time_emb", "time embedding"},
                               {"emb_layers", "time embedding"},
                               {"conv", "convolutions"},
                               {"in_layers", "convolutions"},
                               {"out_layers", "convolutions"}};

const char* target_of(const std::string& module) {
  const std::string flat = flattened(module);
  const auto* found = std::find_if(
      std::begin(kTargets), std::end(kTargets), [&flat](const Target& target) {
        return flat.find(target.part) != std::string::npos;
      });
  return found == std::end(kTargets) ? "others" : found->name;
}

void count(const LoRAKey& key, const core::TensorView& view, LoRASummary& summary) {
  if (key.part == LoRAPart::kAlpha) {
    const std::optional<double> alpha = number_in(view);
    if (alpha) summary.alphas[*alpha] += 1;
    return;
  }
  summary.styles.insert(to_string(key.style));
  if (key.part != LoRAPart::kDown || view.shape.empty()) return;
  summary.ranks[static_cast<double>(view.shape[0])] += 1;
  summary.modules[to_string(key.network)] += 1;
  summary.targets[target_of(key.module)] += 1;
}

LoRASummary summary_of_lora(const core::SafetensorsFile& file) {
  LoRASummary summary;
  for (const auto& [name, view] : file.tensors()) {
    const char* unsupported = unsupported_lora(name);
    if (unsupported != nullptr) {
      summary.unsupported.insert(unsupported);
    } else if (const std::optional<LoRAKey> key = parse_lora_key(name)) {
      count(*key, view, summary);
    }
  }
  return summary;
}

std::string counts_text(const std::map<std::string, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [name, number] : counts) {
    text += (text.empty() ? "" : ", ") + name + " " + std::to_string(number);
  }
  return text;
}

json counts_json(const Counts& counts, const char* name) {
  json list = json::array();
  for (const auto& [value, modules] : counts) {
    list.push_back({{name, value}, {"modules", modules}});
  }
  return list;
}

}  // namespace

bool is_lora(const core::SafetensorsFile& file) {
  return std::any_of(file.tensors().begin(), file.tensors().end(), [](const auto& item) {
    const std::optional<LoRAKey> key = parse_lora_key(item.first);
    return (key && key->part != LoRAPart::kAlpha) || unsupported_lora(item.first) != nullptr;
  });
}

Inspection inspect_lora(const core::SafetensorsFile& file) {
  const LoRASummary lora = summary_of_lora(file);
  FactSheet sheet("LoRA");
  const std::set<std::string>& styles = lora.unsupported.empty() ? lora.styles : lora.unsupported;
  sheet.add("Style", "style", core::join(styles));
  const bool usable = lora.unsupported.empty();
  sheet.add("Supported", "supported", usable ? "yes" : "no, a plain LoRA would be", usable);
  if (!lora.ranks.empty()) {
    sheet.add(
        "Rank", "ranks", distribution_text(lora.ranks, "module"), counts_json(lora.ranks, "rank"));
  }
  sheet.add("Alpha",
            "alphas",
            lora.alphas.empty() ? "not in the tensors" : distribution_text(lora.alphas, "module"),
            counts_json(lora.alphas, "alpha"));
  if (!lora.modules.empty()) {
    sheet.add("Modules", "modules", counts_text(lora.modules), lora.modules);
    sheet.add("Targets", "targets", counts_text(lora.targets), lora.targets);
  }
  add_summary(summary_of({file}), sheet);
  add_training(file.metadata(), sheet);
  sheet.add("", "metadata", "", one_line(file.metadata()));
  return sheet.take();
}

}  // namespace patina::diffusion::internal
