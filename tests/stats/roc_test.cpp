// SPDX-License-Identifier: Apache-2.0
#include "stats/roc.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "stats/rank_tests.h"
#include "tests/core/caught.h"

namespace patina::stats {
namespace {

const std::vector<double> kPositives = {0.1, 0.2, 0.2, 0.6};
const std::vector<double> kNegatives = {0.2, 0.5, 0.7, 0.8, 0.9};

TEST(RocArea, IsOneWhenPositivesAreSmaller) {
  EXPECT_EQ(roc_area({{1, 2}, {3, 4, 5}}).area, 1.0);
  EXPECT_EQ(roc_area({{3, 4, 5}, {1, 2}}).area, 0.0);
  EXPECT_EQ(roc_area({{1, 1}, {1, 1}}).area, 0.5);
}

TEST(RocArea, IsMannWhitneysUOverThePairs) {
  const double u = mann_whitney({kPositives, kNegatives}).statistic;
  EXPECT_NEAR(roc_area({kPositives, kNegatives}).area, 1.0 - u / 20.0, 1e-15);
}

TEST(RocArea, IsTheAreaUnderTheCurve) {
  double area = 0.0;
  double last_true = 0.0;
  double last_false = 0.0;
  for (const RocPoint& point : roc_curve({kPositives, kNegatives})) {
    area += 0.5 * (point.true_positive_rate + last_true) * (point.false_positive_rate - last_false);
    last_true = point.true_positive_rate;
    last_false = point.false_positive_rate;
  }
  EXPECT_NEAR(roc_area({kPositives, kNegatives}).area, area, 1e-15);
}

TEST(RocArea, StandardErrorFollowsDeLongByHand) {
  // Positives 1, 3 against negatives 2, 4, 5: placements of the positives 0, 1/3 and of the
  // negatives 1/2, 1, 1; variances 1/18 and 1/12.
  const RocArea result = roc_area({{1, 3}, {2, 4, 5}});
  EXPECT_NEAR(result.area, 5.0 / 6.0, 1e-15);
  EXPECT_NEAR(result.standard_error, std::sqrt(1.0 / 18.0 / 2.0 + 1.0 / 12.0 / 3.0), 1e-15);
}

TEST(RocArea, StandardErrorFallsBackToItsBound) {
  EXPECT_NEAR(roc_area({{3}, {1, 2, 4, 5}}).standard_error, 0.5, 1e-15);
  EXPECT_NEAR(roc_area({{1, 1}, {1, 1, 1}}).standard_error, std::sqrt(0.25 / 2.0), 1e-15);
  EXPECT_EQ(roc_area({{1, 2}, {3, 4}}).standard_error, 0.0);
}

TEST(RocCurve, HasOnePointForEveryDistinctScoreAndEndsAtOne) {
  const std::vector<RocPoint> curve = roc_curve({kPositives, kNegatives});
  ASSERT_EQ(curve.size(), 7U);
  EXPECT_EQ(curve[1].threshold, 0.2);
  EXPECT_EQ(curve[1].true_positive_rate, 0.75);
  EXPECT_EQ(curve[1].false_positive_rate, 0.2);
  EXPECT_EQ(curve.back().true_positive_rate, 1.0);
  EXPECT_EQ(curve.back().false_positive_rate, 1.0);
}

TEST(BestPoint, KeepsTheFalsePositiveRate) {
  EXPECT_EQ(best_point_at({kPositives, kNegatives}, 0.0).true_positive_rate, 0.25);
  EXPECT_EQ(best_point_at({kPositives, kNegatives}, 0.199).true_positive_rate, 0.25);
  EXPECT_EQ(best_point_at({kPositives, kNegatives}, 0.2).true_positive_rate, 0.75);
  EXPECT_EQ(best_point_at({kPositives, kNegatives}, 1.0).true_positive_rate, 1.0);
  EXPECT_EQ(best_point_at({kPositives, kNegatives}, 1.0).threshold, 0.6);
}

TEST(BestPoint, IsEmptyWhenNegativesComeFirst) {
  const RocPoint point = best_point_at({{2, 3}, {1}}, 0.5);
  EXPECT_EQ(point.true_positive_rate, 0.0);
  EXPECT_EQ(point.threshold, -std::numeric_limits<double>::infinity());
}

TEST(Roc, RefusesEmptyScoresAndImpossibleRates) {
  EXPECT_EQ(core::caught_text([] {
              roc_area({{}, kNegatives});
            }),
            "positive scores: 0 values, a test needs at least 1; add values.");
  EXPECT_EQ(core::caught_text([] {
              roc_curve({kPositives, {}});
            }),
            "negative scores: 0 values, a test needs at least 1; add values.");
  EXPECT_EQ(
      core::caught_text([] {
        best_point_at({kPositives, kNegatives}, 1.5);
      }),
      "false-positive rate: value 1.500000 lies outside [0, 1]; choose a number between 0 and "
      "1.");
}

}  // namespace
}  // namespace patina::stats
