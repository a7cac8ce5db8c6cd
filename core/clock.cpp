// SPDX-License-Identifier: Apache-2.0
#include "core/clock.h"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/error.h"
#include "core/numbers.h"

namespace patina::core {
namespace {

constexpr std::int64_t kLastSecondOf9999 = 253402300799;  // RFC 3339 years have four digits

std::int64_t now_s() {
  // Patina never changes its own environment, so reading it is safe in any thread.
  const char* value = std::getenv("SOURCE_DATE_EPOCH");  // NOLINT(concurrency-mt-unsafe)
  const std::string_view text = value == nullptr ? "" : value;
  if (text.empty()) return std::time(nullptr);
  std::int64_t seconds = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0 ||
      seconds > kLastSecondOf9999) {
    throw Error(ErrorKind::kInput,
                "SOURCE_DATE_EPOCH",
                in_quotes(text) + " is not a number of seconds from 0 to 253402300799",
                "unset it or give seconds since 1970");
  }
  return seconds;
}

std::tm utc_of(std::time_t seconds) {
  std::tm parts = {};
  ::gmtime_r(&seconds, &parts);
  return parts;
}

}  // namespace

std::string utc_text(const std::tm& utc) {
  char text[64] = {};
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::string utc_now() { return utc_text(utc_of(now_s())); }

std::string utc_now_ms() {
  using std::chrono::milliseconds;
  const auto now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  const auto ms = static_cast<std::uint64_t>(now.time_since_epoch().count());
  std::string text = utc_text(utc_of(static_cast<std::time_t>(ms / 1000)));
  text.pop_back();
  return text + "." + zero_padded_text(ms % 1000, 3) + "Z";
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace patina::core
