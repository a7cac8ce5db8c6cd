// SPDX-License-Identifier: Apache-2.0
// CIEDE2000 [Sharma 2005] of one pixel, k_L = k_C = k_H = 1, e = stabiliser:
//
//   G = (1 - w((C*_1 + C*_2)/2)) / 2,  w(C) = sqrt(max(C^7 / (C^7 + 25^7), e)),  a'_i = (1 + G)
//   a*_i C_i = sqrt(a'_i^2 + b_i^2),  h_i = angle of (a'_i, b_i),  Dh = h_2 - h_1 in (-180, 180] l
//   = DL / S_L,  k = (C_2 - C_1) / S_C h = 2 sqrt(C_1 C_2) sin(Dh/2) / S_H,  h_e = 2 sqrt(max(C_1
//   C_2, e)) sin(Dh/2) / S_H S_L = 1 + 0.015 u^2 / sqrt(20 + u^2), u = (L_1 + L_2)/2 - 50 S_C = 1 +
//   0.045 C,  S_H = 1 + 0.015 C T,  C = (C_1 + C_2)/2,  H = mean hue T = 1 - 0.17 cos(H - 30) +
//   0.24 cos 2H + 0.32 cos(3H + 6) - 0.20 cos(4H - 63) R_T = -2 w(C) sin(2 Dtheta),  Dtheta = 30
//   exp(-((H - 275)/25)^2), degrees DE^2 = F = l^2 + k^2 + h^2 + R_T k h_e
//
// The stabiliser stands where the public Siren code has it, and e replaces an a' of exactly zero in
// h_i. In an unnamed namespace for the reason given in ciede2000_math.h.
#pragma once

#include "extractors/quality/internal/ciede2000_hue.h"
#include "extractors/quality/internal/ciede2000_weights.h"

namespace patina::extractors {
namespace {

template <class T>
struct ColorPoint {
  T l;
  T a;
  T b;
};

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
  T held_h;  // h_e
  T r_t;
};

template <class T>
[[gnu::always_inline]] inline Difference<T> difference_of(const ColorPoint<T>& p1,
                                                          const ColorPoint<T>& p2,
                                                          T stabiliser) {
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

/// F, not negative.
template <class T>
[[gnu::always_inline]] inline T squared_difference(const Difference<T>& d) {
  return at_least(d.l * d.l + d.k * d.k + d.h * d.h + d.r_t * d.k * d.held_h, T(0));
}

}  // namespace
}  // namespace patina::extractors
