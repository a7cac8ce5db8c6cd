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
#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "evaluate/chain.h"

namespace patina::cli {
namespace {

using evaluate::ChainOptions;
using nlohmann::json;

struct EvaluateCommand {
  ChainOptions options;
  std::string methods = "full";
  std::string coatings = "frame";
  std::string shares = "100";
  bool quick = false;
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

void bind_experiment(CommandLine& line, EvaluateCommand& command) {
  ChainOptions& options = command.options;
  line.choice({"--suite", "NAME", "chain: from coating to verdict (default: chain)."},
              {"chain"},
              [](const std::string&) {});
  line.path({"-o,--output", "TABLES", "Folder for tables and all that leads to them.", true},
            options.output);
  line.path({"--base", "DIR", "Model folder (default: the built-in base)."}, options.base);
  line.paths(
      {"--sets",
       "DIR",
       "Folder of one owner's images; to be given at least twice, since a set's neighbour is "
       "its control (default: the paintings that come with patina)."},
      options.sets);
  line.text({"--methods", "LIST", "Ways of personalising, with commas (default: full)."},
            command.methods);
  line.text(
      {"--coatings", "LIST", "Methods of coating (see patina coat), with commas (default: frame)."},
      command.coatings);
  line.text({"--shares",
             "LIST",
             "Percent of coated images among those trained on, with commas (default: 100)."},
            command.shares);
  line.whole({"--measured-sets", "N", "Coat only the first N sets, 1 to 1000 (default: all)."},
             {1, 1000},
             [&options](std::uint64_t count) { options.measured_sets = count; });
  line.whole({"--steps", "N", "Of personalisation, 1 to 1000000 (default: the method's)."},
             {1, 1'000'000},
             [&options](std::uint64_t steps) { options.steps = static_cast<int>(steps); });
  line.whole({"--coat-steps",
              "N",
              "Of Siren's training, 0 to 100000, as patina coat --steps (default: the coating's)."},
             {0, 100'000},
             [&options](std::uint64_t steps) { options.coat_steps = static_cast<int>(steps); });
  line.real({"--learnability",
             "W",
             "Of Siren's learnability term, 0 to 1000, as in patina coat (default: 0)."},
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
             "Caption of the images and prompt of the generations; {} is the set's name "
             "(default: \"a painting by {}\")."},
            options.prompt);
  line.whole({"--count", "N", "Images generated a model, 20 to 10000 (default: 300)."},
             {20, 10'000},
             options.images);
  line.whole({"--suspect-images", "N", "Of them in one draw, 5 to 10000 (default: 30)."},
             {5, 10'000},
             options.suspect_images);
  line.whole(
      {"--repeats", "N", "Draws, 1 to 1000000 (default: 10000)."}, {1, 1'000'000}, options.repeats);
  line.whole({"--seed", "N", "Of all that is drawn (default: 1)."},
             {0, UINT64_MAX},
             [&options](std::uint64_t seed) { options.seed = seed; });
  line.toggle({"--quick", "", "One set, 120 steps, 48 images a model, draws of 20: minutes."},
              command.quick);
  bind_threads(line, options.compute);
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

// Whoever gives such a flag wants something that they would not get.
void refuse_flags_without_siren(const CommandLine& line, const ChainOptions& options) {
  const auto& coatings = options.coatings;
  if (std::find(coatings.begin(), coatings.end(), "siren") != coatings.end()) return;
  for (const char* of_siren : {"--coat-steps", "--learnability"}) {
    if (!line.given(of_siren)) continue;
    throw core::Error(core::ErrorKind::kUsage,
                      of_siren,
                      "has no effect on the coatings that --coatings names",
                      "leave it out, or add siren to --coatings");
  }
}

void complete(const CommandLine& line, EvaluateCommand& command) {
  ChainOptions& options = command.options;
  if (options.base.empty()) options.base = core::data_file("base");
  if (options.sets.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator(core::data_file("paintings"))) {
      if (entry.is_directory()) options.sets.push_back(entry.path());
    }
    std::sort(options.sets.begin(), options.sets.end());
  }
  options.methods.clear();
  for (const std::string& name : split(command.methods)) {
    options.methods.push_back(diffusion::personalize_method_from_name(name));
  }
  options.coatings.clear();
  for (const std::string& name : split(command.coatings)) {
    options.coatings.push_back(coat::find_method(name).name);
  }
  refuse_flags_without_siren(line, options);
  options.shares_percent.clear();
  for (const std::string& share : split(command.shares)) {
    options.shares_percent.push_back(percent_from(share));
  }
  if (!command.quick) return;
  options.measured_sets = 1;
  options.steps = 120;
  options.images = 48;
  options.suspect_images = 20;
}

json row_to_json(const evaluate::ChainRow& row) {
  return {{"set", printable(row.set)},
          {"method", row.method},
          {"coating", row.coating},
          {"share_percent", row.share_percent},
          {"true_positive", row.true_positive},
          {"false_uncoated", row.false_uncoated},
          {"false_other_set", row.false_other},
          {"false_other_owners", row.false_owners},
          {"false_base", row.false_base},
          {"auc", row.auc},
          {"psnr_db", core::number_or_null(row.psnr_db)},
          {"ssim", core::number_or_null(row.ssim)},
          {"delta_e_mean", core::number_or_null(row.delta_e_mean)},
          {"frechet", core::number_or_null(row.frechet)},
          {"frechet_reseeded", core::number_or_null(row.frechet_reseeded)},
          {"loss_coated", core::number_or_null(row.loss_coated)},
          {"loss_uncoated", core::number_or_null(row.loss_uncoated)}};
}

}  // namespace

int run_evaluate(std::vector<std::string> args, std::ostream& out, std::ostream& err) {
  EvaluateCommand command;
  CommandLine line(evaluate_text());
  bind_experiment(line, command);
  bind_output(line, command.output);
  if (!line.parse(std::move(args), out)) return 0;
  complete(line, command);

  const Session session(command.output, err);
  const evaluate::ChainResult result = evaluate::run_chain(command.options, session.observer());
  const std::string table = evaluate::write_tables(command.options, result);
  if (!command.output.json) {
    out << table;
    return 0;
  }
  JsonDocument document;
  document.command = "evaluate";
  document.options = {
      {"suite", "chain"},
      {"base", printable(command.options.base.string())},
      {"prompt", printable(command.options.prompt)},
      {"lora_targets", diffusion::to_string(command.options.lora_targets)},
      {"coat_steps", command.options.coat_steps ? json(*command.options.coat_steps) : json()},
      {"learnability", command.options.learnability_weight},
      {"methods", command.methods},
      {"coatings", command.coatings},
      {"shares", command.shares},
      {"count", command.options.images},
      {"suspect_images", command.options.suspect_images},
      {"repeats", command.options.repeats},
      {"seed", command.options.seed}};
  json rows = json::array();
  for (const evaluate::ChainRow& row : result.rows) rows.push_back(row_to_json(row));
  document.result = {{"alphas", evaluate::kChainAlphas}, {"rows", rows}};
  document.timings_ms = {{"total", milliseconds(session.seconds())}};
  print_document(document, out);
  return 0;
}

}  // namespace patina::cli
