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

/// Mean of the terms of several images by one key, [K], added up in their order; `terms`
/// [images][K]. Empty without images or for a key without signs. Throws Error{kInput} if the lists
/// differ in length.
std::vector<double> mean_key_terms(const std::vector<std::vector<double>>& terms);

/// key_signs_test() on draws from one suspect's images, as resampled_ks() draws its first sample.
struct ResampledKeySignsOptions {
  std::int64_t repeats = 10'000;  ///< Draws, at least 1. More narrow the interval of a rate.
  std::int64_t size = 30;         ///< Images a draw, at least 1. More raise power.
  /// Levels of significance whose rates are counted; (0, 1).
  std::vector<double> alphas = {1e-3, 1e-6, 1e-9};
  std::uint64_t seed = 0;  ///< Seed of the draws.
};
struct ResampledKeySignsResult {
  std::vector<double> rejected_fraction;  ///< One per alpha.
  std::vector<double> p_values;           ///< One per repeat, in order; on a grid of 2048.
};
/// `terms` [images][K], of which each repeat takes the sum over the images drawn. Throws
/// Error{kInput} if the lists differ in length or there are fewer than are drawn.
ResampledKeySignsResult resampled_key_signs(const std::vector<std::vector<double>>& terms,
                                            const ResampledKeySignsOptions& options = {});

}  // namespace patina::stats
