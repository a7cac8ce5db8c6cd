// SPDX-License-Identifier: Apache-2.0
// The checks every public function of this module begins with. All throw core::Error{kInput}.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace patina::stats::internal {

/// Not empty, no NaN, no infinity. `where` names the sample in the message.
void require_sample(const std::vector<double>& sample, const std::string& where);
void require_samples(const std::vector<double>& first, const std::vector<double>& second);

/// Strictly between 0 and 1; alpha, confidence.
void require_open_unit(double value, const std::string& where);

/// `value` >= `least`.
void require_at_least(std::int64_t value, std::int64_t least, const std::string& where);

}  // namespace patina::stats::internal
