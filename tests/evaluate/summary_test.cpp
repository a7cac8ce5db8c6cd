// SPDX-License-Identifier: Apache-2.0
// What the rows of the chain come to: means over sets, and the worst false accusation.
#include <gtest/gtest.h>

#include "evaluate/chain.h"

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
  const auto summaries =
      summarise({{row("a", "full", 1.0, 0.0), half, row("a", "lora", 0.5, 0.0)}, 0.0});
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

}  // namespace
}  // namespace patina::evaluate
