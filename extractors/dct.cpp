// SPDX-License-Identifier: Apache-2.0
// X = B_H x B_W^T with B_N[k][n] = s_k cos(pi (2n + 1) k / (2N)), s_0 = sqrt(1/N), s_k = sqrt(2/N):
// the orthonormal DCT-II [Ahmed 1974]. B is orthogonal, so x = B_H^T X B_W.
#include "extractors/dct.h"

#include <cmath>
#include <cstddef>
#include <sstream>

#include "core/error.h"
#include "core/pi.h"

namespace patina::extractors {
namespace {

using core::kPi;

/// Row-major.
struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;
};

/// The first `rows` rows of B_n. Angles are reduced as integers, so large n k lose no digits.
Matrix basis(std::size_t rows, std::size_t n) {
  std::vector<double> cosines(4 * n);
  for (std::size_t i = 0; i < cosines.size(); ++i) {
    cosines[i] = std::cos(kPi * static_cast<double>(i) / (2.0 * static_cast<double>(n)));
  }
  Matrix matrix{rows, n, std::vector<double>(rows * n)};
  for (std::size_t k = 0; k < rows; ++k) {
    const double scale = std::sqrt((k == 0 ? 1.0 : 2.0) / static_cast<double>(n));
    for (std::size_t i = 0; i < n; ++i) {
      matrix.values[k * n + i] = scale * cosines[(2 * i + 1) * k % (4 * n)];
    }
  }
  return matrix;
}

Matrix transposed(const Matrix& m) {
  Matrix result{m.columns, m.rows, std::vector<double>(m.values.size())};
  for (std::size_t i = 0; i < m.rows; ++i) {
    for (std::size_t j = 0; j < m.columns; ++j) {
      result.values[j * m.rows + i] = m.values[i * m.columns + j];
    }
  }
  return result;
}

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix result{a.rows, b.columns, std::vector<double>(a.rows * b.columns)};
  for (std::size_t i = 0; i < a.rows; ++i) {
    double* row = result.values.data() + i * b.columns;
    for (std::size_t k = 0; k < a.columns; ++k) {
      const double factor = a.values[i * a.columns + k];
      const double* other = b.values.data() + k * b.columns;
      for (std::size_t j = 0; j < b.columns; ++j) row[j] += factor * other[j];
    }
  }
  return result;
}

Matrix plane_matrix(const std::vector<double>& plane, PlaneSize size, const char* where) {
  const bool positive = size.height_px >= 1 && size.width_px >= 1;
  const std::size_t rows = positive ? static_cast<std::size_t>(size.height_px) : 0;
  const std::size_t columns = positive ? static_cast<std::size_t>(size.width_px) : 0;
  if (!positive || plane.size() != rows * columns) {
    std::ostringstream what;
    what << plane.size() << " values for a plane of " << size.height_px << " x " << size.width_px;
    throw core::Error(
        core::ErrorKind::kInput, where, what.str(), "pass height*width values, both at least 1");
  }
  return {rows, columns, plane};
}

}  // namespace

std::vector<double> dct_2d(const std::vector<double>& plane, PlaneSize size) {
  const Matrix x = plane_matrix(plane, size, "dct_2d");
  const Matrix across = transposed(basis(x.columns, x.columns));
  return product(product(basis(x.rows, x.rows), x), across).values;
}

std::vector<double> inverse_dct_2d(const std::vector<double>& coefficients, PlaneSize size) {
  const Matrix x = plane_matrix(coefficients, size, "inverse_dct_2d");
  const Matrix down = transposed(basis(x.rows, x.rows));
  return product(product(down, x), basis(x.columns, x.columns)).values;
}

std::vector<double> low_frequencies(const std::vector<double>& plane,
                                    PlaneSize size,
                                    double ratio) {
  const Matrix x = plane_matrix(plane, size, "low_frequencies");
  if (!(ratio >= 0.0 && ratio <= 1.0)) {
    std::ostringstream what;
    what << "the ratio " << ratio << " is outside [0, 1]";
    throw core::Error(
        core::ErrorKind::kInput, "low_frequencies", what.str(), "pass the share of a side to keep");
  }
  const auto kept = [ratio](std::size_t n) {
    return static_cast<std::size_t>(std::floor(ratio * static_cast<double>(n)));
  };
  const Matrix down = basis(kept(x.rows), x.rows);
  const Matrix across = basis(kept(x.columns), x.columns);
  const Matrix low = product(product(down, x), transposed(across));
  return product(product(transposed(down), low), across).values;
}

}  // namespace patina::extractors
