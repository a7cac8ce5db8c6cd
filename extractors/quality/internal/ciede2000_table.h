// SPDX-License-Identifier: Apache-2.0
// The float kernels of ciede2000.h, compiled once per instruction set.
#pragma once

#include "extractors/quality/ciede2000.h"

namespace patina::extractors {

struct Ciede2000Kernels {
  const char* instruction_set;
  void (*map)(const PlanarPair<float>&, PixelRange, const Ciede2000Options&, float* delta_e);
  double (*squared_sum)(const PlanarPair<float>&,
                        PixelRange,
                        const Ciede2000Options&,
                        float* gradient);
};

Ciede2000Kernels ciede2000_kernels_portable();

#ifdef PATINA_X86_KERNELS
/// Requires: the processor has AVX2 and FMA.
Ciede2000Kernels ciede2000_kernels_avx2();
/// Requires: the processor has AVX-512 F, DQ, BW, VL and FMA.
Ciede2000Kernels ciede2000_kernels_avx512();
#endif

}  // namespace patina::extractors
