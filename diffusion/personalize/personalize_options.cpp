// SPDX-License-Identifier: Apache-2.0
#include "diffusion/personalize/personalize_options.h"

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;

namespace {

constexpr core::Named<LoRATargets> kLoRATargets[] = {{LoRATargets::kAttention, "attention"},
                                                     {LoRATargets::kTransformer, "transformer"},
                                                     {LoRATargets::kAll, "all"}};

/// Which of the options a method reads beside those that all read.
struct MethodReads {
  bool lora;          ///< PersonalizeOptions::lora.
  bool text_encoder;  ///< PersonalizeOptions::train_text_encoder.
  bool token;         ///< PersonalizeOptions::token.
  bool prior;         ///< PersonalizeOptions::prior.
};

struct MethodRow {
  PersonalizeMethod value;
  const char* name;
  MethodDefaults defaults;
  MethodReads reads;
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

std::vector<std::string> readers(bool MethodReads::*option) {
  std::vector<std::string> names;
  for (const MethodRow& row : kMethods) {
    if (row.reads.*option) names.emplace_back(row.name);
  }
  return names;
}

// "400, of textual-inversion, custom-diffusion 600".
std::string default_steps_text() {
  const int usual = MethodDefaults().steps;
  std::vector<std::string> others;
  int steps = usual;
  for (const MethodRow& row : kMethods) {
    if (row.defaults.steps == usual) continue;
    others.emplace_back(row.name);
    steps = row.defaults.steps;
  }
  return std::to_string(usual) + ", of " + core::join(others) + " " + std::to_string(steps);
}

core::OptionGroup describe_all(PersonalizeOptions& options) {
  return {{},
          {{"--steps",
            "N",
            "training steps; more come nearer to the images, at the end by heart",
            core::OptionalWholeField{&options.steps, 0, 1'000'000},
            default_steps_text()},
           {"--learning-rate",
            "X",
            "step size of AdamW; larger learns faster, up to where the loss grows",
            core::OptionalRealField{&options.learning_rate, 0.0, 1.0, true},
            "the method's, scaled from its paper to the built-in base"},
           {"--batch",
            "N",
            "images in each step; more are steadier and slower",
            core::WholeField{&options.batch, 1, 1024}},
           {"--prompt",
            "TEXT",
            "caption of images without a text file of their name; {} is the new token, or the "
            "--initializer where there is none",
            core::TextField{&options.prompt}},
           {"--initializer",
            "WORD",
            "word that the new token starts from, or that {} stands for where there is none",
            core::TextField{&options.initializer}}}};
}

core::OptionGroup describe_lora(LoRAOptions& options) {
  return {readers(&MethodReads::lora),
          {{"--lora-targets",
            "NAME",
            "attention (diffusers), transformer (kohya-ss) or all, with convolutions",
            core::ChoiceField{lora_target_names(),
                              [&options] { return std::string(to_string(options.targets)); },
                              [&options](const std::string& name) {
                                options.targets = lora_targets_from_name(name);
                              }}},
           {"--rank",
            "N",
            "rank of each change; larger learns more and makes a larger file",
            core::WholeField{&options.rank, 1, 4096}},
           {"--alpha",
            "X",
            "each change is scaled by X / rank; larger acts like a larger learning rate",
            core::RealField{&options.alpha, 0.0, 100'000.0, true}}}};
}

core::OptionGroup describe_prior(PriorOptions& options) {
  return {readers(&MethodReads::prior),
          {{"--class-images",
            "N",
            "images of the class to generate and hold the model to; more hold it better",
            core::WholeField{&options.class_images, 1, 10'000}},
           {"--prior-weight",
            "X",
            "weight of the loss of those images; larger stays nearer to the base",
            core::RealField{&options.weight, 0.0, 1000.0}},
           {"--class-prompt",
            "TEXT",
            "prompt and caption of those images",
            core::TextField{&options.class_prompt}},
           {"--class-guidance-scale",
            "X",
            "guidance of those images; 1 is the prompt alone, larger is closer to it",
            core::RealField{&options.guidance_scale, 0.0, 100.0}}}};
}

}  // namespace

const char* to_string(PersonalizeMethod method) { return core::name_of(kMethods, method); }

std::vector<std::string> personalize_method_names() { return core::names_of(kMethods); }

PersonalizeMethod personalize_method_from_name(const std::string& name) {
  return core::value_of(kMethods, name, "--method");
}

MethodDefaults defaults_of(PersonalizeMethod method) {
  return core::row_of(kMethods, method).defaults;
}

bool learns_token(PersonalizeMethod method) { return core::row_of(kMethods, method).reads.token; }

const char* to_string(LoRATargets targets) { return core::name_of(kLoRATargets, targets); }

std::vector<std::string> lora_target_names() { return core::names_of(kLoRATargets); }

LoRATargets lora_targets_from_name(const std::string& name) {
  return core::value_of(kLoRATargets, name, "--lora-targets");
}

std::vector<core::OptionGroup> describe_training(PersonalizeOptions& options) {
  return {describe_all(options),
          {readers(&MethodReads::text_encoder),
           {{"--train-text-encoder",
             "",
             "train the text encoder too",
             core::ToggleField{&options.train_text_encoder}}}},
          describe_lora(options.lora),
          describe_prior(options.prior),
          {readers(&MethodReads::token),
           {{"--token", "WORD", "the new token", core::TextField{&options.token}}}}};
}

std::vector<core::OptionField> describe_running(PersonalizeOptions& options) {
  return {{"--samples",
           "N",
           "images in the contact sheet samples.png; 0 makes none",
           core::WholeField{&options.samples.count, 0, 64}},
          {"--checkpoint-every",
           "N",
           "steps between two checkpoints; more write less and lose more to a kill",
           core::WholeField{&options.checkpoint_every, 1, 1'000'000}}};
}

std::vector<core::OptionField> describe_read(PersonalizeOptions& options) {
  return core::fields_read_by(to_string(options.method), describe_training(options));
}

PersonalizeOptions with_defaults(PersonalizeOptions options) {
  const MethodDefaults defaults = defaults_of(options.method);
  if (!options.steps) options.steps = defaults.steps;
  if (!options.learning_rate) options.learning_rate = defaults.learning_rate;
  return options;
}

void validate(const PersonalizeOptions& options) {
  const auto require = [](bool given, const char* flag) {
    if (!given) throw Error(ErrorKind::kUsage, flag, "not given", "see patina personalize --help");
  };
  require(!options.base.empty(), "--base");
  require(!options.images.empty(), "--images");
  require(!options.output.empty(), "--output");
  PersonalizeOptions described = options;
  core::validate(describe_read(described));
  core::validate(describe_running(described));
}

}  // namespace patina::diffusion
