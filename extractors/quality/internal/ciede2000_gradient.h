// SPDX-License-Identifier: Apache-2.0
// Derivative of CIEDE2000, F of ciede2000_formula.h, with respect to the second colour. Names: by_x
// is dF/dx of an intermediate x; the stretch 1 + G makes both colours depend on the chroma of the
// second. In an unnamed namespace for the reason given in ciede2000_math.h.
#pragma once

#include "extractors/quality/internal/ciede2000_formula.h"

namespace patina::extractors {
namespace {

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
  const T by_hue_step = hued ? (T(2) * d.h * d.root + by_held_h * d.held_root) * d.hue.half_cos /
                                   d.s_h
                             : T(0);
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
