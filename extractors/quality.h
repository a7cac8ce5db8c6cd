// SPDX-License-Identifier: Apache-2.0
// How far a coated image is from its clean source: PSNR, SSIM [Wang et al. 2004], CIEDE2000
// [Sharma et al. 2005]. OpenCV stays behind quality.cpp.
#pragma once

#include "core/image.h"

namespace patina::extractors {

struct Quality {
  double psnr_db = 0.0;        ///< 10 log10(1/MSE) in unit range; infinity for identical images.
  double ssim = 1.0;           ///< 11x11 Gaussian, sigma 1.5, K1 0.01, K2 0.03, mean over channels.
  double delta_e_mean = 0.0;   ///< Mean CIEDE2000 over pixels.
  double delta_e_p99 = 0.0;    ///< 99th percentile over pixels.
};

/// Throws Error{kInput} if the sizes differ or a side is under 11 px.
Quality measure_quality(const core::Image& clean, const core::Image& coated);

}  // namespace patina::extractors
