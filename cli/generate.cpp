// SPDX-License-Identifier: Apache-2.0
#include "diffusion/generate/generate.h"

#include <filesystem>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_document.h"
#include "cli/model.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/files.h"
#include "core/hash.h"
#include "diffusion/schedulers/scheduler_config.h"
#include "images/image_io.h"

namespace patina::cli {
namespace {

using nlohmann::json;

struct GenerateCommand {
  std::filesystem::path personalized;
  diffusion::GeneratorOptions model;
  diffusion::GenerateOptions options;
  std::filesystem::path folder;
  OutputOptions output;
};

CommandText generate_text() {
  return {"generate",
          "--prompt TEXT -o DIR [flags]",
          "Makes images from a prompt with a Stable Diffusion 1.x or 2.x model in the diffusers "
          "layout. The file names hold the seeds.",
          "patina generate --base sd15 --prompt \"a lighthouse\" -o images --batch 4",
          "0 done, 2 wrong usage or input, 3 disk or memory failed, 130 interrupted."};
}

void bind_model(CommandLine& line, diffusion::GeneratorOptions& model) {
  line.path({"--base", "DIR", "Model folder with model_index.json (default: the built-in base)."},
            model.base);
  line.paths({"--lora", "FILE", "LoRA to merge into the model; may be given again."}, model.loras);
  line.real({"--lora-scale", "X", "Strength of the LoRAs, -10 to 10 (default: 1)."},
            {-10.0, 10.0},
            model.lora_scale);
  line.paths({"--embedding", "FILE", "Textual-inversion token to add; may be given again."},
             model.embeddings);
  bind_compute(line, model.compute);
}

void bind_request(CommandLine& line, diffusion::GenerateOptions& options) {
  line.text({"--prompt", "TEXT", "What the images show; needed unless --personalized is given."},
            options.prompt);
  line.text({"--negative-prompt", "TEXT", "What the images shall not show (default: nothing)."},
            options.negative_prompt);
  line.whole(
      {"--steps", "N", "Steps of the sampler, 1 to 1000 (default: 30)."}, {1, 1000}, options.steps);
  line.real({"--guidance",
             "X",
             "Guidance scale, 0 to 100; 1 follows the prompt alone, more exaggerates it (default: "
             "7.5)."},
            {0.0, 100.0},
            options.guidance_scale);
  line.whole(
      {"--seed", "N", "Seed of the first image, from 0; the next ones count on (default: 1)."},
      {0, UINT64_MAX},
      [&options](std::uint64_t seed) { options.seed = seed; });
  line.whole(
      {"--width", "PX", "Width in pixels, a multiple of 8 up to 4096 (default: the model's own)."},
      {1, 1 << 16},
      options.width_px);
  line.whole({"--height",
              "PX",
              "Height in pixels, a multiple of 8 up to 4096 (default: the model's own)."},
             {1, 1 << 16},
             options.height_px);
  line.whole({"--batch", "N", "Number of images, 1 to 64 (default: 1)."}, {1, 64}, options.batch);
  line.choice({"--scheduler", "NAME", "Sampler; list prints them (default: the model's own)."},
              diffusion::scheduler_names(),
              [&options](const std::string& name) { options.scheduler = name; });
  line.whole({"--clip-skip", "N", "Text encoder layers left out at the end, 0 to 32 (default: 0)."},
             {0, 32},
             options.clip_skip);
  line.real({"--eta", "X", "Share of fresh noise in ddim's steps, 0 to 1 (default: 0)."},
            {0.0, 1.0},
            options.eta);
}

json options_to_json(const GenerateCommand& command, const diffusion::GenerateOptions& set) {
  return {{"base", printable(command.model.base.string())},
          {"device", command.model.compute.device},
          {"precision", tensors::to_string(command.model.compute.precision)},
          {"lora_scale", command.model.lora_scale},
          {"prompt", set.prompt},
          {"negative_prompt", set.negative_prompt},
          {"steps", set.steps},
          {"guidance_scale", set.guidance_scale},
          {"seed", set.seed},
          {"width_px", set.width_px},
          {"height_px", set.height_px},
          {"batch", set.batch},
          {"scheduler", set.scheduler},
          {"clip_skip", set.clip_skip},
          {"eta", set.eta}};
}

/// Writes the images as PNG and tells of each.
json write_images(const GenerateCommand& command,
                  const diffusion::Generation& generation,
                  std::ostream& out) {
  json images = json::array();
  core::make_folder(command.folder);
  for (std::size_t i = 0; i < generation.images.size(); ++i) {
    const std::uint64_t seed = generation.effective.seed + i;
    const std::filesystem::path path = command.folder /
                                       ("seed-" + std::to_string(seed) +
                                        images::file_extension(images::ImageFormat::kPNG));
    images::ImageFile file;
    file.image = generation.images[i];
    const std::vector<std::uint8_t> bytes = images::encode_image(file);
    core::write_file_atomic(path, bytes);
    images.push_back({{"path", printable(path.string())},
                      {"seed", seed},
                      {"sha256", core::to_hex(core::sha256(bytes))}});
    if (!command.output.json) out << printable(path.string()) << "\n";
  }
  return images;
}

}  // namespace

int run_generate(std::vector<std::string> args, std::ostream& out, std::ostream& err) {
  GenerateCommand command;
  CommandLine line(generate_text());
  bind_model(line, command.model);
  bind_request(line, command.options);
  line.path({"-o,--output", "DIR", "Folder for the images.", true}, command.folder);
  line.path({"--personalized",
             "MODEL",
             "Folder that patina personalize wrote, in place of --base; its caption is the prompt "
             "where none is given."},
            command.personalized);
  line.exclude("--personalized", "--base");
  bind_output(line, command.output);
  if (!line.parse(std::move(args), out)) return 0;
  if (!line.given("--personalized")) line.require("--prompt");
  const std::string caption = take_model(command.personalized, command.model);
  if (command.options.prompt.empty()) command.options.prompt = caption;

  const Session session(command.output, err);
  const diffusion::Generator generator(command.model);
  const diffusion::Generation generation = generator.generate(command.options, session.observer());
  for (const std::string& warning : generation.warnings) session.say("Warning: " + warning + ".");
  const json images = write_images(command, generation, out);
  if (!command.output.json) return 0;
  JsonDocument document;
  document.command = "generate";
  document.options = options_to_json(command, generation.effective);
  document.inputs.push_back(input_record("base", command.model.base));
  for (const auto& lora : command.model.loras)
    document.inputs.push_back(input_record("lora", lora));
  for (const auto& file : command.model.embeddings) {
    document.inputs.push_back(input_record("embedding", file));
  }
  document.result = {{"images", images}, {"warnings", generation.warnings}};
  document.timings_ms = {{"total", milliseconds(session.seconds())}};
  print_document(document, out);
  return 0;
}

}  // namespace patina::cli
