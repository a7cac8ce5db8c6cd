// SPDX-License-Identifier: Apache-2.0
// Looks for infinities and NaN at the pace of memory, on all threads.
#pragma once

#include <cstdint>

namespace patina::diffusion::internal {

/// Whether all float32 values, given as bits, are finite.
bool all_finite_32(const std::uint32_t* bits, std::int64_t count);

/// The same for 16-bit floats whose exponent has these bits: 0x7C00 float16, 0x7F80 bfloat16.
bool all_finite_16(const std::uint16_t* bits, std::int64_t count, std::uint16_t exponent);

}  // namespace patina::diffusion::internal
