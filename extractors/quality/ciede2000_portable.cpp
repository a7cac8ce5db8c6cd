// SPDX-License-Identifier: Apache-2.0
#include "extractors/quality/internal/ciede2000_kernel.h"

namespace patina::extractors {

Ciede2000Kernels ciede2000_kernels_portable() {
  return {"portable", &map_kernel<float>, &squared_sum_kernel<float>};
}

}  // namespace patina::extractors
