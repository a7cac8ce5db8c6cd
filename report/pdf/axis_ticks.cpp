// SPDX-License-Identifier: Apache-2.0
#include "report/pdf/axis_ticks.h"

#include <algorithm>
#include <cmath>

#include "core/numbers.h"

namespace patina::report {
namespace {

double nice_step(double rough) {
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double fraction = rough / power;
  if (fraction <= 1.0) return power;
  if (fraction <= 2.0) return 2.0 * power;
  if (fraction <= 5.0) return 5.0 * power;
  return 10.0 * power;
}

std::string label(double value, double step) {
  constexpr double kLargestPositional = 1e7;
  constexpr int kMostDecimals = 6;
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  if (decimals > kMostDecimals || std::fabs(value) >= kLargestPositional) {
    return core::number_text(value, 4);
  }
  const double clean = std::fabs(value) < 1e-9 * step ? 0.0 : value;
  return (clean < 0.0 ? "−" : "") + core::fixed_text(std::fabs(clean), decimals);
}

}  // namespace

Ticks nice_ticks(double low, double high, int target) {
  const double smallest_span = std::max(1e-12, 1e-6 * std::max(std::fabs(low), std::fabs(high)));
  if (high - low < smallest_span) {
    const double pad = std::max(0.5, 0.05 * std::fabs(low));
    low -= pad;
    high += pad;
  }
  const double step = nice_step((high - low) / target);
  Ticks ticks;
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  ticks.low = first * step;
  ticks.high = last * step;
  const int count = static_cast<int>(last - first);
  for (int i = 0; i <= count; ++i) {
    ticks.positions.push_back((first + i) * step);
    ticks.labels.push_back(label(ticks.positions.back(), step));
  }
  return ticks;
}

}  // namespace patina::report
