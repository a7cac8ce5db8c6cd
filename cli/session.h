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
#include "extractors/coat_key.h"

namespace patina::cli {

struct OutputOptions {
  bool json = false;
  bool quiet = false;
  bool verbose = false;
};
void bind_output(CommandLine& line, OutputOptions& options);

/// Where and how fast numbers are computed.
struct ComputeOptions {
  extractors::Precision precision = extractors::Precision::kAuto;
  std::string device = "cpu";
  int threads = 0;  ///< 0 = all cores.
};
/// The default shown is the value `options` holds.
void bind_compute(CommandLine& line, ComputeOptions& options);
void bind_passphrase(CommandLine& line, std::filesystem::path& file);
std::string to_string(extractors::Precision precision);
nlohmann::json to_json(const ComputeOptions& options);
extractors::ScorerOptions scorer_options(const ComputeOptions& options);

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
