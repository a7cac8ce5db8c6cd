// SPDX-License-Identifier: Apache-2.0
// What every subcommand has: output flags, the flags of whatever computes scores, an observer and a
// clock.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "cli/command_line.h"
#include "cli/progress.h"
#include "core/observer.h"
#include "keys/coat_key.h"
#include "tensors/compute.h"

namespace patina::cli {

struct OutputOptions {
  bool json = false;     ///< Prints the result as one JSON object on standard output.
  bool quiet = false;    ///< Leaves out progress and remarks on standard error.
  bool verbose = false;  ///< Tells the causes behind an error.
};
void bind_output(CommandLine& line, OutputOptions& options);

/// --precision, --device and --threads; the defaults shown are the values `options` holds.
void bind_compute(CommandLine& line, tensors::ComputeOptions& options);
void bind_precision(CommandLine& line, tensors::ComputeOptions& options);
void bind_device(CommandLine& line, tensors::ComputeOptions& options);
void bind_threads(CommandLine& line, tensors::ComputeOptions& options);
nlohmann::json to_json(const tensors::ComputeOptions& options);
void bind_passphrase(CommandLine& line, std::filesystem::path& file);

/// One run: the observer shows progress on `err` as long as the session lives and stops on Ctrl-C.
class Session {
 public:
  Session(const OutputOptions& output, std::ostream& err);

  const core::Observer& observer() const { return observer_; }
  /// A line on `err` unless quiet.
  void say(const std::string& sentence) const { observer_.say(sentence); }
  double seconds() const { return steady_seconds() - began_; }

 private:
  double began_;
  std::shared_ptr<ProgressPrinter> printer_;
  core::Observer observer_;
};

}  // namespace patina::cli
