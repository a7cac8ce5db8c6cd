// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <nlohmann/json.hpp>

#include "cli/interrupt.h"

namespace patina::cli {
namespace {

constexpr std::uint64_t kMaxThreads = 1024;

}  // namespace

void bind_output(CommandLine& line, OutputOptions& options) {
  line.toggle({"--json", "", "Print one JSON document instead of text, also on failure."},
              options.json);
  line.toggle({"--quiet", "", "No progress and no remarks on stderr."}, options.quiet);
  line.toggle({"--verbose", "", "Tell the causes behind an error."}, options.verbose);
}

void bind_precision(CommandLine& line, tensors::ComputeOptions& options) {
  line.choice(
      {"--precision",
       "NAME",
       std::string("Arithmetic: auto (bfloat16 where the processor computes it natively, else "
                   "float32), float32, bfloat16 or, with --device cuda, float16 (default: ") +
           tensors::to_string(options.precision) + ")."},
      tensors::precision_names(),
      [&options](const std::string& name) {
        options.precision = tensors::precision_from_name(name);
      });
}

void bind_device(CommandLine& line, tensors::ComputeOptions& options) {
  line.choice(
      {"--device", "NAME", "Where to compute: cpu or cuda (default: " + options.device + ")."},
      {"cpu", "cuda"},
      [&options](const std::string& name) { options.device = name; });
}

void bind_threads(CommandLine& line, tensors::ComputeOptions& options) {
  line.whole({"--threads",
              "N",
              "Processor threads, 0 to 1024; 0 takes what OMP_NUM_THREADS says, else all "
              "cores (default: 0)."},
             {0, kMaxThreads},
             options.num_threads);
}

void bind_compute(CommandLine& line, tensors::ComputeOptions& options) {
  bind_precision(line, options);
  bind_device(line, options);
  bind_threads(line, options);
}

void bind_passphrase(CommandLine& line, std::filesystem::path& file) {
  line.path(
      {"--passphrase-file",
       "FILE",
       "File whose first line is the key's passphrase (default: $PATINA_PASSPHRASE, else none)."},
      file);
}

nlohmann::json to_json(const tensors::ComputeOptions& options) {
  return {{"precision", tensors::to_string(options.precision)},
          {"device", options.device},
          {"threads", options.num_threads}};
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
