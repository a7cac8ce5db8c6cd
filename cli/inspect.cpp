// SPDX-License-Identifier: Apache-2.0
#include "diffusion/inspect/inspect.h"

#include <filesystem>
#include <ostream>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_document.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/json.h"

namespace patina::cli {
namespace {

struct InspectCommand {
  std::vector<std::filesystem::path> paths;
  OutputOptions output;
};

CommandText inspect_text() {
  return {"inspect",
          "FILE|DIR... [flags]",
          "Says what files and model folders hold without loading them: LoRAs and how they were "
          "trained, embeddings, models, Patina keys (nothing secret), any safetensors file. "
          "Pickles are refused unopened.",
          "patina inspect style.safetensors",
          "0 done, 2 wrong usage or input, 3 disk or memory failed."};
}

void print_text(const std::filesystem::path& path,
                const diffusion::Inspection& found,
                std::ostream& out) {
  out << printable(path.string()) << ": " << found.kind << "\n";
  std::vector<TableRow> rows;
  for (const diffusion::Fact& fact : found.facts) rows.push_back({"  " + fact.label, fact.value});
  out << format_table(rows, {Align::kLeft, Align::kLeft});
}

}  // namespace

int run_inspect(std::vector<std::string> args, std::ostream& out, std::ostream& err) {
  InspectCommand command;
  CommandLine line(inspect_text());
  line.positional({"FILE|DIR", "...", "Files and model folders.", true}, command.paths);
  bind_output(line, command.output);
  if (!line.parse(std::move(args), out)) return 0;

  const Session session(command.output, err);
  JsonDocument document;
  document.command = "inspect";
  for (const auto& path : command.paths) {
    const diffusion::Inspection found = diffusion::inspect(path);
    if (!command.output.json) {
      print_text(path, found, out);
      continue;
    }
    document.inputs.push_back(input_record("file", path));
    nlohmann::json item = core::parse_json(found.json, path.string());
    item["path"] = printable(path.string());
    document.result["items"].push_back(std::move(item));
  }
  document.timings_ms = {{"total", milliseconds(session.seconds())}};
  if (command.output.json) print_document(document, out);
  return 0;
}

}  // namespace patina::cli
