// SPDX-License-Identifier: Apache-2.0
// Linear sRGB to XYZ relative to the D65 white, and differences of X, Y, Z to full relative
// accuracy. In an unnamed namespace for the reason given in ciede2000_math.h.
#pragma once

#include "extractors/quality/ciede2000.h"

namespace patina::extractors {
namespace {

/// Difference of two of X, Y, Z: r_weight (r - g) + b_weight (b - g) + g_weight g.
template <class T>
struct DifferenceRow {
  T r_weight;
  T b_weight;
  T g_weight;
};

/// Linear RGB to white-relative XYZ, by rows, and the two differences.
template <class T>
struct ColorMatrix {
  T x[3];
  T y[3];
  T z[3];
  DifferenceRow<T> x_minus_y;
  DifferenceRow<T> y_minus_z;
};

template <class T>
[[gnu::always_inline]] inline DifferenceRow<T> difference_row(const double* upper,
                                                              const double* lower) {
  const double r = upper[0] - lower[0];
  const double g = upper[1] - lower[1];
  const double b = upper[2] - lower[2];
  return {static_cast<T>(r), static_cast<T>(b), static_cast<T>(r + g + b)};
}

template <class T>
[[gnu::always_inline]] inline ColorMatrix<T> color_matrix(LabScale scale) {
  constexpr double kRgbToXyz[3][3] = {{0.4124564, 0.3575761, 0.1804375},
                                      {0.2126729, 0.7151522, 0.0721750},
                                      {0.0193339, 0.1191920, 0.9503041}};
  constexpr double kWhite[3] = {0.950489, 1.0, 1.08884};
  const double size = scale == LabScale::kPublished ? 0.01 : 1.0;
  double rows[3][3];
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) rows[i][j] = kRgbToXyz[i][j] / kWhite[i] * size;
  }
  ColorMatrix<T> matrix{};
  for (int j = 0; j < 3; ++j) {
    matrix.x[j] = static_cast<T>(rows[0][j]);
    matrix.y[j] = static_cast<T>(rows[1][j]);
    matrix.z[j] = static_cast<T>(rows[2][j]);
  }
  matrix.x_minus_y = difference_row<T>(rows[0], rows[1]);
  matrix.y_minus_z = difference_row<T>(rows[1], rows[2]);
  return matrix;
}

template <class T>
[[gnu::always_inline]] inline T apply(const DifferenceRow<T>& row, T r, T g, T b) {
  return row.r_weight * (r - g) + row.b_weight * (b - g) + row.g_weight * g;
}

}  // namespace
}  // namespace patina::extractors
