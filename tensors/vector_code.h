// SPDX-License-Identifier: Apache-2.0
// What loops need that the compiler turns into vector code once for each instruction set: the
// attribute, and bfloat16 to float32 and back without LibTorch's types. Included by such files
// only.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define PATINA_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#define PATINA_INLINE \
  inline __attribute__((always_inline))  // else the clones call the portable one
#else
#define PATINA_CLONES
#define PATINA_INLINE inline
#endif

namespace patina::tensors {

PATINA_INLINE float bits_as_float(std::uint32_t bits) {
  float value = 0.0F;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

PATINA_INLINE std::uint32_t float_as_bits(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

PATINA_INLINE float widened(std::uint16_t value) {
  return bits_as_float(static_cast<std::uint32_t>(value) << 16);
}

// Rounds to nearest, ties to even; a NaN keeps its sign and becomes quiet.
PATINA_INLINE std::uint16_t narrowed(float value) {
  const std::uint32_t bits = float_as_bits(value);
  const std::uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16;
  const std::uint32_t quiet = (bits >> 16) | 0x40U;
  return static_cast<std::uint16_t>((bits & 0x7FFFFFFFU) > 0x7F800000U ? quiet : rounded);
}

}  // namespace patina::tensors
