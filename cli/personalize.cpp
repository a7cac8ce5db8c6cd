// SPDX-License-Identifier: Apache-2.0
#include "diffusion/personalize/personalize.h"

#include <filesystem>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_document.h"
#include "cli/option_fields.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/files.h"
#include "core/json.h"
#include "core/numbers.h"
#include "core/text.h"

namespace patina::cli {
namespace {

using diffusion::PersonalizeOptions;
using nlohmann::json;

struct PersonalizeCommand {
  PersonalizeOptions options;
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

std::string method_help() {
  return "Way of personalising: " + core::join(diffusion::personalize_method_names()) +
         " (default: " + diffusion::to_string(PersonalizeOptions().method) + ").";
}

void bind_options(CommandLine& line, PersonalizeOptions& options) {
  line.choice({"--method", "NAME", method_help()},
              diffusion::personalize_method_names(),
              [&options](const std::string& name) {
                options.method = diffusion::personalize_method_from_name(name);
              });
  for (const core::OptionGroup& group : diffusion::describe_training(options)) {
    bind_fields(line, group);
  }
  line.whole({"--seed", "N", "Seed of all that is drawn, from 0 (default: 1)."},
             {0, UINT64_MAX},
             [&options](std::uint64_t seed) { options.seed = seed; });
  bind_fields(line, {{}, diffusion::describe_running(options)});
  bind_compute(line, options.compute);
}

json to_json(PersonalizeOptions options) {
  json document = core::record(diffusion::describe_read(options));
  document["base"] = printable(options.base.string());
  document["method"] = diffusion::to_string(options.method);
  document["seed"] = options.seed;
  return document;
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
  bind_options(line, command.options);
  bind_output(line, command.output);
  if (!line.parse(std::move(args), out)) return 0;
  refuse_flags_without_effect(line,
                              diffusion::describe_training(command.options),
                              "--method",
                              {diffusion::to_string(command.options.method)});
  command.options = diffusion::with_defaults(std::move(command.options));
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
