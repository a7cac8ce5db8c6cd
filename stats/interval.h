// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace patina::stats {

/// A confidence interval, both ends included.
struct Interval {
  double low = 0.0;
  double high = 0.0;
};

}  // namespace patina::stats
