// SPDX-License-Identifier: Apache-2.0
#include "cli/help_text.h"

#include <gmock/gmock.h>

namespace patina::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

CommandText sample_text() {
  return {"try", "A [flags]", "Tries it.", "patina try a", "0 done, 2 wrong usage."};
}

TEST(HelpText, RunsFromUsageToExitCodes) {
  EXPECT_EQ(help_text(sample_text(), {{"A", "What to try."}}, {{"--hard", "Tries harder."}}),
            "Usage: patina try A [flags]\n\n"
            "Tries it.\n\n"
            "Required:\n"
            "  A                         What to try.\n\n"
            "Optional:\n"
            "  --hard                    Tries harder.\n\n"
            "Example:\n  patina try a\n\n"
            "Exit codes: 0 done, 2 wrong usage.\n");
}

TEST(HelpText, LeavesOutASectionWithoutFlags) {
  const std::string text = help_text(sample_text(), {}, {{"--hard", "Tries harder."}});
  EXPECT_THAT(text, Not(HasSubstr("Required:")));
  EXPECT_THAT(help_text(sample_text(), {{"A", "What."}}, {}), Not(HasSubstr("Optional:")));
}

// The help column is the 29th; a label of 24 characters leaves two spaces before it.
TEST(HelpText, PutsTheHelpOfALongLabelOnTheNextLine) {
  const std::string fits(24, 'x');
  const std::string longer(25, 'x');
  EXPECT_THAT(help_text(sample_text(), {}, {{fits, "Help."}}),
              HasSubstr("  " + fits + "  Help.\n"));
  EXPECT_THAT(help_text(sample_text(), {}, {{longer, "Help."}}),
              HasSubstr("  " + longer + "\n" + std::string(28, ' ') + "Help.\n"));
}

TEST(HelpText, WrapsHelpInItsOwnColumn) {
  const std::string word(30, 'y');
  EXPECT_THAT(
      help_text(sample_text(), {}, {{"--hard", word + " " + word}}),
      HasSubstr("  --hard                    " + word + "\n" + std::string(28, ' ') + word + "\n"));
}

TEST(HelpText, IndentsFurtherLinesOfTheExitCodes) {
  CommandText text = sample_text();
  text.exit_codes = std::string(60, 'z') + " end.";
  EXPECT_THAT(help_text(text, {}, {}),
              HasSubstr("Exit codes: " + std::string(60, 'z') + " end.\n"));
  text.exit_codes = std::string(64, 'z') + " end.";
  EXPECT_THAT(help_text(text, {}, {}),
              HasSubstr("Exit codes: " + std::string(64, 'z') + "\n  end.\n"));
}

}  // namespace
}  // namespace patina::cli
