// SPDX-License-Identifier: Apache-2.0
#include "report/pdf/axis_ticks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patina::report {
namespace {

using testing::ElementsAre;

TEST(NiceTicks, AreMultiplesOfOneTwoOrFive) {
  EXPECT_THAT(nice_ticks(0.3, 9.8, 5).labels, ElementsAre("0", "2", "4", "6", "8", "10"));
  EXPECT_THAT(nice_ticks(0.0, 0.9, 4).labels, ElementsAre("0.0", "0.5", "1.0"));
  EXPECT_THAT(nice_ticks(-2.0, 3.0, 5).labels, ElementsAre("−2", "−1", "0", "1", "2", "3"));
  EXPECT_THAT(nice_ticks(0.011, 0.019, 4).labels,
              ElementsAre("0.010", "0.012", "0.014", "0.016", "0.018", "0.020"));
}

TEST(NiceTicks, EncloseTheData) {
  for (const double high : {0.7, 3.0, 17.0, 1234.0, 5.5e9}) {
    const Ticks ticks = nice_ticks(0.1, high, 7);
    EXPECT_LE(ticks.low, 0.1);
    EXPECT_GE(ticks.high, high * (1.0 - 1e-9));
    EXPECT_EQ(ticks.positions.size(), ticks.labels.size());
    EXPECT_LE(ticks.positions.size(), 16U);
  }
}

TEST(NiceTicks, WidenASingleValue) {
  const Ticks ticks = nice_ticks(7.25, 7.25, 7);
  EXPECT_LT(ticks.low, 7.25);
  EXPECT_GT(ticks.high, 7.25);
  const Ticks zero = nice_ticks(0.0, 0.0, 7);
  EXPECT_LT(zero.low, zero.high);
}

TEST(NiceTicks, WriteHugeNumbersAsPowers) {
  EXPECT_EQ(nice_ticks(0.0, 4e9, 4).labels.back(), "4.0 × 10⁹");
}

}  // namespace
}  // namespace patina::report
