// SPDX-License-Identifier: Apache-2.0
#include "tests/cli/run.h"

#include <sstream>

#include "cli/commands.h"

namespace patina::cli {

Ran run(const std::vector<Command>& commands, const std::vector<std::string>& args) {
  std::ostringstream out;
  std::ostringstream err;
  Ran ran;
  ran.code = run_program(commands, args, out, err);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

Ran run(const std::vector<std::string>& args) {
  return run({{"coat", "", run_coat},
              {"score", "", run_score},
              {"audit", "", run_audit},
              {"verify", "", run_verify},
              {"collect", "", run_collect},
              {"probe", "", run_probe},
              {"serve", "", run_serve},
              {"generate", "", run_generate},
              {"personalize", "", run_personalize},
              {"evaluate", "", run_evaluate},
              {"inspect", "", run_inspect}},
             args);
}

}  // namespace patina::cli
