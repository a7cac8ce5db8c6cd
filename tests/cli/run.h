// SPDX-License-Identifier: Apache-2.0
// Runs the command line in the test's process.
#pragma once

#include <string>
#include <vector>

#include "cli/program.h"

namespace patina::cli {

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

/// The commands of main() with these arguments.
Ran run(const std::vector<std::string>& args);
Ran run(const std::vector<Command>& commands, const std::vector<std::string>& args);

}  // namespace patina::cli
