// SPDX-License-Identifier: Apache-2.0
// Randomisation test over the signs of a key [Fisher 1935, Sec. 21; Sablayrolles 2020, Sec. 3.2,
// whose random direction has independent signs here]. A key's signs were drawn at random and kept
// secret, so whatever a suspect is and however its images depend on each other, all 2^K sign
// patterns are equally probable to it as long as it has nothing to do with the key. That holds for
// models of other owners' coated images as well. Entry point: key_signs_test.
#pragma once

#include <cstdint>
#include <vector>

namespace patina::stats {

struct KeySignsResult {
  /// sum(t) / sum(|t|), [-1,1]; 1 = every sign of the key is the suspect's; 0 without any term.
  double statistic = 0.0;
  /// P(sum of |t_k| with random signs >= sum of t_k), [2^-K, 1]; underflows to 0 only below 1e-300.
  double p_value = 1.0;
  double log10_p_value = 0.0;
};

/// `terms` [K]: amounts of the key's K patterns in the suspect's images, each times the key's sign.
/// Zero terms change nothing. The count of sign patterns is exact but for terms being rounded down
/// to 1/grid of the sum of the disagreeing ones, which can only raise p. O(K grid). Throws
/// Error{kInput} if a term is not finite or `grid` < 2.
KeySignsResult key_signs_test(const std::vector<double>& terms, std::int64_t grid = 1 << 16);

}  // namespace patina::stats
