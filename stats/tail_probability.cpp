// SPDX-License-Identifier: Apache-2.0
#include "stats/tail_probability.h"

#include <algorithm>
#include <cmath>

#include "stats/internal/special_functions.h"

namespace patina::stats {

TailProbability tail_from_value(double p_value) {
  const double clipped = std::min(1.0, std::max(0.0, p_value));
  return {clipped, std::log10(clipped)};
}

TailProbability tail_from_log(double natural_log) {
  const double clipped = std::min(0.0, natural_log);
  return {std::exp(clipped), clipped / internal::kLn10};
}

TailProbability twice(const TailProbability& one_sided) {
  return {std::min(1.0, 2.0 * one_sided.p_value),
          std::min(0.0, one_sided.log10_p_value + internal::kLn2 / internal::kLn10)};
}

const char* to_string(Shift shift) {
  switch (shift) {
    case Shift::kDifferent:
      return "different";
    case Shift::kFirstSmaller:
      return "first-smaller";
    case Shift::kFirstLarger:
      return "first-larger";
  }
  return "different";
}

}  // namespace patina::stats
