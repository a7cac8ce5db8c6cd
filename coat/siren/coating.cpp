// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <torch/utils.h>

#include "coat/siren/coating_torch.h"
#include "core/rng.h"
#include "images/pixels/luminance.h"
#include "tensors/images_torch.h"
#include "transforms/lowpass_torch.h"

namespace patina::coat::siren {

using transforms::Border;

namespace {

// Brings the standard strength of 1.5 to about 39 dB on photographs.
constexpr double kBandGain = 2.4;

constexpr std::int64_t kDitherPeriod = 256;
constexpr std::uint64_t kDitherSeed = 0x5041544E;  // Public: the dither is no secret.

// [1,3,256,256], uniform on [-1,1).
torch::Tensor dither_tile() {
  core::Rng rng(kDitherSeed);
  torch::Tensor tile = torch::empty({1, 3, kDitherPeriod, kDitherPeriod}, torch::kFloat32);
  float* value = tile.data_ptr<float>();
  for (std::int64_t i = 0; i < tile.numel(); ++i)
    value[i] = static_cast<float>(rng.uniform(-1.0, 1.0));
  return tile;
}

torch::Tensor damp_colour(const torch::Tensor& delta, double chroma) {
  const torch::Tensor weights = torch::tensor(
                                    torch::ArrayRef<float>(images::kLuminanceWeights<float>))
                                    .view({1, 3, 1, 1})
                                    .to(delta.options());
  const torch::Tensor luminance = (delta * weights).sum(1, true);
  return luminance + chroma * (delta - luminance);
}

}  // namespace

int band_radius(const CoatingOptions& options) {
  return std::max(transforms::lowpass_radius(options.blur_px),
                  transforms::lowpass_radius(options.mean_px));
}

torch::Tensor band_pass(const torch::Tensor& raw, const CoatingOptions& options) {
  const torch::Tensor delta = options.chroma < 1.0 ? damp_colour(raw, options.chroma) : raw;
  const torch::Tensor smooth = transforms::lowpass(
      delta, options.blur_px, transforms::Border::kZero);
  return options.mean_px > 0.0
             ? kBandGain *
                   (smooth - transforms::lowpass(delta, options.mean_px, transforms::Border::kZero))
             : smooth;
}

torch::Tensor dithered(const torch::Tensor& unit, double dither, std::int64_t x, std::int64_t y) {
  if (dither <= 0.0) return unit;
  static const torch::Tensor tile = dither_tile();
  const auto H = unit.size(2), W = unit.size(3);
  const torch::Tensor rows = torch::arange(y, y + H).remainder(kDitherPeriod);
  const torch::Tensor columns = torch::arange(x, x + W).remainder(kDitherPeriod);
  const torch::Tensor plane = tile.index_select(2, rows).index_select(3, columns);  // [1,3,H,W]
  return unit + dither * plane.to(unit.options());
}

torch::Tensor apply_coating(const torch::Tensor& unit,
                            const torch::Tensor& delta,
                            const torch::Tensor& mask,
                            const CoatingOptions& options) {
  return unit + options.strength * tensors::imagenet_std(unit.options()) *
                    band_pass(delta, options) * mask;
}

torch::Tensor at_fidelity(const torch::Tensor& clean, const torch::Tensor& coated, double psnr_db) {
  if (psnr_db <= 0.0) return coated;
  const torch::Tensor change = coated - clean;
  const torch::Tensor rms = change.detach().square().mean({1, 2, 3}, true).sqrt();  // [N,1,1,1]
  const torch::Tensor factor =
      (std::pow(10.0, -psnr_db / 20.0) / (rms + 1e-6)).clamp(kFaintestShare, kStrongestShare);
  return clean + factor * change;
}

}  // namespace patina::coat::siren
