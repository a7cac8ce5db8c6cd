// SPDX-License-Identifier: Apache-2.0
#include "analyzer/audit.h"

#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>

#include <nlohmann/json.hpp>

#include "analyzer/commitment.h"
#include "cli/asking.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_document.h"
#include "cli/passphrase.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/numbers.h"
#include "extractors/scorer.h"
#include "keys/coat_key.h"
#include "queryers/directory.h"
#include "queryers/record/collection.h"
#include "report/bundle/bundle.h"
#include "report/evidence/bundle_layout.h"

namespace patina::cli {
namespace {

using nlohmann::json;

struct AuditCommand {
  std::filesystem::path key;
  std::filesystem::path suspect;  ///< Folder, collection or, as text, an address.
  std::filesystem::path benign;
  AskingOptions asking;
  std::filesystem::path bundle;
  std::filesystem::path commitment;
  std::filesystem::path passphrase_file;
  analyzer::AuditOptions options;
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
  line.path({"--key", "KEY", "Key that patina coat made.", true}, command.key);
  line.path(
      {"--suspect",
       "SOURCE",
       "Images from the model under audit: a folder, a folder that patina collect wrote, or an "
       "endpoint such as a1111+http://host:7860 (see patina help collect).",
       true},
      command.suspect);
  line.path({"--benign",
             "SOURCE",
             "Like images from models known not to have used the coated set; the same kinds.",
             true},
            command.benign);
  line.path({"-o,--output", "BUNDLE", "Folder to write; new, empty or an unfinished audit.", true},
            command.bundle);
  line.real({"--alpha",
             "P",
             "False-positive rate of the test, above 0 and below 1 (default: " +
                 core::exact_text(command.options.alpha) + ")."},
            {0.0, 1.0, true, true},
            command.options.alpha);
  line.text({"--case", "NAME", "Title of the report (default: none)."}, command.options.case_name);
  line.path({"--commitment", "FILE", "Published commitment.json; checked against the key."},
            command.commitment);
  bind_passphrase(line, command.passphrase_file);
  line.toggle({"--strict", "", "Stop at the first unreadable image instead of skipping it."},
              command.options.strict);
  bind_compute(line, command.compute);
  bind_plan(line, command.asking);
  bind_gallery(line, command.asking);
  bind_manners(line, command.asking);
  bind_output(line, command.output);
}

json options_to_json(const AuditCommand& command) {
  json options = to_json(command.compute);
  options["key"] = printable(command.key.string());
  options["suspect"] = printable(command.suspect.string());
  options["benign"] = printable(command.benign.string());
  if (is_remote(command.suspect.string()) || is_remote(command.benign.string())) {
    options["asking"] = to_json(command.asking);
  }
  options["output"] = printable(command.bundle.string());
  options["commitment"] = command.commitment.empty() ? json()
                                                     : json(printable(command.commitment.string()));
  options["alpha"] = command.options.alpha;
  options["confidence"] = command.options.confidence;
  options["case"] = command.options.case_name;
  options["min_samples"] = command.options.min_samples;
  options["batch_size"] = command.options.batch_size;
  options["strict"] = command.options.strict;
  return options;
}

std::optional<report::CommitmentRecord> matching_commitment(const AuditCommand& command) {
  if (command.commitment.empty()) return std::nullopt;
  report::CommitmentRecord record = analyzer::check_commitment(command.commitment, command.key);
  if (record.key_matches) return record;
  throw core::Error(core::ErrorKind::kInput,
                    printable(command.commitment.string()),
                    "was made for another key than " + printable(command.key.string()),
                    "name the key and the commitment of one patina coat run");
}

analyzer::AuditKey audit_key(const AuditCommand& command, const keys::CoatKey& key) {
  analyzer::AuditKey audited;
  audited.record.key_sha256 = core::to_hex(core::sha256_file(command.key));
  audited.record.method = key.method;
  audited.record.created = key.created;
  audited.record.radius_score = std::sqrt(key.radius * key.radius + 1.0) - 1.0;
  audited.commitment = matching_commitment(command);
  audited.write_extractor = [&key](const std::filesystem::path& path) {
    keys::write_extractor(path, key);
  };
  return audited;
}

// A folder of images; nothing for what came over the network, or is to come.
std::unique_ptr<queryers::Suspect> open_images(const std::filesystem::path& source) {
  if (is_remote(source.string()) || queryers::is_collection(source)) return nullptr;
  return queryers::open_directory(source);
}

// What came over the network, or does now, as a part of the bundle.
std::unique_ptr<queryers::Suspect> open_source(const AuditCommand& command,
                                               const std::filesystem::path& source,
                                               const char* role,
                                               const core::Observer& observer) {
  const std::filesystem::path place = command.bundle / report::kAcquisitionFolder / role;
  if (!is_remote(source.string())) {
    queryers::copy_collection(source, place);
    return queryers::open_collection(place);
  }
  const queryers::CollectResult result = collect_from(
      source.string(), command.asking, place, observer);
  if (!result.stopped.empty()) {
    observer.say("Warning: the collection of the " + std::string(role) +
                 " ended before its plan: " + result.stopped + ".");
  }
  return queryers::open_collection(place);
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
  out << "\nReport: " << printable((command.bundle / report::kReportFile).string())
      << "\nNext: patina verify " << printable(command.bundle.string()) << "\n";
}

void print_json(const AuditCommand& command,
                const report::Evidence& evidence,
                double seconds,
                std::ostream& out) {
  JsonDocument document;
  document.command = "audit";
  document.options = options_to_json(command);
  document.inputs.push_back(input_record("key", command.key));
  for (const auto& [role, source] :
       {std::pair<const char*, std::filesystem::path>("suspect", command.suspect),
        {"benign", command.benign}}) {
    if (!is_remote(source.string())) document.inputs.push_back(input_record(role, source));
  }
  if (!command.commitment.empty()) {
    document.inputs.push_back(input_record("commitment", command.commitment));
  }
  document.result = {{"bundle", printable(command.bundle.string())},
                     {"report", printable((command.bundle / report::kReportFile).string())},
                     {"decision", report::to_string(evidence.verdict.decision)},
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
  auto suspect = open_images(command.suspect);
  auto benign = open_images(command.benign);
  const keys::CoatKey key = keys::read_coat_key(command.key,
                                                read_passphrase(command.passphrase_file, err));
  const analyzer::AuditKey audited = audit_key(command, key);
  const auto scorer = extractors::make_scorer(key, {command.compute});
  analyzer::check_bundle(command.bundle, audited, *scorer);
  if (!suspect) suspect = open_source(command, command.suspect, "suspect", session.observer());
  if (!benign) benign = open_source(command, command.benign, "benign", session.observer());
  const report::Evidence evidence = analyzer::run_audit(
      *suspect, *benign, *scorer, audited, command.bundle, command.options, session.observer());

  if (command.output.json) {
    print_json(command, evidence, session.seconds(), out);
  } else {
    print_text(command, evidence, out);
  }
  return evidence.verdict.decision == report::Decision::kEvidence ? 0 : 1;
}

}  // namespace patina::cli
