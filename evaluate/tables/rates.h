// SPDX-License-Identifier: Apache-2.0
// Shares of draws that an audit rejects, one for each level.
#pragma once

#include <cstdint>
#include <vector>

#include "stats/interval.h"

namespace patina::evaluate {

/// The levels that rates are given for.
inline constexpr double kAlphas[] = {1e-3, 1e-6, 1e-9, 1e-12};

/// Share of draws rejected at each of kAlphas, [0, 1]; empty = not measured.
using Rates = std::vector<double>;

/// Level by level; empty for none. Requires: all of one length.
Rates mean_of(const std::vector<Rates>& all);
/// The largest, level by level; empty for none. Requires: all of one length.
Rates largest_of(const std::vector<Rates>& all);

/// Exact 95 % interval of the rate that `draws` draws estimate by `rate` [Clopper 1934]. It says how
/// the draws scatter, given the images of a model, and nothing of other models. Throws
/// Error{kInput} for no draws or a rate outside [0, 1].
stats::Interval interval_of(double rate, std::int64_t draws);

}  // namespace patina::evaluate
