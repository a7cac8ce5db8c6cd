// SPDX-License-Identifier: Apache-2.0
// CIEDE2000 [Sharma 2005] of one pixel, forwards and backwards, k_L = k_C = k_H = 1, e = stabiliser:
//
//   G = (1 - w((C*_1 + C*_2)/2)) / 2,  w(C) = sqrt(max(C^7 / (C^7 + 25^7), e)),  a'_i = (1 + G) a*_i
//   C_i = sqrt(max(a'_i^2 + b_i^2, e)),  h_i = angle of (a'_i, b_i),  Dh = h_2 - h_1 in (-pi, pi]
//   l = DL / S_L,  k = (C_2 - C_1) / S_C,  h = 2 sqrt(C_1 C_2) sin(Dh/2) / S_H
//   S_L = 1 + 0.015 u^2 / sqrt(20 + u^2), u = (L_1 + L_2)/2 - 50
//   S_C = 1 + 0.045 C,  S_H = 1 + 0.015 C T,  C = (C_1 + C_2)/2,  H = mean hue
//   T = 1 - 0.17 cos(H - 30) + 0.24 cos 2H + 0.32 cos(3H + 6) - 0.20 cos(4H - 63)
//   R_T = -2 w(C) sin(2 Dtheta),  Dtheta = 30 exp(-((H - 275)/25)^2), degrees
//   DE^2 = F = l^2 + k^2 + h^2 + R_T k h
//
// No hue is computed. With unit vectors u_i along (a'_i, b_i), cos Dh is their product, sin Dh their
// cross product, and the mean hue is the direction of u_1 + u_2, or of u_2 - u_1 turned by 90 degrees
// where the sum is small. Opposite hues (within 1e-6 rad) take the plain mean of the angles in
// [0, 360), as [Sharma 2005] does. A pixel without hue has Dh = 0 and leaves H to the other one.
// The stabiliser enters where the public Siren code has it. Units: radians unless said otherwise.
#pragma once

#include "extractors/internal/ciede2000_color.h"

namespace patina::extractors {
namespace {

constexpr double kNoHue = 1e-24;  // Squared chroma up to which a pixel has no hue.
constexpr double kTiny = 1e-12;   // Keeps divisors of vanishing numerators off zero.

template <class T>
struct ColorPoint {
  T l;
  T a;
  T b;
};

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

/// A colour with a* stretched by 1 + G.
template <class T>
struct Chroma {
  T a;        // a', or e where a' = 0
  T b;
  T value;    // C
  T squared;  // a^2 + b^2 of the above
  T inverse;  // 1 / sqrt(squared), bounded
};

template <class T>
[[gnu::always_inline]] inline Chroma<T> chroma_of(T a, T b, T stabiliser) {
  const T hue_a = a == T(0) ? stabiliser : a;
  const T squared = hue_a * hue_a + b * b;
  const T inverse = T(1) / square_root(at_least(squared, T(kNoHue)));
  return {hue_a, b, square_root(a * a + b * b), squared, inverse};
}

template <class T>
[[gnu::always_inline]] inline bool has_hue(const Chroma<T>& c) {
  return c.value * c.value > T(kNoHue);
}

/// Half the hue difference and the mean hue, as sines and cosines.
template <class T>
struct HuePair {
  T half_sin;  // sin(Dh/2), signed
  T half_cos;  // cos(Dh/2) >= 0
  T mean_cos;
  T mean_sin;
};

template <class T>
[[gnu::always_inline]] inline HuePair<T> hue_pair(const Chroma<T>& first, const Chroma<T>& second) {
  const T u1a = first.a * first.inverse;
  const T u1b = first.b * first.inverse;
  const T u2a = second.a * second.inverse;
  const T u2b = second.b * second.inverse;
  // The unit vectors with a hueless pixel given the other one's hue, or zero.
  const T last_a = has_hue(second) ? u2a : T(1);
  const T last_b = has_hue(second) ? u2b : T(0);
  const T p1a = has_hue(first) ? u1a : last_a;
  const T p1b = has_hue(first) ? u1b : last_b;
  const T p2a = has_hue(second) ? u2a : p1a;
  const T p2b = has_hue(second) ? u2b : p1b;
  const T both = (has_hue(first) ? T(1) : T(0)) * (has_hue(second) ? T(1) : T(0));
  const T cosine = p1a * p2a + p1b * p2b;
  // a1 b2 - b1 a2 through differences: exact for near hues.
  const T cross = both * (first.a * (second.b - first.b) - first.b * (second.a - first.a)) *
                  first.inverse * second.inverse;
  const T size = cross < T(0) ? -cross : cross;
  const T by_order = p2b < T(0) ? T(1) : (p2b > T(0) ? T(-1) : -p2a);
  const T by_cross = cross < T(0) ? T(-1) : T(1);
  const bool obtuse = cosine < T(0);
  const T order_sign = by_order < T(0) ? T(-1) : T(1);
  const T opposite_sign = size <= T(1e-6) ? order_sign : by_cross;
  const T sign = obtuse ? opposite_sign : by_cross;
  const T large = square_root(T(0.5) + T(0.5) * (obtuse ? -cosine : cosine));
  const T inverse = T(0.5) / large;
  const T small = size * inverse;
  const T sum_a = obtuse ? sign * (p2b - p1b) : p1a + p2a;
  const T sum_b = obtuse ? sign * (p1a - p2a) : p1b + p2b;
  return {sign * (obtuse ? large : small), obtuse ? small : large, sum_a * inverse, sum_b * inverse};
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

/// Everything of the formula that both directions need.
template <class T>
struct Difference {
  Chroma<T> first;
  Chroma<T> second;
  T raw_first;     // C*_1
  T raw_second;    // C*_2
  Jet<T> stretch;  // w(mean C*), so that a' = (1.5 - w/2) a*
  HuePair<T> hue;
  T mean_chroma;
  Jet<T> weight_t;
  Jet<T> turn;       // -sin(2 Dtheta)
  Jet<T> turn_size;  // w(C)
  Jet<T> s_l;
  T s_c;
  T s_h;
  T root;        // sqrt(C_1 C_2)
  T held_root;   // sqrt(max(C_1 C_2, e))
  T root_slope;  // its derivative with respect to C_1 C_2
  T l;
  T k;
  T h;       // with root
  T held_h;  // with held_root
  T r_t;
};

template <class T>
[[gnu::always_inline]] inline Difference<T> difference_of(const ColorPoint<T>& p1, const ColorPoint<T>& p2, T stabiliser) {
  Difference<T> d;
  d.raw_first = square_root(p1.a * p1.a + p1.b * p1.b);
  d.raw_second = square_root(p2.a * p2.a + p2.b * p2.b);
  d.stretch = chroma_weight(T(0.5) * (d.raw_first + d.raw_second), stabiliser);
  const T factor = T(1.5) - T(0.5) * d.stretch.value;
  d.first = chroma_of(factor * p1.a, p1.b, stabiliser);
  d.second = chroma_of(factor * p2.a, p2.b, stabiliser);
  d.hue = hue_pair(d.first, d.second);
  d.mean_chroma = T(0.5) * (d.first.value + d.second.value);
  d.weight_t = hue_weight(d.hue.mean_cos, d.hue.mean_sin);
  d.turn = rotation(d.hue.mean_cos, d.hue.mean_sin);
  d.turn_size = chroma_weight(d.mean_chroma, stabiliser);
  d.s_l = lightness_weight(T(0.5) * (p1.l + p2.l));
  d.s_c = T(1) + T(0.045) * d.mean_chroma;
  d.s_h = T(1) + T(0.015) * d.mean_chroma * d.weight_t.value;
  const T product = d.first.value * d.second.value;
  d.root = square_root(product);
  d.held_root = square_root(at_least(product, stabiliser));
  d.root_slope = product < stabiliser ? T(0) : T(0.5) / at_least(d.held_root, T(kTiny));
  d.l = (p2.l - p1.l) / d.s_l.value;
  d.k = (d.second.value - d.first.value) / d.s_c;
  const T turn = T(2) * d.hue.half_sin / d.s_h;
  d.h = turn * d.root;
  d.held_h = turn * d.held_root;
  d.r_t = T(2) * d.turn_size.value * d.turn.value;
  return d;
}

/// F; never negative, since |R_T| < 2.
template <class T>
[[gnu::always_inline]] inline T squared_difference(const Difference<T>& d) {
  return at_least(d.l * d.l + d.k * d.k + d.h * d.h + d.r_t * d.k * d.held_h, T(0));
}

/// dF/da' and dF/db of one of the two colours, from dF/dC and dF/dh_i (hue).
template <class T>
[[gnu::always_inline]] inline ColorPoint<T> along_axes(const Chroma<T>& c, T by_chroma, T by_hue) {
  const T radial = has_hue(c) ? by_chroma * c.inverse : T(0);
  const T turning = by_hue * c.inverse * c.inverse;
  return {T(0), radial * c.a - turning * c.b, radial * c.b + turning * c.a};
}

/// dF with respect to L*, a*, b* of the second colour.
template <class T>
[[gnu::always_inline]] inline ColorPoint<T> gradient_of(const Difference<T>& d,
                                 const ColorPoint<T>& p1,
                                 const ColorPoint<T>& p2) {
  const T by_k = T(2) * d.k + d.r_t * d.held_h;
  const T by_held_h = d.r_t * d.k;
  const T by_r_t = d.k * d.held_h;
  const T k_part = by_k / d.s_c;
  const T by_s_h = -(T(2) * d.h * d.h + by_held_h * d.held_h) / d.s_h;
  const T by_mean_chroma = T(-0.045) * k_part * d.k + T(0.015) * by_s_h * d.weight_t.value +
                           T(2) * by_r_t * d.turn.value * d.turn_size.slope;
  const T by_mean_hue = T(0.015) * by_s_h * d.mean_chroma * d.weight_t.slope +
                        T(2) * by_r_t * d.turn_size.value * d.turn.slope;
  const bool hued = has_hue(d.first) & has_hue(d.second);
  const T by_hue_step =
      hued ? (T(2) * d.h * d.root + by_held_h * d.held_root) * d.hue.half_cos / d.s_h : T(0);
  const T half_hue = hued ? T(0.5) * by_mean_hue : T(0);
  // h^2 = 4 C_1 C_2 sin^2(Dh/2) / S_H^2, and held_h likewise.
  const T sine = d.hue.half_sin / d.s_h;
  const T by_product = T(4) * sine * sine + T(2) * by_held_h * sine * d.root_slope;
  const T half_chroma = T(0.5) * by_mean_chroma;
  const ColorPoint<T> g1 = along_axes(
      d.first, half_chroma - k_part + by_product * d.second.value, half_hue - by_hue_step);
  const ColorPoint<T> g2 = along_axes(
      d.second, half_chroma + k_part + by_product * d.first.value, half_hue + by_hue_step);
  const T factor = T(1.5) - T(0.5) * d.stretch.value;
  const T by_factor = g1.a * p1.a + g2.a * p2.a;
  const T by_raw = T(-0.25) * by_factor * d.stretch.slope / at_least(d.raw_second, T(kTiny));
  const T by_l = (T(2) - d.l * d.s_l.slope) * d.l / d.s_l.value;
  return {by_l, g2.a * factor + by_raw * p2.a, g2.b + by_raw * p2.b};
}

}  // namespace
}  // namespace patina::extractors
