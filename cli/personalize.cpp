// SPDX-License-Identifier: Apache-2.0
#include "diffusion/personalize/personalize.h"

#include <algorithm>
#include <filesystem>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_document.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/numbers.h"

namespace patina::cli {
namespace {

using diffusion::PersonalizeOptions;
using nlohmann::json;

struct PersonalizeCommand {
  PersonalizeOptions options;
  double learning_rate = 0.0;
  OutputOptions output;
};

CommandText personalize_text() {
  return {"personalize",
          "--images DIR -o MODEL [flags]",
          "Personalises a text-to-image model on a handful of images, as an infringer would: for "
          "experiments on what a coating survives. An interrupted run goes on where it stopped.",
          "patina personalize --images coated --method lora -o suspect",
          "0 done, 2 wrong usage or input, 3 disk or memory failed, 130 interrupted."};
}

void bind_places(CommandLine& line, PersonalizeOptions& options) {
  line.path({"--base", "DIR", "Model folder in the diffusers layout (default: the built-in base)."},
            options.base);
  line.paths({"--images", "PATH", "Image file or folder; may be given again.", true},
             options.images);
  line.path({"-o,--output", "MODEL", "Folder for the personalised model.", true}, options.output);
}

void bind_training(CommandLine& line, PersonalizeCommand& command) {
  PersonalizeOptions& options = command.options;
  line.choice({"--method",
               "NAME",
               "Way of personalising: full, lora, dreambooth, textual-inversion, svdiff or "
               "custom-diffusion (default: full)."},
              diffusion::personalize_method_names(),
              [&options](const std::string& name) {
                options.method = diffusion::personalize_method_from_name(name);
              });
  line.whole({"--steps",
              "N",
              "Training steps, 0 to 1000000 (default: 600 for textual-inversion and "
              "custom-diffusion, 400 for the others)."},
             {0, 1'000'000},
             [&options](std::uint64_t steps) { options.steps = static_cast<int>(steps); });
  line.real(
      {"--learning-rate",
       "X",
       "Step size of AdamW, above 0 to 1 (default: the method's, scaled from its paper to the "
       "built-in base)."},
      {0.0, 1.0, true, false},
      command.learning_rate);
  line.whole(
      {"--batch", "N", "Images in each step, 1 to 1024 (default: 8)."}, {1, 1024}, options.batch);
  line.toggle(
      {"--train-text-encoder", "", "Full, LoRA, DreamBooth, SVDiff: train the text encoder too."},
      options.train_text_encoder);
}

void bind_lora(CommandLine& line, diffusion::LoRAOptions& options) {
  line.choice({"--lora-targets",
               "NAME",
               "LoRA: attention (diffusers), transformer (kohya-ss) or all, with convolutions "
               "(default: transformer)."},
              diffusion::lora_target_names(),
              [&options](const std::string& name) {
                options.targets = diffusion::lora_targets_from_name(name);
              });
  line.whole(
      {"--rank", "N", "LoRA: rank of each change, 1 to 4096; larger learns more (default: 16)."},
      {1, 4096},
      options.rank);
  line.real(
      {"--alpha", "X", "LoRA: each change is scaled by X / rank, above 0 to 100000 (default: 16)."},
      {0.0, 100'000.0, true, false},
      options.alpha);
}

void bind_prior(CommandLine& line, diffusion::PriorOptions& options) {
  line.whole(
      {"--class-images",
       "N",
       "DreamBooth, Custom Diffusion: images of the class to generate and hold the model to, 1 to "
       "10000 (default: 64)."},
      {1, 10'000},
      options.class_images);
  line.real(
      {"--prior-weight",
       "X",
       "DreamBooth, Custom Diffusion: weight of the loss of those images, 0 to 1000 (default: 1)."},
      {0.0, 1000.0},
      options.weight);
}

void bind_words(CommandLine& line, PersonalizeOptions& options) {
  line.text({"--prompt",
             "TEXT",
             "Caption of images without a text file of their name; {} is the new token, or the "
             "--initializer where there is none (default: \"a picture of {}\")."},
            options.prompt);
  line.text({"--class-prompt",
             "TEXT",
             "DreamBooth, Custom Diffusion: caption of the images of the class (default: \"a "
             "picture\")."},
            options.prior.class_prompt);
  line.text(
      {"--token", "WORD", "Textual inversion, Custom Diffusion: the new token (default: <new>)."},
      options.token);
  line.text(
      {"--initializer",
       "WORD",
       "Word that the new token starts from, or that {} stands for where there is none (default: "
       "picture)."},
      options.initializer);
}

void bind_running(CommandLine& line, PersonalizeOptions& options) {
  line.whole({"--samples",
              "N",
              "Images in the contact sheet samples.png, 0 to 64; 0 makes none (default: 16)."},
             {0, 64},
             options.samples.count);
  line.whole(
      {"--checkpoint-every", "N", "Steps between two checkpoints, 1 to 1000000 (default: 100)."},
      {1, 1'000'000},
      options.checkpoint_every);
  bind_compute(line, options.compute);
}

struct MethodFlag {
  const char* name;
  bool diffusion::MethodReads::*reads;
};
constexpr MethodFlag kMethodFlags[] = {
    {"--train-text-encoder", &diffusion::MethodReads::text_encoder},
    {"--lora-targets", &diffusion::MethodReads::lora},
    {"--rank", &diffusion::MethodReads::lora},
    {"--alpha", &diffusion::MethodReads::lora},
    {"--class-images", &diffusion::MethodReads::prior},
    {"--prior-weight", &diffusion::MethodReads::prior},
    {"--class-prompt", &diffusion::MethodReads::prior},
    {"--token", &diffusion::MethodReads::token},
};

std::string methods_reading(const MethodFlag& flag) {
  std::string methods;
  for (const std::string& name : diffusion::personalize_method_names()) {
    const auto method = diffusion::personalize_method_from_name(name);
    if (!(diffusion::options_read_by(method).*flag.reads)) continue;
    methods += (methods.empty() ? "" : ", ") + name;
  }
  return methods;
}

// A flag that the method does not read is refused: ignoring it would mislead who gave it.
void refuse_flags_of_other_methods(const CommandLine& line, const PersonalizeOptions& options) {
  const diffusion::MethodReads reads = diffusion::options_read_by(options.method);
  for (const MethodFlag& flag : kMethodFlags) {
    if (!line.given(flag.name) || reads.*flag.reads) continue;
    throw core::Error(
        core::ErrorKind::kUsage,
        flag.name,
        std::string("has no effect with --method ") + diffusion::to_string(options.method),
        "leave it out, or choose a --method that reads it: " + methods_reading(flag));
  }
}

json to_json(const PersonalizeOptions& options) {
  const diffusion::MethodDefaults defaults = diffusion::defaults_of(options.method);
  return {{"base", printable(options.base.string())},
          {"method", diffusion::to_string(options.method)},
          {"prompt", options.prompt},
          {"class_prompt", options.prior.class_prompt},
          {"token", options.token},
          {"initializer", options.initializer},
          {"steps", options.steps.value_or(defaults.steps)},
          {"learning_rate", options.learning_rate.value_or(defaults.learning_rate)},
          {"batch", options.batch},
          {"train_text_encoder", options.train_text_encoder},
          {"lora_targets", diffusion::to_string(options.lora.targets)},
          {"rank", options.lora.rank},
          {"alpha", options.lora.alpha},
          {"class_images", options.prior.class_images},
          {"prior_weight", options.prior.weight},
          {"seed", options.seed}};
}

void print_text(const diffusion::PersonalizeResult& result,
                const PersonalizeOptions& options,
                std::ostream& out) {
  out << result.images << " images, " << result.steps << " steps of "
      << diffusion::to_string(options.method) << "; loss " << core::fixed_text(result.first_loss, 4)
      << " at the start, " << core::fixed_text(result.last_loss, 4) << " at the end.\n\n";
  for (const std::filesystem::path& file : result.files) out << printable(file.string()) << "\n";
}

JsonDocument describe(const diffusion::PersonalizeResult& result,
                      const PersonalizeOptions& options) {
  JsonDocument document;
  document.command = "personalize";
  document.options = to_json(options);
  document.inputs.push_back(input_record("base", options.base));
  json files = json::array();
  for (const std::filesystem::path& file : result.files) files.push_back(printable(file.string()));
  document.result = {{"images", result.images},
                     {"steps", result.steps},
                     {"first_loss", core::number_or_null(result.first_loss)},
                     {"last_loss", core::number_or_null(result.last_loss)},
                     {"resumed", result.resumed},
                     {"captions", result.captions},
                     {"files", files},
                     {"warnings", result.warnings}};
  return document;
}

}  // namespace

int run_personalize(std::vector<std::string> args, std::ostream& out, std::ostream& err) {
  PersonalizeCommand command;
  CommandLine line(personalize_text());
  bind_places(line, command.options);
  bind_training(line, command);
  bind_lora(line, command.options.lora);
  bind_prior(line, command.options.prior);
  line.whole({"--seed", "N", "Seed of all that is drawn, from 0 (default: 1)."},
             {0, UINT64_MAX},
             [&command](std::uint64_t seed) { command.options.seed = seed; });
  bind_words(line, command.options);
  bind_running(line, command.options);
  bind_output(line, command.output);
  if (!line.parse(std::move(args), out)) return 0;
  refuse_flags_of_other_methods(line, command.options);
  if (line.given("--learning-rate")) command.options.learning_rate = command.learning_rate;
  if (command.options.base.empty()) command.options.base = core::data_file("base");

  const Session session(command.output, err);
  const diffusion::PersonalizeResult result = diffusion::personalize(command.options,
                                                                     session.observer());
  for (const std::string& warning : result.warnings) session.say("Warning: " + warning + ".");
  if (!command.output.json) {
    print_text(result, command.options, out);
    return 0;
  }
  JsonDocument document = describe(result, command.options);
  document.timings_ms = {{"training", milliseconds(result.seconds)},
                         {"total", milliseconds(session.seconds())}};
  print_document(document, out);
  return 0;
}

}  // namespace patina::cli
