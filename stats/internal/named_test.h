// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "stats/score_comparison.h"

namespace patina::stats::internal {

/// Alternative of the one-sided tests of scores.
inline constexpr const char* kSuspectSmaller = "suspect scores are smaller";

/// `result` has the three numbers that every test gives.
template <typename Result>
NamedTest named(const std::string& name, const std::string& alternative, const Result& result) {
  NamedTest test;
  test.name = name;
  test.alternative = alternative;
  test.statistic = result.statistic;
  test.p_value = result.p_value;
  test.log10_p_value = result.log10_p_value;
  return test;
}

}  // namespace patina::stats::internal
