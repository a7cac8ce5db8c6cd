// SPDX-License-Identifier: Apache-2.0
// std::numbers::pi, which C++17 lacks.
#pragma once

namespace patina::core {

inline constexpr double kPi = 3.14159265358979323846;

}  // namespace patina::core
