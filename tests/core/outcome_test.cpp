// SPDX-License-Identifier: Apache-2.0
#include "core/outcome.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace patina::core {
namespace {

// As docs/formats/collection.md lists them.
TEST(Outcomes, HaveTheNamesOfTheFormat) {
  const std::vector<const char*> names = outcome_names();
  const std::set<std::string> listed(names.begin(), names.end());
  EXPECT_EQ(listed,
            (std::set<std::string>{"image",
                                   "filtered-image",
                                   "refused",
                                   "rate-limited",
                                   "not-ready",
                                   "failed",
                                   "timeout",
                                   "expired",
                                   "cancelled",
                                   "protocol-error"}));
}

TEST(Outcomes, AreFoundByTheirNames) {
  for (const char* name : outcome_names()) EXPECT_STREQ(to_string(*outcome_from_name(name)), name);
  EXPECT_FALSE(outcome_from_name("lost"));
}

}  // namespace
}  // namespace patina::core
