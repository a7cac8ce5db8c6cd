// SPDX-License-Identifier: Apache-2.0
// From arguments to an exit code: finds the subcommand, runs it, and tells errors as one sentence
// on `err` and, with --json, as one document on `out`. The only place that catches.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace patina::cli {

struct Command {
  std::string name;
  std::string summary;  ///< One line.
  int (*run)(std::vector<std::string> args, std::ostream& out, std::ostream& err);
};

/// `args` without the program's name. Returns the exit code; never throws.
int run_program(const std::vector<Command>& commands,
                const std::vector<std::string>& args,
                std::ostream& out,
                std::ostream& err);

}  // namespace patina::cli
