// SPDX-License-Identifier: Apache-2.0
#include "core/version.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patina::core {
namespace {

TEST(Version, HasThreeNumbers) {
  EXPECT_THAT(std::string(kVersion), testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST(Revision, IsAnAbbreviatedCommitOrUnknown) {
  EXPECT_THAT(std::string(kRevision), testing::MatchesRegex("[0-9a-f]{7,40}|unknown"));
}

}  // namespace
}  // namespace patina::core
