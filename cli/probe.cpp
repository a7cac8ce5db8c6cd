// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/asking.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_document.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/error.h"
#include "core/numbers.h"
#include "queryers/collecting/collect.h"

namespace patina::cli {
namespace {

using nlohmann::json;

struct ProbeCommand {
  std::string source;
  bool image = false;
  AskingOptions asking;
  OutputOptions output;
};

CommandText probe_text() {
  return {"probe",
          "--from SOURCE [flags]",
          "Tells what answers at an endpoint, which models, samplers and LoRAs it names, and, with "
          "--image, how long one image takes. Keeps nothing.",
          "patina probe --from a1111+http://127.0.0.1:7860 --image --size 128x128",
          "0 it answers, 2 wrong usage or input, 3 it does not, 130 interrupted."};
}

std::string list_text(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 8;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) {
    text += (i == 0 ? "" : ", ") + printable(names[i]);
  }
  if (names.size() > kShown) text += ", and " + std::to_string(names.size() - kShown) + " more";
  return text.empty() ? "none told" : text;
}

std::string image_text(const queryers::ProbeResult& result) {
  if (!result.image)
    return std::string(to_string(result.outcome)) + ": " + printable(result.detail);
  return std::string(to_string(result.outcome)) + ", " + std::to_string(result.image->width_px) +
         "x" + std::to_string(result.image->height_px) + " " + to_string(result.image->format) +
         " in " + core::fixed_text(result.seconds, 3) + " s";
}

void print_text(const ProbeCommand& command,
                const queryers::ProbeResult& result,
                std::ostream& out) {
  const queryers::ServiceFacts& facts = result.facts;
  std::vector<std::vector<std::string>> rows = {
      {"Service", printable(facts.server)},
      {"Model", facts.model.empty() ? "not told" : printable(facts.model)},
      {"Digest", facts.model_digest.empty() ? "not told" : printable(facts.model_digest)},
      {"Identity", std::string("grade ") + to_string(facts.grade)},
      {"Models", list_text(facts.models)},
      {"Samplers", list_text(facts.samplers)},
      {"LoRAs", list_text(facts.loras)}};
  for (const std::string& answer : result.answers) rows.push_back({"Asked", printable(answer)});
  if (command.image) rows.push_back({"One image", image_text(result)});
  out << format_table(rows, {Align::kLeft, Align::kLeft});
  for (const std::string& remark : facts.remarks)
    out << "- " << wrap(printable(remark), 78, 2) << "\n";
}

json to_json(const queryers::ProbeResult& result, bool image) {
  const queryers::ServiceFacts& facts = result.facts;
  json object = {{"reachable", result.reachable},
                 {"server", facts.server},
                 {"model", facts.model},
                 {"model_digest", facts.model_digest},
                 {"identity_grade", to_string(facts.grade)},
                 {"models", facts.models},
                 {"samplers", facts.samplers},
                 {"loras", facts.loras},
                 {"answers", result.answers},
                 {"remarks", facts.remarks}};
  if (image) {
    object["image"] = {{"outcome", to_string(result.outcome)},
                       {"detail", result.detail},
                       {"seconds", result.seconds}};
  }
  return object;
}

}  // namespace

int run_probe(std::vector<std::string> args, std::ostream& out, std::ostream& err) {
  ProbeCommand command;
  CommandLine line(probe_text());
  line.text({"--from", "SOURCE", "Endpoint, as for patina collect.", true}, command.source);
  line.toggle({"--image", "", "Ask for one image too."}, command.image);
  bind_plan(line, command.asking);
  bind_manners(line, command.asking);
  bind_output(line, command.output);
  if (!line.parse(std::move(args), out)) return 0;

  const Session session(command.output, err);
  settle(command.asking);
  const auto endpoint = queryers::parse_endpoint(command.source);
  if (!endpoint) {
    throw core::Error(core::ErrorKind::kInput,
                      printable(command.source),
                      "names no endpoint",
                      "write a1111+http://host:7860 or see patina help collect");
  }
  const queryers::Service service = queryers::make_service(*endpoint, command.asking.endpoint);
  queryers::CollectOptions collect = command.asking.collect;
  if (!service.named_host.empty()) collect.http.named.hosts.push_back(service.named_host);
  collect.http.credential = credential_for(service, command.asking);
  collect.max_attempts = 1;
  std::optional<queryers::PlannedImage> image;
  if (command.image) image = queryers::make_plan(command.asking.plan).front();
  const queryers::ProbeResult result = queryers::probe_service(
      service, image, collect, session.observer());
  if (command.output.json) {
    JsonDocument document;
    document.command = "probe";
    document.options = to_json(command.asking);
    document.options["from"] = printable(command.source);
    document.result = to_json(result, command.image);
    document.timings_ms = {{"total", milliseconds(session.seconds())}};
    print_document(document, out);
  } else {
    print_text(command, result, out);
  }
  return result.reachable ? 0 : core::exit_code(core::ErrorKind::kNetwork);
}

}  // namespace patina::cli
