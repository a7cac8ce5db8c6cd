// SPDX-License-Identifier: Apache-2.0
// What the resampled tests share: draws without replacement and the share of them rejected.
#pragma once

#include <cstddef>
#include <vector>

#include "core/rng.h"

namespace patina::stats::internal {

/// Draws without replacement from 0..size-1; every draw starts from the identity order.
class Drawer {
 public:
  explicit Drawer(std::size_t size);

  /// Replaces `drawn` by `count` indices: the first steps of a Fisher-Yates shuffle.
  void draw(std::size_t count, core::Rng& rng, std::vector<std::size_t>& drawn);

 private:
  std::vector<std::size_t> order_;
  std::vector<std::size_t> swaps_;
};

/// Share of p-values below each alpha.
std::vector<double> rejected_fractions(const std::vector<double>& p_values,
                                       const std::vector<double>& alphas);

}  // namespace patina::stats::internal
