// SPDX-License-Identifier: Apache-2.0
#include "report/verify/verify.h"

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
#include "core/json.h"
#include "core/numbers.h"
#include "keys/coat_key.h"

namespace patina::cli {
namespace {

using nlohmann::json;

struct VerifyCommand {
  std::vector<std::filesystem::path> bundles;
  tensors::ComputeOptions compute;
  report::VerifyOptions options;
  OutputOptions output;

  const std::filesystem::path& bundle() const { return bundles.front(); }
};

CommandText verify_text() {
  return {
      "verify",
      "BUNDLE [flags]",
      "Recomputes the digests, scores, tests and verdict of an evidence bundle and says what "
      "differs. It needs nothing but the bundle.",
      "patina verify bundle",
      "0 verified, 2 wrong usage or input, 3 disk or memory failed, 4 the bundle does not verify, "
      "130 interrupted."};
}

void bind_options(CommandLine& line, VerifyCommand& command) {
  line.positional({"BUNDLE", "", "Folder that patina audit wrote.", true}, command.bundles);
  bind_device(line, command.compute);
  bind_threads(line, command.compute);
  bind_output(line, command.output);
}

void require_one_bundle(const VerifyCommand& command) {
  if (command.bundles.size() == 1) return;
  throw core::Error(core::ErrorKind::kUsage,
                    "BUNDLE",
                    std::to_string(command.bundles.size()) + " folders were named, one is expected",
                    "verify one bundle at a time");
}

// The scores are recomputed in the arithmetic of the audit.
report::VerifyResult verify(const VerifyCommand& command, const Session& session) {
  const auto make_extractor = [&command](const std::filesystem::path& file,
                                         const std::string& precision) {
    tensors::ComputeOptions compute = command.compute;
    compute.precision = precision == "bfloat16" ? tensors::Precision::kBFloat16
                                                : tensors::Precision::kFloat32;
    return coat::make_scorer(coat::open_extractor(file), {compute});
  };
  return report::verify_bundle(
      command.bundle(), make_extractor, command.options, session.observer());
}

void print_text(const VerifyCommand& command,
                const report::VerifyResult& result,
                std::ostream& out) {
  const std::string bundle = printable(command.bundle().string());
  const std::string checked = core::counted_text(result.files_checked, "file") + ", " +
                              core::counted_text(result.scores_recomputed, "score") + " and " +
                              core::counted_text(result.tests_recomputed, "test");
  if (result.differences.empty()) {
    out << bundle << ": verified. " << checked
        << " agree with what the bundle claims (largest relative difference of a score "
        << core::exact_text(result.largest_score_difference) << ").\n";
    return;
  }
  out << bundle << ": does not verify. " << checked << " were checked; "
      << core::counted_text(result.differences.size(), "difference") << ":\n\n";
  std::vector<TableRow> rows = {{"what", "claimed", "found"}};
  for (const report::Difference& difference : result.differences) {
    rows.push_back(
        {printable(difference.what), printable(difference.claimed), printable(difference.found)});
  }
  out << format_table(rows, {Align::kLeft, Align::kLeft, Align::kLeft});
}

void print_json(const VerifyCommand& command,
                const report::VerifyResult& result,
                double seconds,
                std::ostream& out) {
  json differences = json::array();
  for (const report::Difference& difference : result.differences) {
    differences.push_back({{"what", printable(difference.what)},
                           {"claimed", printable(difference.claimed)},
                           {"found", printable(difference.found)}});
  }
  JsonDocument document;
  document.command = "verify";
  document.options = {{"device", command.compute.device},
                      {"threads", command.compute.num_threads},
                      {"score_tolerance", command.options.score_tolerance}};
  document.inputs.push_back(input_record("bundle", command.bundle()));
  document.result = {
      {"verified", result.differences.empty()},
      {"files_checked", result.files_checked},
      {"scores_recomputed", result.scores_recomputed},
      {"tests_recomputed", result.tests_recomputed},
      {"largest_score_difference", core::number_or_null(result.largest_score_difference)},
      {"differences", std::move(differences)}};
  document.timings_ms = {{"total", milliseconds(seconds)}};
  print_document(document, out);
}

}  // namespace

int run_verify(std::vector<std::string> args, std::ostream& out, std::ostream& err) {
  VerifyCommand command;
  CommandLine line(verify_text());
  bind_options(line, command);
  if (!line.parse(std::move(args), out)) return 0;
  require_one_bundle(command);

  const Session session(command.output, err);
  const report::VerifyResult result = verify(command, session);
  if (command.output.json) {
    print_json(command, result, session.seconds(), out);
  } else {
    print_text(command, result, out);
  }
  return result.differences.empty() ? 0 : core::exit_code(core::ErrorKind::kMismatch);
}

}  // namespace patina::cli
