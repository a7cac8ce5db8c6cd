// SPDX-License-Identifier: Apache-2.0
// The --help of a subcommand as plain data and as text.
#pragma once

#include <string>
#include <vector>

namespace patina::cli {

/// What stands around the flags.
struct CommandText {
  std::string name;        ///< "score".
  std::string usage;       ///< After "patina score": "IMAGES... --key KEY [flags]".
  std::string sentence;    ///< What it does.
  std::string example;     ///< One line that works.
  std::string exit_codes;  ///< "0 done, 2 wrong usage or input, ...".
};

struct FlagText {
  std::string label;  ///< "-o, --output DIR".
  std::string help;   ///< With unit and default.
};

std::string help_text(const CommandText& command,
                      const std::vector<FlagText>& required,
                      const std::vector<FlagText>& optional);

}  // namespace patina::cli
