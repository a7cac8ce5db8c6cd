// SPDX-License-Identifier: Apache-2.0
// Orthonormal two-dimensional DCT-II of a plane, its inverse, and the part of a plane that lies in
// the lowest frequencies, to which low-frequency attacks confine themselves [Guo 2019; InMark 2024,
// Eq. 8]. Meant for planes up to about 1024 px a side: time grows as H W (H + W). Thread-safe.
#pragma once

#include <vector>

namespace patina::extractors {

struct PlaneSize {
  int height_px = 0;
  int width_px = 0;
};

/// Coefficients, row-major height*width, of a row-major plane; energy is preserved.
/// Throws Error{kInput} unless the plane holds height*width values, both at least 1.
std::vector<double> dct_2d(const std::vector<double>& plane, PlaneSize size);

/// Inverse of dct_2d(), and its adjoint.
std::vector<double> inverse_dct_2d(const std::vector<double>& coefficients, PlaneSize size);

/// The plane rebuilt from the first floor(ratio*height) x floor(ratio*width) coefficients; ratio in
/// [0, 1], 1 keeps everything. An orthogonal projection: doing it twice changes nothing, and it is
/// its own adjoint, so it also confines a gradient. Throws as dct_2d(), and for another ratio.
std::vector<double> low_frequencies(const std::vector<double>& plane, PlaneSize size, double ratio);

}  // namespace patina::extractors
