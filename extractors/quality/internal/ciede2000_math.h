// SPDX-License-Identifier: Apache-2.0
// Elementary functions for the CIEDE2000 kernels. The float forms are branch-free, so that a loop
// over them vectorises, and good to about 2e-7; the double forms are libm's.
//
// Everything sits in an unnamed namespace and calls no inline function of the standard library: the
// header is compiled once per instruction set, and a shared inline function could be linked in from
// the copy that the processor at hand cannot run.
#pragma once

#include <cmath>
#include <cstdint>

namespace patina::extractors {
namespace {

[[gnu::always_inline]] inline std::int32_t bits_of(float x) {
  std::int32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

[[gnu::always_inline]] inline float float_of(std::int32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

[[gnu::always_inline]] inline float square_root(float x) { return __builtin_sqrtf(x); }
[[gnu::always_inline]] inline double square_root(double x) { return __builtin_sqrt(x); }

/// `x`, but at least `bound`; a NaN stays.
template <class T>
[[gnu::always_inline]] inline T at_least(T x, T bound) {
  return x < bound ? bound : x;
}

/// `x`, but at most `bound`; a NaN stays.
template <class T>
[[gnu::always_inline]] inline T at_most(T x, T bound) {
  return x > bound ? bound : x;
}

/// log2(x) for normal x > 0: x = 2^e m with m in [sqrt(1/2), sqrt(2)), then the series of
/// 2 artanh((m-1)/(m+1)).
[[gnu::always_inline]] inline float log2_of(float x) {
  constexpr float kTwoOverLn2 = 2.8853900817779268F;
  const std::int32_t bits = bits_of(x);
  const std::int32_t exponent = (bits - 0x3f3504f3) >> 23;
  const float m = float_of(bits - exponent * (1 << 23));
  const float s = (m - 1.0F) / (m + 1.0F);
  const float s2 = s * s;
  const float series = 1.0F + s2 * (1.0F / 3 + s2 * (1.0F / 5 + s2 * (1.0F / 7 + s2 * (1.0F / 9))));
  return static_cast<float>(exponent) + kTwoOverLn2 * s * series;
}

/// 2^x for |x| <= 126: exponent bits times the Taylor series of exp(r ln 2), |r| <= 1/2.
[[gnu::always_inline]] inline float exp2_of(float x) {
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it leaves no fraction bits.
  const float whole = (x + kRound) - kRound;
  const float r = (x - whole) * 0.69314718055994531F;
  const float series =
      1.0F +
      r * (1.0F +
           r * (1.0F / 2 +
                r * (1.0F / 6 +
                     r * (1.0F / 24 + r * (1.0F / 120 + r * (1.0F / 720 + r * (1.0F / 5040)))))));
  const auto exponent = static_cast<std::uint32_t>(static_cast<std::int32_t>(whole) + 127);
  return series * float_of(static_cast<std::int32_t>(exponent << 23));
}

/// x^0.4 for x > 0.
[[gnu::always_inline]] inline float power_two_fifths(float x) { return exp2_of(0.4F * log2_of(x)); }
[[gnu::always_inline]] inline double power_two_fifths(double x) { return ::pow(x, 0.4); }

/// x^(-1/3) for normal x > 0: a guess from the exponent bits (3.4 %), then two steps of third
/// order.
[[gnu::always_inline]] inline float inverse_cube_root(float x) {
  const float third = static_cast<float>(bits_of(x)) * (1.0F / 3);
  float y = float_of(0x54a23000 - static_cast<std::int32_t>(third));
  for (int step = 0; step < 2; ++step) {
    const float c = x * y * y * y;
    y *= 14.0F / 9 - c * (7.0F / 9 - c * (2.0F / 9));
  }
  return y;
}
[[gnu::always_inline]] inline double inverse_cube_root(double x) { return 1.0 / ::cbrt(x); }

/// exp(-x) for x >= 0; flushed to a positive number under 1e-37 beyond x = 87.
[[gnu::always_inline]] inline float exp_minus(float x) {
  return exp2_of(at_least(x * -1.4426950408889634F, -126.0F));
}
[[gnu::always_inline]] inline double exp_minus(double x) { return ::exp(-x); }

/// Angle of the unit vector (x, y), radians. The float form is exact to 1e-6 for |angle| <= 1.7 and
/// within 0.3 beyond, through tan(angle/4) = y / (1 + x + 2 cos(angle/2)).
[[gnu::always_inline]] inline float angle_of(float x, float y) {
  const float half_cos = square_root(at_least(0.5F + 0.5F * x, 0.0F));
  const float ratio = y / at_least(1.0F + x + 2.0F * half_cos, 1e-6F);
  const float t = at_most(at_least(ratio, -1.0F), 1.0F);
  const float t2 = t * t;
  const float series =
      1.0F -
      t2 * (1.0F / 3 -
            t2 * (1.0F / 5 -
                  t2 * (1.0F / 7 -
                        t2 * (1.0F / 9 - t2 * (1.0F / 11 - t2 * (1.0F / 13 - t2 * (1.0F / 15)))))));
  return 4.0F * t * series;
}
[[gnu::always_inline]] inline double angle_of(double x, double y) { return ::atan2(y, x); }

/// Sine and cosine of an angle in [0, pi/3], by their Taylor series.
[[gnu::always_inline]] inline float sine_of(float x) {
  const float x2 = x * x;
  return x *
         (1.0F - x2 * (1.0F / 6 - x2 * (1.0F / 120 - x2 * (1.0F / 5040 - x2 * (1.0F / 362880)))));
}
[[gnu::always_inline]] inline double sine_of(double x) { return ::sin(x); }

[[gnu::always_inline]] inline float cosine_of(float x) {
  const float x2 = x * x;
  return 1.0F -
         x2 * (1.0F / 2 -
               x2 * (1.0F / 24 - x2 * (1.0F / 720 - x2 * (1.0F / 40320 - x2 * (1.0F / 3628800)))));
}
[[gnu::always_inline]] inline double cosine_of(double x) { return ::cos(x); }

}  // namespace
}  // namespace patina::extractors
