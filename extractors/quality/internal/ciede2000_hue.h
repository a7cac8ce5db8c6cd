// SPDX-License-Identifier: Apache-2.0
// Hue difference and mean hue of CIEDE2000 [Sharma 2005] without computing a hue. With unit vectors
// u_i along (a'_i, b_i), cos Dh is their product, sin Dh their cross product, and the mean hue is
// the direction of u_1 + u_2, or of u_2 - u_1 turned by 90 degrees where the sum is small. Opposite
// hues (within 1e-6 rad) take the plain mean of the angles in [0, 360), as [Sharma 2005] does. A
// pixel without hue has Dh = 0 and leaves the mean to the other one. In an unnamed namespace for
// the reason given in ciede2000_math.h.
#pragma once

#include "extractors/quality/internal/ciede2000_color.h"

namespace patina::extractors {
namespace {

constexpr double kNoHue = 1e-24;  // Squared chroma up to which a pixel has no hue.

/// A colour with a* stretched by 1 + G.
template <class T>
struct Chroma {
  T a;  // a', or the stabiliser where a' = 0
  T b;
  T value;    // C
  T inverse;  // 1 / sqrt(a^2 + b^2), bounded
};

template <class T>
[[gnu::always_inline]] inline Chroma<T> chroma_of(T a, T b, T stabiliser) {
  const T hue_a = a == T(0) ? stabiliser : a;
  const T squared = hue_a * hue_a + b * b;
  const T inverse = T(1) / square_root(at_least(squared, T(kNoHue)));
  return {hue_a, b, square_root(a * a + b * b), inverse};
}

template <class T>
[[gnu::always_inline]] inline bool has_hue(const Chroma<T>& c) {
  return c.value * c.value > T(kNoHue);
}

/// Unit vectors along two hues. A pixel without hue takes the other one's; zero degrees if neither
/// has one.
template <class T>
struct Directions {
  T a1;
  T b1;
  T a2;
  T b2;
};

template <class T>
[[gnu::always_inline]] inline Directions<T> directions_of(const Chroma<T>& first,
                                                          const Chroma<T>& second) {
  const T spare_a = has_hue(second) ? second.a * second.inverse : T(1);
  const T spare_b = has_hue(second) ? second.b * second.inverse : T(0);
  const T a1 = has_hue(first) ? first.a * first.inverse : spare_a;
  const T b1 = has_hue(first) ? first.b * first.inverse : spare_b;
  return {a1, b1, has_hue(second) ? spare_a : a1, has_hue(second) ? spare_b : b1};
}

/// sin Dh through differences, which is exact for near hues; 0 if either pixel has no hue.
template <class T>
[[gnu::always_inline]] inline T sine_of_step(const Chroma<T>& first, const Chroma<T>& second) {
  const T both = (has_hue(first) ? T(1) : T(0)) * (has_hue(second) ? T(1) : T(0));
  const T cross = first.a * (second.b - first.b) - first.b * (second.a - first.a);
  return both * cross * first.inverse * second.inverse;
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
  const Directions<T> u = directions_of(first, second);
  const T cosine = u.a1 * u.a2 + u.b1 * u.b2;
  const T sine = sine_of_step(first, second);
  const T size = sine < T(0) ? -sine : sine;
  const bool obtuse = cosine < T(0);
  // Where two hues are opposite, the one in [180, 360) is the larger: Dh > 0 if it is the second.
  const T lower_half = u.b2 < T(0) ? T(1) : (u.b2 > T(0) ? T(-1) : -u.a2);
  const T by_order = lower_half < T(0) ? T(-1) : T(1);
  const T by_sine = sine < T(0) ? T(-1) : T(1);
  const T opposite = size <= T(1e-6) ? by_order : by_sine;
  const T sign = obtuse ? opposite : by_sine;
  // The larger of |sin(Dh/2)| and cos(Dh/2) from the half-angle formula, the other one from sin Dh.
  const T large = square_root(T(0.5) + T(0.5) * (obtuse ? -cosine : cosine));
  const T inverse = T(0.5) / large;
  const T small = size * inverse;
  const T mean_a = obtuse ? sign * (u.b2 - u.b1) : u.a1 + u.a2;
  const T mean_b = obtuse ? sign * (u.a1 - u.a2) : u.b1 + u.b2;
  return {
      sign * (obtuse ? large : small), obtuse ? small : large, mean_a * inverse, mean_b * inverse};
}

}  // namespace
}  // namespace patina::extractors
