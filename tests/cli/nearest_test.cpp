// SPDX-License-Identifier: Apache-2.0
#include "cli/nearest.h"

#include <gtest/gtest.h>

namespace patina::cli {
namespace {

struct Case {
  const char* from;
  const char* to;
  std::size_t distance;
};

// Counted by hand.
TEST(EditDistance, CountsInsertionsDeletionsReplacementsAndSwaps) {
  for (const Case& c : {Case{"", "", 0},
                        Case{"", "abc", 3},
                        Case{"abc", "", 3},
                        Case{"abc", "abc", 0},
                        Case{"stenght", "strength", 2},
                        Case{"kitten", "sitting", 3},
                        Case{"ab", "ba", 1},
                        Case{"--sede", "--seed", 1}}) {
    EXPECT_EQ(edit_distance(c.from, c.to), c.distance) << c.from << " -> " << c.to;
    EXPECT_EQ(edit_distance(c.to, c.from), c.distance) << c.to << " -> " << c.from;
  }
}

TEST(Nearest, IsTheWordAtTheSmallestDistance) {
  EXPECT_EQ(nearest("adit", {"coat", "score", "audit"}), "audit");
  EXPECT_EQ(nearest("--stenght", {"--steps", "--strength", "--strict"}), "--strength");
}

TEST(Nearest, IsTheFirstOfEquals) { EXPECT_EQ(nearest("x", {"a", "b"}), "a"); }

}  // namespace
}  // namespace patina::cli
