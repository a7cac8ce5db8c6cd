// SPDX-License-Identifier: Apache-2.0
// CIEDE2000 colour difference [Sharma 2005], of colours and of whole images, with the gradient that
// training needs. Formula and derivation: internal/ciede2000_formula.h. Start with ciede2000() for
// two colours, ciede2000_map() for two images; ciede2000_torch.h wraps the same kernels for
// LibTorch.
#pragma once

#include <cstdint>

namespace patina::extractors {

/// CIELAB colour under D65: lightness 0..100, a and b about -128..127.
struct Lab {
  double l = 0.0;
  double a = 0.0;
  double b = 0.0;
};

/// sRGB colour, gamma-encoded, [0,1].
struct Srgb {
  double r = 0.0;
  double g = 0.0;
  double b = 0.0;
};

/// How XYZ is divided by the white point on the way to CIELAB.
enum class LabScale {
  kCie,        ///< As CIE 15 says: white has L* = 100.
  kPublished,  ///< As the public Siren code does: XYZ is 100 times too small, white has L* = 8.99
               ///< and most colours lie on the linear part of the curve. Only to reproduce its
               ///< numbers.
};

/// Options of every function here that measures a difference.
struct Ciede2000Options {
  /// Effect: kPublished weighs a step in linear light almost alike in shadows and lights.
  LabScale scale = LabScale::kCie;
  /// Lower bound of the squared chromas and of the two seventh-power ratios; [0, 1]. Positive
  /// values bound the gradient near grey and change pairs of low chroma by up to 0.023 (1e-4); 0 is
  /// the exact formula. 1e-4 is what the public Siren code uses.
  double stabiliser = 1e-4;
};
/// Throws Error{kInput}: field, value, violated constraint.
void validate(const Ciede2000Options& options);

/// CIELAB of a colour. Negative values continue the linear foot of the sRGB curve.
Lab lab_from_srgb(const Srgb& color, LabScale scale = LabScale::kCie);

/// Colour difference of two CIELAB colours, parametric factors k_L = k_C = k_H = 1. Symmetric.
/// `options.scale` plays no part. With stabiliser 0 this is [Sharma 2005] exactly.
double ciede2000(const Lab& first, const Lab& second, const Ciede2000Options& options = {});

/// Two RGB images as planes: red, green and blue of `plane_size` values each, one after the other,
/// unit range. Values beyond [-8, 8] count as -8 and 8 and have no gradient.
template <class T>
struct PlanarPair {
  const T* clean = nullptr;
  const T* coated = nullptr;
  std::int64_t plane_size = 0;
};

/// Pixels [begin, end) of a plane.
struct PixelRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// Writes the difference of each pixel of the range to delta_e[begin..end).
/// Requires: 0 <= begin <= end <= plane_size. Thread-safe; ranges may run in parallel.
void ciede2000_map(const PlanarPair<float>& pair,
                   PixelRange range,
                   const Ciede2000Options& options,
                   float* delta_e);
void ciede2000_map(const PlanarPair<double>& pair,
                   PixelRange range,
                   const Ciede2000Options& options,
                   double* delta_e);

/// Sum of the squared differences over the range. If `gradient` (three planes laid out as the
/// coated image) is not null, writes the derivative of that sum to the pixels of the range; it is
/// finite for every finite image. The float form is accurate to about 1e-6 of the sum and agrees
/// between processors only to that. Requires and thread safety as ciede2000_map().
double ciede2000_squared_sum(const PlanarPair<float>& pair,
                             PixelRange range,
                             const Ciede2000Options& options,
                             float* gradient);
double ciede2000_squared_sum(const PlanarPair<double>& pair,
                             PixelRange range,
                             const Ciede2000Options& options,
                             double* gradient);

/// Instruction set the float kernels run with on this processor: "avx512", "avx2" or "portable".
const char* ciede2000_instruction_set();

}  // namespace patina::extractors
