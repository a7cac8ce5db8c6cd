// SPDX-License-Identifier: Apache-2.0
#include "extractors/quality/ciede2000.h"

#include <sstream>

#include "core/error.h"
#include "extractors/quality/internal/ciede2000_kernel.h"

namespace patina::extractors {
namespace {

Ciede2000Kernels best_kernels() {
#ifdef PATINA_X86_KERNELS
  const bool fma = __builtin_cpu_supports("fma");
  if (fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    return ciede2000_kernels_avx512();
  }
  if (fma && __builtin_cpu_supports("avx2")) return ciede2000_kernels_avx2();
#endif
  return ciede2000_kernels_portable();
}

const Ciede2000Kernels& kernels() {
  static const Ciede2000Kernels chosen = best_kernels();
  return chosen;
}

ColorPoint<double> point_of(const Lab& color) { return {color.l, color.a, color.b}; }

}  // namespace

void validate(const Ciede2000Options& options) {
  if (options.stabiliser >= 0.0 && options.stabiliser <= 1.0) return;
  std::ostringstream what;
  what << options.stabiliser << " is outside [0, 1]";
  throw core::Error(core::ErrorKind::kInput,
                    "Ciede2000Options.stabiliser",
                    what.str(),
                    "use 0 for the exact formula or 1e-4 for training");
}

Lab lab_from_srgb(const Srgb& color, LabScale scale) {
  const LabPixel<double> pixel = lab_of(color_matrix<double>(scale),
                                        linear_light(color.r).value,
                                        linear_light(color.g).value,
                                        linear_light(color.b).value);
  return {pixel.l, pixel.a, pixel.b};
}

double ciede2000(const Lab& first, const Lab& second, const Ciede2000Options& options) {
  validate(options);
  return square_root(
      squared_difference(difference_of(point_of(first), point_of(second), options.stabiliser)));
}

void ciede2000_map(const PlanarPair<float>& pair,
                   PixelRange range,
                   const Ciede2000Options& options,
                   float* delta_e) {
  validate(options);
  kernels().map(pair, range, options, delta_e);
}

void ciede2000_map(const PlanarPair<double>& pair,
                   PixelRange range,
                   const Ciede2000Options& options,
                   double* delta_e) {
  validate(options);
  map_kernel(pair, range, options, delta_e);
}

double ciede2000_squared_sum(const PlanarPair<float>& pair,
                             PixelRange range,
                             const Ciede2000Options& options,
                             float* gradient) {
  validate(options);
  return kernels().squared_sum(pair, range, options, gradient);
}

double ciede2000_squared_sum(const PlanarPair<double>& pair,
                             PixelRange range,
                             const Ciede2000Options& options,
                             double* gradient) {
  validate(options);
  return squared_sum_kernel(pair, range, options, gradient);
}

const char* ciede2000_instruction_set() { return kernels().instruction_set; }

}  // namespace patina::extractors
