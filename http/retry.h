// SPDX-License-Identifier: Apache-2.0
// How long to wait before asking again: what the server says, or longer and longer.
#pragma once

#include <optional>
#include <string_view>

#include "core/rng.h"
#include "http/message.h"

namespace patina::http {

/// Seconds that an answer asks to wait: retry-after-ms, Retry-After in seconds or as an HTTP date
/// (against the answer's own Date where it has one), RateLimit "t=", ratelimit-reset, or "resets in
/// ~30s" in the body. Between 0 and a day.
std::optional<double> asked_wait_s(const HttpResponse& response);

struct Backoff {
  double first_s = 1.0;
  double longest_s = 60.0;
  double jitter = 0.25;  ///< Share by which a pause may be longer, [0, 1].
};
/// Pause before attempt `attempt` + 1 (the first attempt is 1): first_s doubled each time, up to
/// longest_s, with jitter.
double backoff_s(const Backoff& backoff, int attempt, core::Rng& rng);

/// Seconds since 1970 of an IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT"); nothing for other text.
std::optional<double> parse_http_date(std::string_view text);
/// Seconds since 1970 of an RFC 3339 moment ("2026-01-31T09:30:00.25Z"); nothing for other text.
std::optional<double> parse_time(std::string_view text);

}  // namespace patina::http
