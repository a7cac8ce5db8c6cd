// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <ostream>

#include <nlohmann/json.hpp>

#include "analyzer/scoring.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_document.h"
#include "cli/passphrase.h"
#include "cli/session.h"
#include "cli/table.h"
#include "coat/methods.h"
#include "core/csv.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/numbers.h"
#include "keys/coat_key.h"
#include "queryers/directory.h"

namespace patina::cli {
namespace {

using nlohmann::json;

struct ScoreCommand {
  std::vector<std::filesystem::path> images;
  std::filesystem::path key;
  std::filesystem::path passphrase_file;
  bool strict = false;
  tensors::ComputeOptions compute;
  OutputOptions output;
};

CommandText score_text() {
  return {
      "score",
      "IMAGES... --key KEY [flags]",
      "Prints the coating score of images as CSV: path, score, inside. Smaller scores mean more "
      "like a coated image; inside is 1 for scores up to the key's radius, else 0.",
      "patina score photos --key my.key > scores.csv",
      "0 done, 2 wrong usage or input, 3 disk or memory failed, 130 interrupted."};
}

void bind_options(CommandLine& line, ScoreCommand& command) {
  line.positional({"IMAGES", "...", "Image files and folders.", true}, command.images);
  line.path({"--key", "KEY", "Key that patina coat made.", true}, command.key);
  bind_passphrase(line, command.passphrase_file);
  line.toggle({"--strict", "", "Stop at the first unreadable image instead of skipping it."},
              command.strict);
  bind_compute(line, command.compute);
  bind_output(line, command.output);
}

json options_to_json(const ScoreCommand& command) {
  json options = to_json(command.compute);
  options["key"] = printable(command.key.string());
  options["strict"] = command.strict;
  return options;
}

struct Found {
  json images = json::array();
  json skipped = json::array();
};

analyzer::ScoringSink make_sink(const ScoreCommand& command,
                                const Session& session,
                                double radius_score,
                                std::ostream& out,
                                Found& found) {
  analyzer::ScoringSink sink;
  sink.on_scored = [&command, &out, &found, radius_score](const analyzer::ScoredImage& image) {
    const bool inside = image.score <= radius_score;
    if (!command.output.json) {
      out << core::csv_field(image.source) << ',' << core::exact_text(image.score) << ',' << inside
          << "\n";
      return;
    }
    found.images.push_back({{"path", image.source},
                            {"sha256", image.sha256},
                            {"width_px", image.width_px},
                            {"height_px", image.height_px},
                            {"score", image.score},
                            {"inside", inside}});
  };
  sink.on_skipped = [&session, &found](const report::SkippedSample& skipped) {
    session.say("Skipped " + skipped.source + ": " + skipped.reason + ".");
    found.skipped.push_back({{"path", skipped.source}, {"reason", printable(skipped.reason)}});
  };
  return sink;
}

void print_json(const ScoreCommand& command,
                const keys::ExtractorInfo& info,
                const Found& found,
                double seconds,
                std::ostream& out) {
  JsonDocument document;
  document.command = "score";
  document.options = options_to_json(command);
  document.inputs.push_back(input_record("key", command.key));
  for (const auto& path : command.images) document.inputs.push_back(input_record("image", path));
  document.result = {{"method", info.method.name},
                     {"precision", info.precision},
                     {"extractor_sha256", info.weights_sha256},
                     {"radius_score", info.method.radius_score},
                     {"inside_means", info.method.inside},
                     {"images", found.images},
                     {"skipped", found.skipped}};
  document.timings_ms = {{"total", milliseconds(seconds)}};
  print_document(document, out);
}

}  // namespace

int run_score(std::vector<std::string> args, std::ostream& out, std::ostream& err) {
  ScoreCommand command;
  CommandLine line(score_text());
  bind_options(line, command);
  if (!line.parse(std::move(args), out)) return 0;

  const Session session(command.output, err);
  const auto source = queryers::open_files(command.images);
  const keys::CoatKey key = coat::open_key(command.key,
                                           read_passphrase(command.passphrase_file, err));
  const auto scorer = coat::make_scorer(key, {command.compute});
  const keys::ExtractorInfo info = scorer->info();

  Found found;
  if (!command.output.json) out << "path,score,inside\n";
  analyzer::ScoringOptions options;
  options.strict = command.strict;
  analyzer::score_images(*source,
                         *scorer,
                         options,
                         make_sink(command, session, info.method.radius_score, out, found),
                         session.observer());
  if (command.output.json) {
    print_json(command, info, found, session.seconds(), out);
  }
  return 0;
}

}  // namespace patina::cli
