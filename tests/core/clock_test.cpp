// SPDX-License-Identifier: Apache-2.0
#include "core/clock.h"

#include <ctime>

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::core {
namespace {

// Seconds and texts from `date -u -d @N +%FT%TZ` (GNU coreutils 9.1).
TEST(UtcNow, HonoursSourceDateEpoch) {
  const std::pair<const char*, const char*> cases[] = {{"0", "1970-01-01T00:00:00Z"},
                                                       {"951782400", "2000-02-29T00:00:00Z"},
                                                       {"1769860800", "2026-01-31T12:00:00Z"},
                                                       {"253402300799", "9999-12-31T23:59:59Z"}};
  for (const auto& [epoch, expected] : cases) {
    const ScopedEnvironment fixed("SOURCE_DATE_EPOCH", epoch);
    EXPECT_EQ(utc_now(), expected);
  }
}

TEST(UtcNow, RefusesAnEpochThatIsNotOne) {
  for (const char* epoch :
       {"yesterday", "12s", "-1", " 1", "253402300800", "99999999999999999999"}) {
    const ScopedEnvironment fixed("SOURCE_DATE_EPOCH", epoch);
    EXPECT_EQ(caught_text([] { utc_now(); }),
              "SOURCE_DATE_EPOCH: \"" + std::string(epoch) +
                  "\" is not a number of seconds from 0 to 253402300799; unset it or give seconds "
                  "since 1970.");
  }
}

TEST(UtcNow, IsTheClockOtherwise) {
  const ScopedEnvironment unset("SOURCE_DATE_EPOCH", nullptr);
  const std::time_t before = std::time(nullptr);
  const std::string text = utc_now();
  const std::time_t after = std::time(nullptr);
  std::tm parts = {};
  ASSERT_NE(::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts), nullptr) << text;
  const std::time_t seconds = ::timegm(&parts);
  EXPECT_LE(before, seconds);
  EXPECT_LE(seconds, after);
}

TEST(UtcNowMs, IsTheClockWhateverSourceDateEpochSays) {
  const ScopedEnvironment fixed("SOURCE_DATE_EPOCH", "0");
  const std::time_t before = std::time(nullptr);
  const std::string text = utc_now_ms();
  const std::time_t after = std::time(nullptr);
  std::tm parts = {};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  ASSERT_NE(rest, nullptr) << text;
  EXPECT_LE(before, ::timegm(&parts));
  EXPECT_LE(::timegm(&parts), after);
  ASSERT_EQ(text.size(), std::string("2026-01-31T12:00:00.000Z").size());
  EXPECT_EQ(rest[0], '.');
  EXPECT_EQ(std::string(rest + 1, 3).find_first_not_of("0123456789"), std::string::npos) << text;
  EXPECT_EQ(rest[4], 'Z');
}

TEST(SecondsSince, CountsInSeconds) {
  const auto start = std::chrono::steady_clock::now() - std::chrono::milliseconds(2500);
  const double passed = seconds_since(start);
  EXPECT_GE(passed, 2.5);
  EXPECT_LT(passed, 60.0);
}

}  // namespace
}  // namespace patina::core
