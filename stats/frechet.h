// SPDX-License-Identifier: Apache-2.0
// Frechet distance between the normal laws fitted to two samples of feature vectors [Dowson &
// Landau 1982; Heusel 2017, Eq. 6]: |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)).
#pragma once

#include <vector>

namespace patina::stats {

/// Feature vectors, one an item, all of one length.
using FeatureSample = std::vector<std::vector<double>>;

/// >= 0, in squared units of the features. Throws Error{kInput} for a sample of fewer than two
/// items or of other lengths.
double frechet_distance(const FeatureSample& first, const FeatureSample& second);

}  // namespace patina::stats
