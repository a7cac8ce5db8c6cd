// SPDX-License-Identifier: Apache-2.0
// How a coating is laid on an image [Siren 2025, App. C]:
//   coated = unit + strength * std * mask * band(G(unit + dither, message))
// where mask is the JND map and std the ImageNet deviation per channel (the public code adds in
// normalised space). band is a difference of two Gaussians and dither a fixed faint noise that only
// the generator sees.
//
// Differs from [Siren 2025], where band and dither are absent (both 0 here reproduce it):
// - A convolutional generator answers a flat area with a constant, and the first thing a pair
// learns is to
//   code its message in the three numbers of a colour cast, which no colour jitter spares; training
//   then stays at that plateau. Taking out the local mean closes that way, and the dither gives
//   flat areas a texture that the generator can shape.
// - Colour is damped: CIEDE2000 charges it several times what luminance costs, and JPEG drops it.
// - Fine grain is what file formats pay for and what an autoencoder drops first: the low-pass takes
// it out. docs/experiments.md has the numbers.
#pragma once

#include <torch/types.h>

#include "coat/method/coating.h"
#include "transforms/jnd_torch.h"

namespace patina::coat::siren {

struct CoatingOptions {
  double strength = 1.5;  ///< Normalised space; the change per channel is at most strength*std*jnd.
  double blur_px = 0.0;   ///< Standard deviation of the low-pass, pixels; 0 = none.
  double mean_px = 0.0;   ///< Standard deviation of the local mean that is taken out; 0 = none.
  double dither = 0.0;    ///< Half width of the uniform dither, unit range; 0 = none.
  double chroma = 1.0;  ///< Share of the coating's colour kept, [0,1]; its luminance is kept whole.
};

/// Pixels that band-passing reaches to each side.
int band_radius(const CoatingOptions& options);

/// 2.4 (lowpass(blur_px) - lowpass(mean_px)); without a mean_px lowpass(blur_px) alone. [N,C,H,W].
torch::Tensor band_pass(const torch::Tensor& delta, const CoatingOptions& options);

/// What the generator sees: `unit` [N,3,H,W] plus the dither of the pixels from (x,y) on. The
/// dither repeats every 256 pixels and is the same for every key.
torch::Tensor dithered(const torch::Tensor& unit,
                       double dither,
                       std::int64_t x = 0,
                       std::int64_t y = 0);

/// unit [N,3,H,W], delta [N,3,H,W] in [-1,1], mask [N,1,H,W] -> coated [N,3,H,W], NOT clamped.
torch::Tensor apply_coating(const torch::Tensor& unit,
                            const torch::Tensor& delta,
                            const torch::Tensor& mask,
                            const CoatingOptions& options);

/// Each image's coating scaled to the PSNR (dB) within those shares: [N,3,H,W], not clamped. 0 dB
/// leaves them as they are. The factor passes no gradient.
torch::Tensor at_fidelity(const torch::Tensor& clean, const torch::Tensor& coated, double psnr_db);

}  // namespace patina::coat::siren
