// SPDX-License-Identifier: Apache-2.0
#include "core/names.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/core/caught.h"

namespace patina::core {
namespace {

enum class Colour { kBlue, kRed, kGreen };
constexpr Named<Colour> kColours[] = {{Colour::kRed, "red"}, {Colour::kBlue, "blue"}};

TEST(Names, StandInTheOrderOfTheTable) {
  EXPECT_EQ(names_of(kColours), (std::vector<std::string>{"red", "blue"}));
}

TEST(Names, LeadToTheirValuesAndBack) {
  for (const auto& row : kColours) {
    EXPECT_EQ(name_of(kColours, row.value), std::string(row.name));
    EXPECT_EQ(value_of(kColours, row.name, "--colour"), row.value);
  }
}

TEST(Names, ThatAreUnknownAreRefusedWithThoseThatAreKnown) {
  EXPECT_FALSE(find_value(kColours, "green"));
  const Error error = caught([] { value_of(kColours, "Red", "--colour"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_STREQ(error.what(), "--colour: is \"Red\"; give one of red, blue.");
}

TEST(Names, AreNotMadeUpForAValueWithoutARow) {
  EXPECT_EQ(caught([] { name_of(kColours, Colour::kGreen); }).kind(), ErrorKind::kInternal);
}

}  // namespace
}  // namespace patina::core
