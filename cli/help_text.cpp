// SPDX-License-Identifier: Apache-2.0
#include "cli/help_text.h"

#include "cli/table.h"

namespace patina::cli {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kHelpColumn = 28;

std::string flag_lines(const FlagText& flag) {
  const std::string margin(kHelpColumn, ' ');
  std::string lines = "  " + flag.label;
  if (lines.size() + 2 > kHelpColumn) {
    lines += "\n" + margin;
  } else {
    lines.resize(kHelpColumn, ' ');
  }
  for (const char c : wrap(flag.help, kColumns - kHelpColumn, 0)) {
    lines += c == '\n' ? "\n" + margin : std::string(1, c);
  }
  return lines + "\n";
}

std::string section(const std::string& title, const std::vector<FlagText>& flags) {
  if (flags.empty()) return "";
  std::string text = "\n" + title + ":\n";
  for (const FlagText& flag : flags) text += flag_lines(flag);
  return text;
}

}  // namespace

std::string help_text(const CommandText& command,
                      const std::vector<FlagText>& required,
                      const std::vector<FlagText>& optional) {
  return "Usage: patina " + command.name + " " + command.usage + "\n\n" +
         wrap(command.sentence, kColumns, 0) + "\n" + section("Required", required) +
         section("Optional", optional) + "\nExample:\n  " + command.example + "\n\n" +
         wrap("Exit codes: " + command.exit_codes, kColumns, 2) + "\n";
}

}  // namespace patina::cli
