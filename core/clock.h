// SPDX-License-Identifier: Apache-2.0
// Time as text in UTC [RFC 3339], and time that passed.
#pragma once

#include <chrono>
#include <ctime>
#include <string>

namespace patina::core {

/// "2026-01-31T12:00:00Z" of a broken-down time in UTC, up to the year 9999.
std::string utc_text(const std::tm& utc);

/// Now, to the second; the time in $SOURCE_DATE_EPOCH where that is set. Throws Error{kInput} if
/// that is not a number of seconds up to the year 9999.
std::string utc_now();

/// Now by the machine's clock, "2026-01-31T12:00:00.000Z", whatever $SOURCE_DATE_EPOCH says: for
/// records of what was done when.
std::string utc_now_ms();

double seconds_since(std::chrono::steady_clock::time_point start);

}  // namespace patina::core
