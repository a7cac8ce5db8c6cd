// SPDX-License-Identifier: Apache-2.0
#include "core/numbers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace patina::core {
namespace {

constexpr double kSmallestPrintedDirectly = 1e-300;
constexpr double kLargestPositional = 1e7;
constexpr double kSmallestPositional = 1e-4;

std::string formatted(double value, std::chars_format format, int precision) {
  std::array<char, 400> buffer{};
  const auto result = std::to_chars(
      buffer.data(), buffer.data() + buffer.size(), value, format, precision);
  return std::string(buffer.data(), result.ptr);
}

std::string superscript(int exponent) {
  constexpr std::array<const char*, 10> kDigits = {
      "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text;
  for (const char digit : std::to_string(exponent)) {
    text += digit == '-' ? "⁻" : kDigits.at(static_cast<std::size_t>(digit - '0'));
  }
  return text;
}

/// mantissa * 10^exponent with a mantissa in [1,10), rounded to two digits.
std::string power_text(double mantissa, int exponent) {
  if (mantissa >= 9.95) {
    mantissa = 1.0;
    ++exponent;
  }
  return formatted(mantissa, std::chars_format::fixed, 1) + " × 10" + superscript(exponent);
}

}  // namespace

std::string scientific_text(double value) {
  if (!std::isfinite(value)) return "n/a";
  if (value == 0.0) return "0";
  const std::string sign = value < 0.0 ? "−" : "";
  const double magnitude = std::fabs(value);
  const int exponent = static_cast<int>(std::floor(std::log10(magnitude)));
  const double nearest = std::pow(10.0, std::round(std::log10(magnitude)));
  if (std::fabs(magnitude - nearest) <= 1e-12 * nearest) {
    return sign + "10" + superscript(static_cast<int>(std::round(std::log10(magnitude))));
  }
  return sign + power_text(magnitude / std::pow(10.0, exponent), exponent);
}

std::string number_text(double value, int significant) {
  if (!std::isfinite(value)) return "n/a";
  if (value == 0.0) return "0";
  const double magnitude = std::fabs(value);
  if (magnitude >= kLargestPositional || magnitude < kSmallestPositional) {
    return scientific_text(value);
  }
  const int leading = static_cast<int>(std::floor(std::log10(magnitude)));
  const int decimals = std::max(0, significant - 1 - leading);
  const std::string text = formatted(magnitude, std::chars_format::fixed, decimals);
  return (value < 0.0 ? "−" : "") + text;
}

std::string p_value_text(double p, double log10_p) {
  if (!std::isfinite(p)) return "n/a";
  if (p >= 0.995) return "1.0";
  if (p >= 1e-3) return number_text(p, 2);
  if (p >= kSmallestPrintedDirectly) return scientific_text(p);
  if (!std::isfinite(log10_p)) return "below 10" + superscript(-300);
  const double exponent = std::floor(log10_p);
  return power_text(std::pow(10.0, log10_p - exponent), static_cast<int>(exponent)) +
         " (log10 p = " + number_text(log10_p, 6) + ")";
}

std::string percent_text(double fraction) {
  if (!std::isfinite(fraction)) return "n/a";
  return formatted(100.0 * fraction, std::chars_format::fixed, 1) + " %";
}

std::string level_text(double confidence) {
  if (!std::isfinite(confidence)) return "n/a";
  return formatted(100.0 * confidence, std::chars_format::general, 6) + " %";
}

std::string fixed_text(double value, int decimals) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return formatted(value, std::chars_format::fixed, decimals);
}

std::string general_text(double value, int significant) {
  return formatted(value, std::chars_format::general, significant);
}

std::string exact_text(double value) {
  if (!std::isfinite(value)) return "n/a";
  std::array<char, 64> buffer{};
  // Whole numbers without an exponent: 100000, not 1e+05.
  constexpr double kLargestWhole = 1e15;
  const bool whole = std::abs(value) < kLargestWhole && std::trunc(value) == value;
  char* const end = buffer.data() + buffer.size();
  const auto result = whole ? std::to_chars(buffer.data(), end, value, std::chars_format::fixed)
                            : std::to_chars(buffer.data(), end, value);
  return std::string(buffer.data(), result.ptr);
}

std::string seventeen_digits_text(double value) {
  return std::isfinite(value) ? formatted(value, std::chars_format::general, 17) : "n/a";
}

std::string count_text(std::int64_t count) {
  std::string text = std::to_string(count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::string zero_padded_text(std::uint64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return std::string(text.size() < digits ? digits - text.size() : 0, '0') + text;
}

std::string counted_text(std::int64_t count, const std::string& singular) {
  return count_text(count) + " " + singular + (count == 1 ? "" : "s");
}

}  // namespace patina::core
