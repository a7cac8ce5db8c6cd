// SPDX-License-Identifier: Apache-2.0
// The weighting functions of CIEDE2000 with their derivatives; symbols as in ciede2000_formula.h.
// In an unnamed namespace for the reason given in ciede2000_math.h.
#pragma once

#include "extractors/quality/internal/ciede2000_color.h"

namespace patina::extractors {
namespace {

constexpr double kTiny = 1e-12;  // Keeps divisors of vanishing numerators off zero.

/// w(C) and its derivative.
template <class T>
[[gnu::always_inline]] inline Jet<T> chroma_weight(T chroma, T stabiliser) {
  const T t = chroma * T(1.0 / 25.0);
  const T t2 = t * t;
  const T t7 = t2 * t2 * t2 * t;
  const T share = T(1) / (T(1) + t7);
  const T ratio = t7 * share;
  const T value = square_root(at_least(ratio, stabiliser));
  const T slope = T(3.5) * value * share / at_least(chroma, T(kTiny));
  return {value, ratio < stabiliser ? T(0) : slope};
}

/// T and its derivative with respect to H.
template <class T>
[[gnu::always_inline]] inline Jet<T> hue_weight(T c, T s) {
  constexpr T kCos30 = T(0.86602540378443865), kSin30 = T(0.5);
  constexpr T kCos6 = T(0.99452189536827333), kSin6 = T(0.10452846326765347);
  constexpr T kCos63 = T(0.45399049973954675), kSin63 = T(0.89100652418836786);
  const T c2 = (c - s) * (c + s);
  const T s2 = T(2) * c * s;
  const T c3 = c * c2 - s * s2;
  const T s3 = s * c2 + c * s2;
  const T c4 = (c2 - s2) * (c2 + s2);
  const T s4 = T(2) * c2 * s2;
  const T value = T(1) - T(0.17) * (c * kCos30 + s * kSin30) + T(0.24) * c2 +
                  T(0.32) * (c3 * kCos6 - s3 * kSin6) - T(0.20) * (c4 * kCos63 + s4 * kSin63);
  const T slope = T(0.17) * (s * kCos30 - c * kSin30) - T(0.48) * s2 -
                  T(0.96) * (s3 * kCos6 + c3 * kSin6) + T(0.80) * (s4 * kCos63 - c4 * kSin63);
  return {value, slope};
}

/// -sin(2 Dtheta) and its derivative with respect to H.
template <class T>
[[gnu::always_inline]] inline Jet<T> rotation(T c, T s) {
  constexpr T kCos275 = T(0.087155742747658174), kSin275 = T(-0.99619469809174553);
  constexpr T kPerWidth = T(2.2918311805232929);  // radians to widths of 25 degrees
  const T offset = angle_of(c * kCos275 + s * kSin275, s * kCos275 - c * kSin275);
  // H runs over [0, 360): beyond 360 - 275 = 85 degrees it has started again from zero.
  const T unwrapped = offset > T(1.4835298641951802) ? offset - T(6.2831853071795865) : offset;
  const T x = unwrapped * kPerWidth;
  const T twice = T(1.0471975511965977) * exp_minus(x * x);  // 2 Dtheta
  return {-sine_of(twice), cosine_of(twice) * twice * T(2) * x * kPerWidth};
}

/// S_L and its derivative with respect to the mean lightness.
template <class T>
[[gnu::always_inline]] inline Jet<T> lightness_weight(T mean) {
  const T u = mean - T(50);
  const T u2 = u * u;
  const T inverse = T(1) / square_root(T(20) + u2);
  return {T(1) + T(0.015) * u2 * inverse,
          T(0.015) * u * (T(40) + u2) * inverse * inverse * inverse};
}

}  // namespace
}  // namespace patina::extractors
