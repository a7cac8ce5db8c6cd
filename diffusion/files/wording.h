// SPDX-License-Identifier: Apache-2.0
// Names and shapes as messages show them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace patina::diffusion::internal {

/// The first five in quotes, then how many more there are.
std::string listed(const std::vector<std::string>& names);

/// "[320,4,3,3]"
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace patina::diffusion::internal
