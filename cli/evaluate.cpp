// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_document.h"
#include "cli/option_fields.h"
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

void bind_evaluate(CommandLine& line, EvaluateCommand& command) {
  bind_suite(line, command);
  bind_axes(line, command);
  ChainOptions& options = command.options.chain;
  for (const auto& groups :
       {evaluate::describe_models(options), evaluate::describe_coatings(options)}) {
    for (const core::OptionGroup& group : groups) bind_fields(line, group);
  }
  bind_fields(line, {{}, evaluate::describe_draws(options)});
  line.whole({"--seed", "N", "Seed of all that is drawn, from 0 (default: 1)."},
             {0, UINT64_MAX},
             [&options](std::uint64_t seed) { options.seed = seed; });
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

std::vector<std::string> method_names(const ChainOptions& options) {
  std::vector<std::string> names;
  for (const diffusion::PersonalizeMethod method : options.methods) {
    names.emplace_back(to_string(method));
  }
  return names;
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
  refuse_flags_without_effect(
      line, evaluate::describe_models(options), "--methods", method_names(options));
  refuse_flags_without_effect(
      line, evaluate::describe_coatings(options), "--coatings", options.coatings);
  if (!command.quick) return;
  options.measured_sets = 1;
  options.steps = 120;
  options.images = 48;
  options.suspect_images = 20;
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

// Of each model, what it comes to; null where no method or coating asked for reads an option.
json models_json(ChainOptions options) {
  options.coat_steps = evaluate::effective_coat_steps(options);
  json all;
  const auto add = [&all](const std::vector<core::OptionGroup>& groups,
                          const std::vector<std::string>& chosen) {
    for (const core::OptionGroup& group : groups) {
      json recorded = core::record(group.fields);
      for (auto& [name, value] : recorded.items()) {
        if (!is_read(group, chosen)) value = nullptr;
        if (value.is_string()) value = printable(value.get<std::string>());
      }
      all.update(recorded);
    }
  };
  add(evaluate::describe_models(options), method_names(options));
  add(evaluate::describe_coatings(options), options.coatings);
  json steps = json::object();
  for (const diffusion::PersonalizeMethod method : options.methods) {
    steps[diffusion::to_string(method)] = evaluate::effective_steps(options, method);
  }
  all["steps"] = steps;
  return all;
}

json options_json(const EvaluateCommand& command) {
  const ChainOptions& options = command.options.chain;
  json all = {{"suite", command.suite->name},
              {"output", printable(command.options.output.string())},
              {"tables_only", command.tables_only},
              {"quick", command.quick},
              {"seed", options.seed}};
  all.update(axes_json(options));
  ChainOptions described = options;
  all.update(core::record(evaluate::describe_draws(described)));
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
