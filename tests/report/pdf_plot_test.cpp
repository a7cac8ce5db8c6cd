// SPDX-License-Identifier: Apache-2.0
#include "report/pdf/pdf_plot.h"

#include <gtest/gtest.h>

namespace patina::report::pdf {
namespace {

std::string path_text(const std::vector<Point>& corners) {
  std::string text;
  for (const Point& corner : corners) {
    text += "(" + std::to_string(corner.x).substr(0, 3) + " " +
            std::to_string(corner.y).substr(0, 4) + ")";
  }
  return text;
}

TEST(EcdfCorners, StepAtEveryDistinctScore) {
  EXPECT_EQ(path_text(ecdf_corners({3.0, 1.0, 3.0, 2.0}, 0.0, 4.0)),
            "(0.0 0.00)(1.0 0.00)(1.0 0.25)(2.0 0.25)(2.0 0.50)(3.0 0.50)(3.0 1.00)(4.0 1.00)");
}

TEST(EcdfCorners, OfNoScoresStayAtZero) {
  EXPECT_EQ(path_text(ecdf_corners({}, 0.0, 1.0)), "(0.0 0.00)(1.0 0.00)");
}

TEST(LargestGap, IsWhereTheSuspectsLeadMost) {
  const LargestGap gap = largest_gap({1.0, 2.0, 5.0, 9.0}, {4.0, 6.0, 7.0, 8.0});
  EXPECT_DOUBLE_EQ(gap.score, 2.0);
  EXPECT_DOUBLE_EQ(gap.suspect_share, 0.5);
  EXPECT_DOUBLE_EQ(gap.benign_share, 0.0);
}

TEST(LargestGap, CountsTiesOnBothSides) {
  const LargestGap gap = largest_gap({1.0, 1.0, 3.0}, {1.0, 4.0, 4.0});
  EXPECT_DOUBLE_EQ(gap.score, 3.0);
  EXPECT_NEAR(gap.suspect_share - gap.benign_share, 2.0 / 3.0, 1e-15);
}

TEST(LargestGap, IsZeroWhenTheSuspectsNeverLead) {
  const LargestGap gap = largest_gap({8.0, 9.0}, {1.0, 2.0});
  EXPECT_DOUBLE_EQ(gap.suspect_share - gap.benign_share, 0.0);
  EXPECT_DOUBLE_EQ(largest_gap({}, {1.0}).suspect_share, 0.0);
}

}  // namespace
}  // namespace patina::report::pdf
