// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <nlohmann/json.hpp>

#include "cli/interrupt.h"

namespace patina::cli {
namespace {

using extractors::Precision;

constexpr std::uint64_t kMaxThreads = 1024;

Precision precision_from_name(const std::string& name) {
  if (name == "float32") return Precision::kFloat32;
  if (name == "bfloat16") return Precision::kBFloat16;
  return Precision::kAuto;
}

}  // namespace

void bind_output(CommandLine& line, OutputOptions& options) {
  line.toggle({"--json", "", "Print one JSON document instead of text, also on failure."},
              options.json);
  line.toggle({"--quiet", "", "No progress and no remarks on stderr."}, options.quiet);
  line.toggle({"--verbose", "", "Tell the causes behind an error."}, options.verbose);
}

void bind_compute(CommandLine& line, ComputeOptions& options) {
  line.choice(
      {"--precision",
       "NAME",
       "Arithmetic: auto (bfloat16 where the processor computes it natively), float32 or "
       "bfloat16 (default: " +
           to_string(options.precision) + ")."},
      {"auto", "float32", "bfloat16"},
      [&options](const std::string& name) { options.precision = precision_from_name(name); });
  line.choice({"--device", "NAME", "cpu or cuda (default: " + options.device + ")."},
              {"cpu", "cuda"},
              [&options](const std::string& name) { options.device = name; });
  line.whole({"--threads", "N", "Processor threads, 0 to 1024; 0 takes all cores (default: 0)."},
             {0, kMaxThreads},
             [&options](std::uint64_t count) { options.threads = static_cast<int>(count); });
}

void bind_passphrase(CommandLine& line, std::filesystem::path& file) {
  line.path({"--passphrase-file",
             "FILE",
             "Passphrase of the key, in the first line (default: $PATINA_PASSPHRASE, else none)."},
            file);
}

std::string to_string(Precision precision) {
  switch (precision) {
    case Precision::kFloat32:
      return "float32";
    case Precision::kBFloat16:
      return "bfloat16";
    case Precision::kAuto:
      break;
  }
  return "auto";
}

nlohmann::json to_json(const ComputeOptions& options) {
  return {{"precision", to_string(options.precision)},
          {"device", options.device},
          {"threads", options.threads}};
}

extractors::ScorerOptions scorer_options(const ComputeOptions& options) {
  extractors::ScorerOptions scorer;
  scorer.precision = options.precision;
  scorer.device = options.device;
  scorer.num_threads = options.threads;
  return scorer;
}

Session::Session(const OutputOptions& output, std::ostream& err)
    : began_(steady_seconds()),
      printer_(std::make_shared<ProgressPrinter>(
          err, style_for(err, output.quiet), [] { return steady_seconds(); })) {
  observer_.log = [printer = printer_](const std::string& sentence) { printer->say(sentence); };
  observer_.progress = [printer = printer_](const core::Progress& progress) {
    printer->show(progress);
    return !interrupted();
  };
}

}  // namespace patina::cli
