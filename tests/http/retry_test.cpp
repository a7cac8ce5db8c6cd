// SPDX-License-Identifier: Apache-2.0
#include "http/retry.h"

#include <string>

#include <gtest/gtest.h>

#include "http/message.h"

namespace patina::http {
namespace {

double asked(const std::string& name, const std::string& value, const std::string& date = {}) {
  HttpResponse response;
  response.status = 429;
  if (!name.empty()) response.headers.add(name, value);
  if (!date.empty()) response.headers.add("Date", date);
  return asked_wait_s(response).value_or(-1.0);
}

TEST(AskedWait, ReadsEveryFormThatServicesUse) {
  EXPECT_EQ(asked("Retry-After", "7"), 7.0);
  EXPECT_EQ(asked("Retry-After", " 1.5 "), 1.5);
  EXPECT_EQ(asked("retry-after-ms", "250"), 0.25);
  EXPECT_EQ(asked("RateLimit", R"("api";r=0;t=55)"), 55.0);
  EXPECT_EQ(asked("ratelimit-reset", "12"), 12.0);
  EXPECT_EQ(asked("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:07 GMT"),
            30.0);
  EXPECT_EQ(asked("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"), 0.0) << "it has passed";
  HttpResponse throttled;
  throttled.body = R"({"detail":"Request was throttled. Your rate limit resets in ~30s."})";
  EXPECT_EQ(asked_wait_s(throttled), 30.0);
}

TEST(AskedWait, NeitherPastNorEndless) {
  EXPECT_EQ(asked("Retry-After", "-5"), 0.0);
  EXPECT_EQ(asked("Retry-After", "1e9"), 1.0) << "1, then letters";
  EXPECT_EQ(asked("Retry-After", "999999999999"), 86'400.0);
  EXPECT_EQ(asked("Retry-After", "soon"), -1.0);
  EXPECT_EQ(asked("Retry-After", "inf"), -1.0);
  EXPECT_EQ(asked("", ""), -1.0);
}

TEST(Backoff, DoublesUpToItsLongest) {
  core::Rng rng(1);
  const Backoff plain{1.0, 60.0, 0.0};
  EXPECT_EQ(backoff_s(plain, 1, rng), 1.0);
  EXPECT_EQ(backoff_s(plain, 4, rng), 8.0);
  EXPECT_EQ(backoff_s(plain, 40, rng), 60.0);
  for (int i = 0; i < 100; ++i) {
    const double pause = backoff_s({1.0, 60.0, 0.25}, 2, rng);
    EXPECT_GE(pause, 2.0);
    EXPECT_LE(pause, 2.5);
  }
}

// RFC 9110, Sec. 5.6.7; date -u -d '1994-11-06 08:49:37' +%s
TEST(HttpDate, ReadsTheFixedForm) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777.0);
  EXPECT_FALSE(parse_http_date("tomorrow, perhaps in the morning"));
  EXPECT_FALSE(parse_http_date(""));
}

TEST(Moments, AreReadWithFractionsAndZones) {
  EXPECT_EQ(parse_time("1994-11-06T08:49:37Z"), 784111777.0);
  EXPECT_EQ(parse_time("1994-11-06T08:49:37.250Z"), 784111777.25);
  EXPECT_EQ(parse_time("1994-11-06T09:49:37+01:00"), 784111777.0);
  EXPECT_FALSE(parse_time("yesterday at a quarter to nine"));
  EXPECT_FALSE(parse_time(""));
}

}  // namespace
}  // namespace patina::http
