// SPDX-License-Identifier: Apache-2.0
// What the rows of the chain come to: means over sets, the worst false accusation, and files.
#include <string>

#include <gtest/gtest.h>

#include "core/files.h"
#include "evaluate/chain.h"
#include "tests/core/scratch_folder.h"

namespace patina::evaluate {
namespace {

ChainRow row(const char* set, const char* method, double power, double accused) {
  ChainRow made;
  made.set = set;
  made.method = method;
  made.coating = "frame";
  made.true_positive = Rates(4, power);
  made.false_uncoated = Rates(4, 0.0);
  made.false_other = Rates(4, accused);
  made.false_base = Rates(4, 0.0);
  made.psnr_db = 38.0;
  return made;
}

TEST(ChainSummary, AveragesTruePositivesOverSets) {
  const auto summaries = summarise({{row("a", "full", 1.0, 0.0), row("b", "full", 0.5, 0.0)}, 0.0});
  ASSERT_EQ(summaries.size(), 1U);
  EXPECT_EQ(summaries[0].sets, 2);
  EXPECT_EQ(summaries[0].true_positive, Rates(4, 0.75));
  EXPECT_EQ(summaries[0].psnr_db, 38.0);
}

TEST(ChainSummary, KeepsMethodsAndSharesApart) {
  ChainRow half = row("a", "full", 0.25, 0.0);
  half.share_percent = 50;
  const auto summaries = summarise(
      {{row("a", "full", 1.0, 0.0), half, row("a", "lora", 0.5, 0.0)}, 0.0});
  ASSERT_EQ(summaries.size(), 3U);
  EXPECT_EQ(summaries[1].true_positive, Rates(4, 0.25));
  EXPECT_EQ(summaries[2].method, "lora");
}

// Three kinds of models in each of two rows, one kind of one row accused in 3 of 10 draws.
TEST(ChainSummary, FalsePositivesAreAMeanAndAWorst) {
  const auto summaries = summarise({{row("a", "full", 1.0, 0.3), row("b", "full", 1.0, 0.0)}, 0.0});
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_DOUBLE_EQ(summaries[0].false_positive[i], 0.3 / 6.0);
    EXPECT_EQ(summaries[0].worst[i], 0.3);
  }
}

TEST(ChainSummary, CountsOtherOwnersOnlyWhereTheyWereMeasured) {
  ChainRow with_owners = row("a", "full", 1.0, 0.0);
  with_owners.false_owners = Rates(4, 0.8);
  const auto summaries = summarise({{with_owners, row("b", "full", 1.0, 0.0)}, 0.0});
  EXPECT_DOUBLE_EQ(summaries[0].false_positive[0], 0.8 / 7.0);
}

class ChainTables : public ::testing::Test {
 protected:
  std::string written(const char* file, const char* set = "Ink & <Wash>, 2|3") const {
    ChainOptions options;
    options.output = scratch_.path();
    write_tables(options, {{row(set, "full", 1.0, 0.0)}, 0.0});
    return core::read_text_file(scratch_.path() / file);
  }

 private:
  core::ScratchFolder scratch_;
};

TEST_F(ChainTables, CallASetWhatItsFolderIsCalledInEveryFormat) {
  EXPECT_NE(written("chain.md").find("| Ink & \\<Wash>, 2\\|3 | full |"), std::string::npos);
  EXPECT_NE(written("chain.csv").find("\n\"Ink & <Wash>, 2|3\",full,"), std::string::npos);
  EXPECT_NE(written("chain.svg").find(">Ink &amp; &lt;Wash&gt;, 2|3, full, "), std::string::npos);
}

// XML 1.0 has no control characters, and a table's row no line breaks.
TEST_F(ChainTables, WriteWhatCannotBeSeenInANameAsItsCode) {
  const char* set = "Ink\n\x1b[7m";
  EXPECT_NE(written("chain.md", set).find("| Ink\\n\\u001B[7m | full |"), std::string::npos);
  EXPECT_NE(written("chain.svg", set).find(">Ink\\n\\u001B[7m, full, "), std::string::npos);
}

}  // namespace
}  // namespace patina::evaluate
