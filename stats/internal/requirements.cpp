// SPDX-License-Identifier: Apache-2.0
#include "stats/internal/requirements.h"

#include <cmath>

#include "core/error.h"

namespace patina::stats::internal {

using core::Error;
using core::ErrorKind;

void require_sample(const std::vector<double>& sample, const std::string& where) {
  if (sample.empty()) {
    throw Error(ErrorKind::kInput, where, "0 values, a test needs at least 1", "add values");
  }
  for (std::size_t i = 0; i < sample.size(); ++i) {
    if (!std::isfinite(sample[i])) {
      throw Error(ErrorKind::kInput,
                  where,
                  "value " + std::to_string(i + 1) + " of " + std::to_string(sample.size()) +
                      " is " + (std::isnan(sample[i]) ? "not a number" : "infinite"),
                  "remove it or score the image again");
    }
  }
}

void require_samples(const std::vector<double>& first, const std::vector<double>& second) {
  require_sample(first, "first sample");
  require_sample(second, "second sample");
}

void require_open_unit(double value, const std::string& where) {
  if (!(value > 0.0 && value < 1.0)) {
    throw Error(ErrorKind::kInput,
                where,
                "value " + std::to_string(value) + " lies outside (0, 1)",
                "choose a number between 0 and 1");
  }
}

void require_at_least(std::int64_t value, std::int64_t least, const std::string& where) {
  if (value < least) {
    throw Error(ErrorKind::kInput,
                where,
                "value " + std::to_string(value) + " is below " + std::to_string(least),
                "choose at least " + std::to_string(least));
  }
}

}  // namespace patina::stats::internal
