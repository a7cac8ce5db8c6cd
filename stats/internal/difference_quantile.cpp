// SPDX-License-Identifier: Apache-2.0
#include "stats/internal/difference_quantile.h"

#include <cstdint>
#include <cstring>
#include <limits>

#include "stats/internal/ranks.h"

namespace patina::stats::internal {

namespace {

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

// Doubles in increasing order as unsigned integers in increasing order, and back.
std::uint64_t key_of(double value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}

double value_of(std::uint64_t key) {
  const std::uint64_t bits = (key & kSignBit) != 0 ? key ^ kSignBit : ~key;
  double value = 0.0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// How many differences are at most `limit`; both samples sorted.
std::uint64_t count_at_most(const std::vector<double>& x,
                            const std::vector<double>& y,
                            double limit) {
  std::uint64_t count = 0;
  std::size_t first = 0;  // Least j with x_i - y_j <= limit; grows with i.
  for (const double value : x) {
    while (first < y.size() && value - y[first] > limit) {
      ++first;
    }
    count += y.size() - first;
  }
  return count;
}

// The `rank`-th smallest difference, rank >= 1.
double ordered_difference(const std::vector<double>& x,
                          const std::vector<double>& y,
                          std::uint64_t rank) {
  std::uint64_t low = key_of(-std::numeric_limits<double>::infinity());
  std::uint64_t high = key_of(std::numeric_limits<double>::infinity());
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (count_at_most(x, y, value_of(middle)) >= rank) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return value_of(low);
}

}  // namespace

double median_difference(const std::vector<double>& x, const std::vector<double>& y) {
  const std::vector<double> first = sorted(x);
  const std::vector<double> second = sorted(y);
  const std::uint64_t pairs = static_cast<std::uint64_t>(x.size()) * y.size();
  const double upper = ordered_difference(first, second, pairs / 2 + 1);
  if (pairs % 2 == 1) {
    return upper + 0.0;
  }
  const double lower = ordered_difference(first, second, pairs / 2);
  return lower / 2.0 + upper / 2.0;
}

}  // namespace patina::stats::internal
