// SPDX-License-Identifier: Apache-2.0
#include "diffusion/personalize/personalize_options.h"

#include <algorithm>
#include <iterator>

#include "core/error.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;

namespace {

constexpr LoRATargets kLoRATargets[] = {
    LoRATargets::kAttention, LoRATargets::kTransformer, LoRATargets::kAll};

struct MethodRow {
  PersonalizeMethod method;
  const char* name;
  MethodDefaults defaults;
  MethodReads reads;  ///< lora, text_encoder, token, prior.
};

// Rates are the papers' for Stable Diffusion (5e-6 DreamBooth, 1e-4 LoRA, 5e-4 textual inversion,
// 1e-3 SVDiff, 1e-5 Custom Diffusion) times what a base of a fortieth of the weights bears.
constexpr MethodRow kMethods[] = {
    {PersonalizeMethod::kFull, "full", {400, 1e-4}, {false, true, false, false}},
    {PersonalizeMethod::kLoRA, "lora", {400, 2e-3}, {true, true, false, false}},
    {PersonalizeMethod::kDreamBooth, "dreambooth", {400, 1e-4}, {false, true, false, true}},
    {PersonalizeMethod::kTextualInversion,
     "textual-inversion",
     {600, 5e-3},
     {false, false, true, false}},
    {PersonalizeMethod::kSVDiff, "svdiff", {400, 1e-2}, {false, true, false, false}},
    {PersonalizeMethod::kCustomDiffusion,
     "custom-diffusion",
     {600, 1e-3},
     {false, false, true, true}}};

const MethodRow& row_of(PersonalizeMethod method) {
  return *std::find_if(std::begin(kMethods), std::end(kMethods), [&](const MethodRow& row) {
    return row.method == method;
  });
}

void require(bool holds, const char* flag, const std::string& what) {
  if (!holds) throw Error(ErrorKind::kUsage, flag, what, "see patina personalize --help");
}

void validate(const LoRAOptions& options) {
  require(options.rank >= 1 && options.rank <= 4096, "--rank", "is outside 1 to 4096");
  require(options.alpha > 0.0, "--alpha", "is not above 0");
}

void validate(const PriorOptions& options) {
  require(options.class_images >= 1 && options.class_images <= 10'000,
          "--class-images",
          "is outside 1 to 10000");
  require(options.weight >= 0.0, "--prior-weight", "is below 0");
}

}  // namespace

const char* to_string(PersonalizeMethod method) { return row_of(method).name; }

std::vector<std::string> personalize_method_names() {
  std::vector<std::string> names;
  for (const MethodRow& row : kMethods) names.emplace_back(row.name);
  return names;
}

PersonalizeMethod personalize_method_from_name(const std::string& name) {
  std::string all;
  for (const MethodRow& row : kMethods) {
    if (name == row.name) return row.method;
    all += (all.empty() ? "" : ", ") + std::string(row.name);
  }
  throw Error(
      ErrorKind::kUsage, "--method " + name, "is not a way of personalising", "use one of " + all);
}

MethodDefaults defaults_of(PersonalizeMethod method) { return row_of(method).defaults; }

MethodReads options_read_by(PersonalizeMethod method) { return row_of(method).reads; }

const char* to_string(LoRATargets targets) {
  switch (targets) {
    case LoRATargets::kAttention:
      return "attention";
    case LoRATargets::kTransformer:
      return "transformer";
    case LoRATargets::kAll:
      break;
  }
  return "all";
}

std::vector<std::string> lora_target_names() {
  std::vector<std::string> names;
  for (const LoRATargets targets : kLoRATargets) names.emplace_back(to_string(targets));
  return names;
}

LoRATargets lora_targets_from_name(const std::string& name) {
  for (const LoRATargets targets : kLoRATargets) {
    if (name == to_string(targets)) return targets;
  }
  throw Error(ErrorKind::kUsage,
              "--lora-targets " + name,
              "is no choice of weights",
              "use attention, transformer or all");
}

void validate(const PersonalizeOptions& options) {
  require(!options.base.empty(), "--base", "not given");
  require(!options.images.empty(), "--images", "not given");
  require(!options.output.empty(), "--output", "not given");
  require(!options.steps || (*options.steps >= 0 && *options.steps <= 1'000'000),
          "--steps",
          "is outside 0 to 1000000");
  require(!options.learning_rate || (*options.learning_rate > 0.0 && *options.learning_rate <= 1.0),
          "--learning-rate",
          "is outside (0, 1]");
  require(options.batch >= 1 && options.batch <= 1024, "--batch", "is outside 1 to 1024");
  require(
      options.samples.count >= 0 && options.samples.count <= 64, "--samples", "is outside 0 to 64");
  require(options.checkpoint_every >= 1, "--checkpoint-every", "is below 1");
  const MethodReads reads = options_read_by(options.method);
  if (reads.lora) validate(options.lora);
  if (reads.prior) validate(options.prior);
}

}  // namespace patina::diffusion
