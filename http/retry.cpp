// SPDX-License-Identifier: Apache-2.0
#include "http/retry.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <string>

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeParser.h>
#include <Poco/Timestamp.h>

#include "core/text.h"

namespace patina::http {
namespace {

constexpr double kDay = 86'400.0;

// The number at the start of the text, in fixed notation.
std::optional<double> leading_number(std::string_view text) {
  text = core::trim_blank(text);
  double value = 0.0;
  const auto [end, failure] = std::from_chars(
      text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (failure != std::errc() || end == text.data() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<double> number_after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  return leading_number(text.substr(at + mark.size()));
}

double now_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::optional<double> retry_after(const HttpResponse& response) {
  const std::string value = response.headers.get("Retry-After");
  if (value.empty()) return std::nullopt;
  if (const auto date = parse_http_date(value)) {
    return *date - parse_http_date(response.headers.get("Date")).value_or(now_s());
  }
  return leading_number(value);
}

// The header gives seconds from now, or (larger) a moment.
std::optional<double> reset_header(const HttpResponse& response) {
  const auto value = leading_number(response.headers.get("ratelimit-reset"));
  if (value && *value > 1e9) return *value - now_s();
  return value;
}

}  // namespace

std::optional<double> parse_http_date(std::string_view text) {
  Poco::DateTime date;
  int zone = 0;
  const bool shaped = text.size() == 29 && text[3] == ',' && text.substr(26) == "GMT";
  if (!shaped) return std::nullopt;
  if (!Poco::DateTimeParser::tryParse(
          Poco::DateTimeFormat::HTTP_FORMAT, std::string(text), date, zone)) {
    return std::nullopt;
  }
  return static_cast<double>(date.timestamp().epochMicroseconds()) / 1e6;
}

std::optional<double> parse_time(std::string_view text) {
  Poco::DateTime date;
  int zone = 0;
  const bool shaped = text.size() >= 20 && text.size() <= 40 && text[10] == 'T';
  if (!shaped || !Poco::DateTimeParser::tryParse(
                     Poco::DateTimeFormat::ISO8601_FRAC_FORMAT, std::string(text), date, zone)) {
    return std::nullopt;
  }
  date.makeUTC(zone);
  return static_cast<double>(date.timestamp().epochMicroseconds()) / 1e6;
}

std::optional<double> asked_wait_s(const HttpResponse& response) {
  std::optional<double> wait;
  if (const auto ms = leading_number(response.headers.get("retry-after-ms"))) wait = *ms / 1000.0;
  if (!wait) wait = retry_after(response);
  if (!wait) wait = number_after(response.headers.get("RateLimit"), "t=");
  if (!wait) wait = reset_header(response);
  if (!wait) wait = number_after(std::string_view(response.body).substr(0, 4096), "resets in ~");
  if (!wait) return std::nullopt;
  return std::clamp(*wait, 0.0, kDay);
}

double backoff_s(const Backoff& backoff, int attempt, core::Rng& rng) {
  const double pause = backoff.first_s * std::pow(2.0, std::clamp(attempt - 1, 0, 30));
  return std::min(pause, backoff.longest_s) * (1.0 + backoff.jitter * rng.uniform());
}

}  // namespace patina::http
