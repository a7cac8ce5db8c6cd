// SPDX-License-Identifier: Apache-2.0
// sRGB [IEC 61966-2-1] -> XYZ (D65) -> CIELAB [CIE 15], with derivatives.
//
//   v_lin = v / 12.92                       v <= 0.04045
//           ((v + 0.055) / 1.055)^2.4       otherwise
//   (X, Y, Z) = M (r_lin, g_lin, b_lin) / white * scale
//   f(t) = t^(1/3)                          t > (6/29)^3
//          t / (3 (6/29)^2) + 4/29          otherwise
//   L* = 116 f(Y) - 16,  a* = 500 (f(X) - f(Y)),  b* = 200 (f(Y) - f(Z))
//
// a* and b* of a grey are a difference of nearly equal numbers: in float nothing of it would be
// left. So X - Y and Y - Z are formed from differences of the channels, and f(X) - f(Y) as (X - Y)
// times the slope of the chord, 1 / (f(X)^2 + f(X) f(Y) + f(Y)^2) on the cube-root part. In an
// unnamed namespace for the reason given in ciede2000_math.h.
#pragma once

#include "extractors/quality/internal/ciede2000_math.h"
#include "extractors/quality/internal/ciede2000_matrix.h"

namespace patina::extractors {
namespace {

/// A value and its derivative.
template <class T>
struct Jet {
  T value;
  T slope;
};

/// Linear light of a gamma-encoded value, which is held to [-8, 8].
template <class T>
[[gnu::always_inline]] inline Jet<T> linear_light(T encoded) {
  constexpr T kKnee = T(0.04045);
  constexpr T kLimit = T(8);
  const T v = at_most(at_least(encoded, -kLimit), kLimit);
  const T base = (at_least(v, kKnee) + T(0.055)) * T(1 / 1.055);
  const T times_slope = base * power_two_fifths(base);  // base^1.4
  const bool curved = v > kKnee;
  const bool limited = encoded != v;
  const T value = curved ? base * times_slope : v * T(1 / 12.92);
  const T slope = curved ? times_slope * T(2.4 / 1.055) : T(1 / 12.92);
  return {value, limited ? T(0) : slope};
}

constexpr double kLabKnee = 216.0 / 24389.0;  // (6/29)^3
constexpr double kLabFoot = 841.0 / 108.0;    // slope below the knee, 1 / (3 (6/29)^2)

/// f(t) and its derivative.
template <class T>
[[gnu::always_inline]] inline Jet<T> lab_curve(T t) {
  const T bounded = at_least(t, T(kLabKnee));
  const T inverse_root = inverse_cube_root(bounded);
  const T slope = inverse_root * inverse_root * T(1.0 / 3.0);
  const T guess = T(3) * bounded * slope;
  const T root = guess + (bounded - guess * guess * guess) * slope;  // takes off rounding errors
  const bool curved = t > T(kLabKnee);
  return {curved ? root : t * T(kLabFoot) + T(4.0 / 29.0), curved ? slope : T(kLabFoot)};
}

/// f(upper) - f(lower), given upper - lower to full relative accuracy.
template <class T>
[[gnu::always_inline]] inline T curve_difference(
    T upper, T lower, const Jet<T>& f_upper, const Jet<T>& f_lower, T difference) {
  const bool upper_curved = upper > T(kLabKnee);
  const bool lower_curved = lower > T(kLabKnee);
  const T u = f_upper.value;
  const T w = f_lower.value;
  const T chord = difference / (u * u + u * w + w * w);
  const T foot = difference * T(kLabFoot);
  const T mixed = u - w;
  const T same = upper_curved ? chord : foot;
  return upper_curved != lower_curved ? mixed : same;
}

/// CIELAB of a pixel and the derivatives of f at its X, Y, Z.
template <class T>
struct LabPixel {
  T l;
  T a;
  T b;
  T x_slope;
  T y_slope;
  T z_slope;
};

/// Linear RGB to CIELAB.
template <class T>
[[gnu::always_inline]] inline LabPixel<T> lab_of(const ColorMatrix<T>& matrix, T r, T g, T b) {
  const T x = matrix.x[0] * r + matrix.x[1] * g + matrix.x[2] * b;
  const T y = matrix.y[0] * r + matrix.y[1] * g + matrix.y[2] * b;
  const T z = matrix.z[0] * r + matrix.z[1] * g + matrix.z[2] * b;
  const Jet<T> fx = lab_curve(x);
  const Jet<T> fy = lab_curve(y);
  const Jet<T> fz = lab_curve(z);
  const T dark = y * T(116 * kLabFoot);
  const T light = T(116) * fy.value - T(16);
  const T xy = curve_difference(x, y, fx, fy, apply(matrix.x_minus_y, r, g, b));
  const T yz = curve_difference(y, z, fy, fz, apply(matrix.y_minus_z, r, g, b));
  return {y > T(kLabKnee) ? light : dark, T(500) * xy, T(200) * yz, fx.slope, fy.slope, fz.slope};
}

}  // namespace
}  // namespace patina::extractors
