// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <ostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "analyzer/audit_request.h"
#include "cli/asking.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_document.h"
#include "cli/passphrase.h"
#include "cli/session.h"
#include "cli/table.h"
#include "coat/methods.h"
#include "core/json.h"
#include "core/numbers.h"
#include "keys/coat_key.h"
#include "report/evidence/bundle_layout.h"

namespace patina::cli {
namespace {

using nlohmann::json;

struct AuditCommand {
  analyzer::AuditRequest request;
  AskingOptions asking;
  std::filesystem::path passphrase_file;
  tensors::ComputeOptions compute;
  OutputOptions output;
};

CommandText audit_text() {
  return {
      "audit",
      "--key KEY --suspect SOURCE --benign SOURCE -o BUNDLE [flags]",
      "Tests whether a suspect's images score more like the coated ones than benign images do, and "
      "writes an evidence bundle with images, scores, tests and report.pdf. A rerun of an "
      "interrupted audit goes on where it stopped.",
      "patina audit --key my.key --suspect suspect --benign benign -o bundle",
      "0 evidence was found, 1 no evidence or inconclusive (the text says which), 2 wrong usage or "
      "input, 3 disk or memory failed, 130 interrupted."};
}

void bind_options(CommandLine& line, AuditCommand& command) {
  analyzer::AuditRequest& request = command.request;
  line.path({"--key", "KEY", "Key that patina coat made.", true}, request.key);
  line.path(
      {"--suspect",
       "SOURCE",
       "Images from the model under audit: a folder, a folder that patina collect wrote, or an "
       "endpoint such as a1111+http://host:7860 (see patina help collect).",
       true},
      request.suspect);
  line.path({"--benign",
             "SOURCE",
             "Comparable images from models known not to have used the coated set; a SOURCE as for "
             "--suspect.",
             true},
            request.benign);
  line.path({"-o,--output", "BUNDLE", "Folder to write; new, empty or an unfinished audit.", true},
            request.bundle);
  line.real({"--alpha",
             "P",
             "False-positive rate of the test, above 0 and below 1 (default: " +
                 core::exact_text(request.options.alpha) + ")."},
            {0.0, 1.0, true, true},
            request.options.alpha);
  line.text({"--case", "NAME", "Title of the report (default: none)."}, request.options.case_name);
  line.path({"--commitment", "FILE", "Published commitment.json; checked against the key."},
            request.commitment);
  bind_passphrase(line, command.passphrase_file);
  line.toggle({"--strict", "", "Stop at the first unreadable image instead of skipping it."},
              request.options.strict);
  bind_compute(line, command.compute);
  bind_plan(line, command.asking);
  bind_gallery(line, command.asking);
  bind_manners(line, command.asking);
  bind_output(line, command.output);
}

bool is_address(const std::filesystem::path& source) {
  return analyzer::kind_of_source(source) == analyzer::SourceKind::kAddress;
}

json options_to_json(const AuditCommand& command) {
  const analyzer::AuditRequest& request = command.request;
  json options = to_json(command.compute);
  options["key"] = printable(request.key.string());
  options["suspect"] = printable(request.suspect.string());
  options["benign"] = printable(request.benign.string());
  if (is_address(request.suspect) || is_address(request.benign)) {
    options["asking"] = to_json(command.asking);
  }
  options["output"] = printable(request.bundle.string());
  options["commitment"] = request.commitment.empty() ? json()
                                                     : json(printable(request.commitment.string()));
  options["alpha"] = request.options.alpha;
  options["confidence"] = request.options.confidence;
  options["case"] = request.options.case_name;
  options["min_samples"] = request.options.min_samples;
  options["batch_size"] = request.options.batch_size;
  options["strict"] = request.options.strict;
  return options;
}

void print_text(const AuditCommand& command, const report::Evidence& evidence, std::ostream& out) {
  const stats::EffectSize& effect = evidence.comparison.effect;
  out << wrap(evidence.verdict.headline, 80, 0) << "\n\n"
      << wrap(evidence.verdict.explanation, 80, 0) << "\n\n";
  std::vector<std::vector<std::string>> rows = {
      {"Images",
       core::counted_text(evidence.suspect.samples.size(), "suspect") + ", " +
           std::to_string(evidence.benign.samples.size()) + " benign"}};
  for (const stats::NamedTest& test : evidence.comparison.tests) {
    if (!test.primary && test.name != stats::kScoresTest) continue;
    rows.push_back({test.name,
                    "statistic " + core::fixed_text(test.statistic, 4) +
                        ", p = " + core::p_value_text(test.p_value, test.log10_p_value) +
                        ", alpha = " + core::p_value_text(evidence.options.alpha)});
  }
  rows.push_back({"P(suspect < benign)",
                  core::fixed_text(effect.superiority, 3) + " [" +
                      core::fixed_text(effect.superiority_interval.low, 3) + ", " +
                      core::fixed_text(effect.superiority_interval.high, 3) + "]"});
  rows.push_back({"Median score",
                  core::fixed_text(effect.median_suspect, 4) + " suspect, " +
                      core::fixed_text(effect.median_benign, 4) + " benign"});
  out << format_table(rows, {Align::kLeft, Align::kLeft});
  if (!evidence.notes.empty()) out << "\n";
  for (const std::string& note : evidence.notes)
    out << "- " << wrap(printable(note), 78, 2) << "\n";
  out << "\nReport: " << printable((command.request.bundle / report::kReportFile).string())
      << "\nNext: patina verify " << printable(command.request.bundle.string()) << "\n";
}

void print_json(const AuditCommand& command,
                const report::Evidence& evidence,
                double seconds,
                std::ostream& out) {
  const analyzer::AuditRequest& request = command.request;
  JsonDocument document;
  document.command = "audit";
  document.options = options_to_json(command);
  document.inputs.push_back(input_record("key", request.key));
  for (const auto& [role, source] :
       {std::pair<const char*, std::filesystem::path>("suspect", request.suspect),
        {"benign", request.benign}}) {
    if (!is_address(source)) document.inputs.push_back(input_record(role, source));
  }
  if (!request.commitment.empty()) {
    document.inputs.push_back(input_record("commitment", request.commitment));
  }
  document.result = {{"bundle", printable(request.bundle.string())},
                     {"report", printable((request.bundle / report::kReportFile).string())},
                     {"decision", stats::to_string(evidence.verdict.decision)},
                     {"evidence", report::to_json(evidence)}};
  document.timings_ms = {{"total", milliseconds(seconds)}};
  print_document(document, out);
}

}  // namespace

int run_audit(std::vector<std::string> args, std::ostream& out, std::ostream& err) {
  AuditCommand command;
  command.compute.precision = tensors::Precision::kFloat32;
  CommandLine line(audit_text());
  bind_options(line, command);
  if (!line.parse(std::move(args), out)) return 0;

  const Session session(command.output, err);
  settle(command.asking);
  analyzer::AuditMeans means;
  means.passphrase = [&] { return read_passphrase(command.passphrase_file, err); };
  means.make_extractor = [&](const keys::CoatKey& key) {
    coat::method_of_key(key, command.request.key.string());
    return coat::make_scorer(key, {command.compute});
  };
  means.collect = [&](const std::string& address, const std::filesystem::path& folder) {
    return collect_from(address, command.asking, folder, session.observer());
  };
  const report::Evidence evidence = analyzer::run_requested_audit(
      command.request, means, session.observer());

  if (command.output.json) {
    print_json(command, evidence, session.seconds(), out);
  } else {
    print_text(command, evidence, out);
  }
  return evidence.verdict.decision == stats::Decision::kEvidence ? 0 : 1;
}

}  // namespace patina::cli
