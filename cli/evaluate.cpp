// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_document.h"
#include "cli/session.h"
#include "cli/table.h"
#include "coat/methods.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "evaluate/suites/suites.h"

namespace patina::cli {
namespace {

using evaluate::ChainOptions;
using nlohmann::json;

struct EvaluateCommand {
  const evaluate::Suite* suite = &evaluate::suites().front();
  evaluate::SuiteOptions options;
  std::string methods = "full";
  std::string coatings = "frame";
  std::string shares = "100";
  bool quick = false;
  bool tables_only = false;
  OutputOptions output;
};

CommandText evaluate_text() {
  return {"evaluate",
          "-o TABLES [flags]",
          "Measures how often the audit finds models personalised on coated images, and how often "
          "it accuses others: coats sets of images, personalises models on them with and without "
          "the coating, generates, scores and resamples. What is finished is not done again.",
          "patina evaluate --quick -o tables",
          "0 done, 2 wrong usage or input, 3 disk or memory failed, 130 interrupted."};
}

std::string suite_help() {
  std::string help;
  for (const evaluate::Suite& suite : evaluate::suites()) {
    help += (help.empty() ? "What is measured: " : "; ") + std::string(suite.name) + ", " +
            suite.summary;
  }
  return help + " (default: " + evaluate::suites().front().name + ").";
}

void bind_suite(CommandLine& line, EvaluateCommand& command) {
  line.choice(
      {"--suite", "NAME", suite_help()},
      evaluate::suite_names(),
      [&command](const std::string& name) { command.suite = &evaluate::suite_from_name(name); });
  line.path({"-o,--output", "TABLES", "Folder for the tables and all that leads to them.", true},
            command.options.output);
  line.toggle({"--tables-only",
               "",
               "Make the tables again from the cells that are finished; compute nothing."},
              command.tables_only);
}

// Which models there are: the axes of the tables.
void bind_axes(CommandLine& line, EvaluateCommand& command) {
  ChainOptions& options = command.options.chain;
  line.path({"--base", "DIR", "Folder of the model to personalise (default: the built-in base)."},
            options.base);
  line.paths(
      {"--sets",
       "DIR",
       "Folder of one owner's images; to be given at least twice, since a set's neighbour is "
       "its control (default: the paintings that come with patina)."},
      options.sets);
  line.text({"--methods",
             "LIST",
             "Ways of personalising (see patina personalize), with commas (default: full)."},
            command.methods);
  line.text(
      {"--coatings", "LIST", "Methods of coating (see patina coat), with commas (default: frame)."},
      command.coatings);
  line.text(
      {"--shares",
       "LIST",
       "Coated images among those trained on, in percent, 1 to 100, with commas (default: 100)."},
      command.shares);
  line.whole({"--measured-sets", "N", "Coat only the first N sets, 1 to 1000 (default: all)."},
             {1, 1000},
             [&options](std::uint64_t count) { options.measured_sets = count; });
}

// How a model is made.
void bind_models(CommandLine& line, ChainOptions& options) {
  line.whole(
      {"--steps",
       "N",
       "Training steps of each model, 1 to 1000000 (default: the method's, see patina personalize)."},
      {1, 1'000'000},
      [&options](std::uint64_t steps) { options.steps = static_cast<int>(steps); });
  line.whole(
      {"--coat-steps",
       "N",
       "Training steps of the coating siren, 0 to 100000 (default: as patina coat --steps)."},
      {0, 100'000},
      [&options](std::uint64_t steps) { options.coat_steps = static_cast<int>(steps); });
  line.real(
      {"--learnability",
       "W",
       "Weight of the coating siren's learnability term, 0 to 1000, as in patina coat (default: "
       "0)."},
      {0.0, 1000.0},
      options.learnability_weight);
  line.choice({"--lora-targets",
               "NAME",
               "LoRA: attention, transformer or all, as in patina personalize (default: "
               "transformer)."},
              diffusion::lora_target_names(),
              [&options](const std::string& name) {
                options.lora_targets = diffusion::lora_targets_from_name(name);
              });
  line.text({"--prompt",
             "TEXT",
             "Caption of the images and prompt of the generations; {} is the set's name, or the "
             "new token of a method that learns one (default: \"" +
                 options.prompt + "\")."},
            options.prompt);
  line.text({"--class-prompt",
             "TEXT",
             "Caption of images of the class, whose last word a new token starts from (default: "
             "\"" +
                 options.class_prompt + "\")."},
            options.class_prompt);
}

// How it is measured.
void bind_sampling(CommandLine& line, ChainOptions& options) {
  line.whole({"--count", "N", "Images generated with each model, 20 to 10000 (default: 300)."},
             {20, 10'000},
             options.images);
  line.whole(
      {"--suspect-images", "N", "How many of them make one draw, 5 to --count (default: 30)."},
      {5, 10'000},
      options.suspect_images);
  line.whole({"--repeats",
              "N",
              "Draws for each rate, 1 to 1000000; more narrow its interval (default: 10000)."},
             {1, 1'000'000},
             options.repeats);
  line.whole({"--seed", "N", "Seed of all that is drawn, from 0 (default: 1)."},
             {0, UINT64_MAX},
             [&options](std::uint64_t seed) { options.seed = seed; });
}

void bind_evaluate(CommandLine& line, EvaluateCommand& command) {
  bind_suite(line, command);
  bind_axes(line, command);
  bind_models(line, command.options.chain);
  bind_sampling(line, command.options.chain);
  line.toggle(
      {"--quick",
       "",
       "Minutes instead of hours: coat one set, train 120 steps, generate 48 images with each "
       "model, draw 20 at a time."},
      command.quick);
  bind_threads(line, command.options.compute);
  bind_output(line, command.output);
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

int percent_from(const std::string& text) {
  const bool digits = !text.empty() && text.size() <= 3 &&
                      std::all_of(
                          text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) {
    throw core::Error(core::ErrorKind::kUsage,
                      "--shares " + core::in_quotes(text),
                      "is no whole number",
                      "give numbers from 1 to 100 with commas");
  }
  return std::stoi(text);
}

bool reads_siren_flags(const ChainOptions& options) {
  const auto& coatings = options.coatings;
  return std::find(coatings.begin(), coatings.end(), "siren") != coatings.end();
}

// A flag that no chosen coating reads is refused: ignoring it would mislead who gave it.
void refuse_flags_without_siren(const CommandLine& line, const ChainOptions& options) {
  if (reads_siren_flags(options)) return;
  for (const char* of_siren : {"--coat-steps", "--learnability"}) {
    if (!line.given(of_siren)) continue;
    throw core::Error(core::ErrorKind::kUsage,
                      of_siren,
                      "has no effect on the coatings that --coatings names",
                      "leave it out, or add siren to --coatings");
  }
}

std::vector<std::filesystem::path> shipped_sets() {
  std::vector<std::filesystem::path> sets;
  for (const auto& entry : std::filesystem::directory_iterator(core::data_file("paintings"))) {
    if (entry.is_directory()) sets.push_back(entry.path());
  }
  std::sort(sets.begin(), sets.end());
  return sets;
}

template <typename Value, typename FromText>
std::vector<Value> values_of(const std::string& list, FromText from_text) {
  std::vector<Value> values;
  for (const std::string& part : split(list)) values.push_back(from_text(part));
  return values;
}

void complete(const CommandLine& line, EvaluateCommand& command) {
  ChainOptions& options = command.options.chain;
  if (options.base.empty()) options.base = core::data_file("base");
  if (options.sets.empty()) options.sets = shipped_sets();
  options.methods = values_of<diffusion::PersonalizeMethod>(
      command.methods, diffusion::personalize_method_from_name);
  options.coatings = values_of<std::string>(
      command.coatings, [](const std::string& name) { return coat::find_method(name).name; });
  options.shares_percent = values_of<int>(command.shares, percent_from);
  refuse_flags_without_siren(line, options);
  if (!command.quick) return;
  options.measured_sets = 1;
  options.steps = 120;
  options.images = 48;
  options.suspect_images = 20;
}

json method_names(const ChainOptions& options) {
  json names = json::array();
  for (const diffusion::PersonalizeMethod method : options.methods) {
    names.push_back(to_string(method));
  }
  return names;
}

json axes_json(const ChainOptions& options) {
  json sets = json::array();
  for (const std::filesystem::path& set : options.sets) sets.push_back(printable(set.string()));
  return {{"base", printable(options.base.string())},
          {"sets", sets},
          {"measured_sets", evaluate::count_measured(options)},
          {"methods", method_names(options)},
          {"coatings", options.coatings},
          {"shares", options.shares_percent}};
}

// What an option comes to; null where no method or coating asked for reads it.
json models_json(const ChainOptions& options) {
  json steps = json::object();
  for (const diffusion::PersonalizeMethod method : options.methods) {
    steps[diffusion::to_string(method)] = evaluate::effective_steps(options, method);
  }
  const bool siren = reads_siren_flags(options);
  return {{"steps", steps},
          {"coat_steps", siren ? json(evaluate::effective_coat_steps(options)) : json()},
          {"learnability", siren ? json(options.learnability_weight) : json()},
          {"lora_targets", diffusion::to_string(options.lora_targets)},
          {"prompt", printable(options.prompt)},
          {"class_prompt", printable(options.class_prompt)},
          {"guidance_scale", options.guidance_scale}};
}

json options_json(const EvaluateCommand& command) {
  const ChainOptions& options = command.options.chain;
  json all = {{"suite", command.suite->name},
              {"output", printable(command.options.output.string())},
              {"tables_only", command.tables_only},
              {"quick", command.quick},
              {"count", options.images},
              {"suspect_images", options.suspect_images},
              {"repeats", options.repeats},
              {"seed", options.seed}};
  all.update(axes_json(options));
  all.update(models_json(options));
  all.update(to_json(command.options.compute));
  return all;
}

}  // namespace

int run_evaluate(std::vector<std::string> args, std::ostream& out, std::ostream& err) {
  EvaluateCommand command;
  CommandLine line(evaluate_text());
  bind_evaluate(line, command);
  if (!line.parse(std::move(args), out)) return 0;
  complete(line, command);

  const Session session(command.output, err);
  const evaluate::Tables tables = command.tables_only
                                      ? evaluate::tabulate_suite(*command.suite, command.options)
                                      : evaluate::run_suite(
                                            *command.suite, command.options, session.observer());
  if (!command.output.json) {
    out << tables.markdown;
    return 0;
  }
  JsonDocument document;
  document.command = "evaluate";
  document.options = options_json(command);
  document.result = tables.result;
  document.timings_ms = {{"total", milliseconds(session.seconds())}};
  print_document(document, out);
  return 0;
}

}  // namespace patina::cli
