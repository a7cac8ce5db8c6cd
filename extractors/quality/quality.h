// SPDX-License-Identifier: Apache-2.0
// How far a coated image is from its clean source: PSNR, SSIM [Wang 2004], CIEDE2000 [Sharma 2005].
// OpenCV stays behind quality.cpp. All functions work in bands of rows: beyond the images they need
// under 150 MB whatever the size. Entry point: measure_quality().
#pragma once

#include <vector>

#include "images/pixels/image.h"

namespace patina::extractors {

struct Quality {
  double psnr_db = 0.0;       ///< 10 log10(1/MSE) in unit range; infinity for identical images.
  double ssim = 1.0;          ///< 11x11 Gaussian, sigma 1.5, K1 0.01, K2 0.03, mean over channels.
  double delta_e_mean = 0.0;  ///< Mean CIEDE2000 over pixels, stabiliser 0.
  double delta_e_p99 = 0.0;   ///< 99th percentile over pixels, to within 2e-4.
};

/// Throws Error{kInput} if the sizes differ or a side is under 11 px.
Quality measure_quality(const images::Image& clean, const images::Image& coated);

/// A clean and a coated image as planes of floats, unit range: `channels` planes of height*width
/// values, row-major, one after the other.
struct PlanesPair {
  const float* clean = nullptr;
  const float* coated = nullptr;
  int channels = 3;
  int height_px = 0;
  int width_px = 0;
};

/// 10 log10(1/MSE) over all values; infinity for identical planes.
double psnr_db(const PlanesPair& pair);

/// Mean over each channel's map without its outer 5 px, then over channels: what scikit-image
/// computes with gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.
/// Throws Error{kInput} if a side is under 11 px.
double ssim(const PlanesPair& pair);

/// The map, `channels` planes; borders are reflected about the edge of the outermost pixels.
/// Throws as ssim().
std::vector<float> ssim_map(const PlanesPair& pair);

}  // namespace patina::extractors
