// SPDX-License-Identifier: Apache-2.0
#include "queryers/collecting/collect.h"

#include <filesystem>
#include <map>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/asking.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_document.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "queryers/record/collection.h"

namespace patina::cli {
namespace {

using nlohmann::json;

struct CollectCommand {
  std::string source;
  std::filesystem::path folder;
  AskingOptions asking;
  OutputOptions output;
};

CommandText collect_text() {
  return {
      "collect",
      "--from SOURCE -o DIR [flags]",
      "Asks a suspect for images and keeps every request, answer and image as evidence. Run it "
      "again on the same folder and it goes on where it stopped.",
      "patina collect --from a1111+http://127.0.0.1:7860 -o collected --count 100",
      "0 the plan is done, 2 wrong usage or input, 3 it ended early (the text says why) or disk "
      "or network failed, 130 interrupted."};
}

std::string outcome_text(const json& outcomes) {
  std::string text;
  for (const auto& [name, count] : outcomes.items()) {
    text += (text.empty() ? "" : ", ") + std::to_string(count.get<std::uint64_t>()) + " " + name;
  }
  return text.empty() ? "none" : text;
}

void print_text(const CollectCommand& command,
                const queryers::CollectResult& result,
                const json& summary,
                std::ostream& out) {
  std::vector<std::vector<std::string>> rows = {
      {"Source", printable(command.source)},
      {"Service", printable(result.after.server)},
      {"Model", result.after.model.empty() ? "not told" : printable(result.after.model)},
      {"Identity", std::string("grade ") + to_string(result.after.grade)},
      {"Outcomes", outcome_text(summary["outcomes"])},
      {"Requests", std::to_string(summary["requests"].get<std::uint64_t>())},
      {"Journal head", summary["journal_head"].get<std::string>()}};
  out << format_table(rows, {Align::kLeft, Align::kLeft});
  if (result.model_changed)
    out << "\nThe service named another model at the end than at the start.\n";
  for (const json& remark : summary.value("remarks", json::array())) {
    out << "\n" << wrap(printable(remark.get<std::string>()), 80, 0) << "\n";
  }
  if (!result.stopped.empty()) {
    out << "\nStopped early: " << wrap(printable(result.stopped), 80, 0)
        << "\nThe same command goes on.\n";
  } else if (result.images > 0) {
    out << "\nNext: patina audit --suspect " << printable(command.folder.string()) << "\n";
  }
}

}  // namespace

int run_collect(std::vector<std::string> args, std::ostream& out, std::ostream& err) {
  CollectCommand command;
  CommandLine line(collect_text());
  line.text(
      {"--from",
       "SOURCE",
       "What to ask: a1111+URL, comfyui+URL, openai+URL, openai:model, replicate:owner/model, "
       "huggingface:owner/model, huggingface+URL, stability:model, fal:owner/app, "
       "generic:FILE; or pictures that others posted: civitai:MODEL@VERSION, https://page, "
       "recipe:FILE, urls:FILE.",
       true},
      command.source);
  line.path(
      {"-o,--output", "DIR", "Folder to write; new, empty or a collection to go on with.", true},
      command.folder);
  bind_plan(line, command.asking);
  bind_gallery(line, command.asking);
  bind_manners(line, command.asking);
  bind_output(line, command.output);
  if (!line.parse(std::move(args), out)) return 0;

  const Session session(command.output, err);
  settle(command.asking);
  const queryers::CollectResult result = collect_from(
      command.source, command.asking, command.folder, session.observer());
  const json summary = core::parse_json(
      core::read_text_file(command.folder / queryers::kSummaryFile), command.folder.string());
  if (command.output.json) {
    JsonDocument document;
    document.command = "collect";
    document.options = to_json(command.asking);
    document.options["from"] = printable(command.source);
    document.options["output"] = printable(command.folder.string());
    document.result = summary;
    document.timings_ms = {{"total", milliseconds(session.seconds())}};
    print_document(document, out);
  } else {
    print_text(command, result, summary, out);
  }
  return result.stopped.empty() ? 0 : core::exit_code(core::ErrorKind::kNetwork);
}

}  // namespace patina::cli
