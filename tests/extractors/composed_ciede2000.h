// SPDX-License-Identifier: Apache-2.0
// The CIEDE2000 loss composed of LibTorch's operations, differentiated by its engine: what the
// fused kernel is tested and timed against. Written from [Sharma 2005] with hues as angles, in
// contrast to the kernel; the stabiliser stands where the public Siren code has it.
#pragma once

#include <cmath>
#include <vector>

#include <torch/types.h>

#include "extractors/quality/ciede2000_torch.h"

namespace patina::extractors::composed {

inline constexpr double kPi = 3.14159265358979323846;

/// [N,3,H,W] unit RGB -> CIELAB planes [N,H,W].
struct LabPlanes {
  torch::Tensor l;
  torch::Tensor a;
  torch::Tensor b;
};

inline torch::Tensor lab_curve(const torch::Tensor& t) {
  constexpr double kKnee = 216.0 / 24389.0;
  return torch::where(
      t > kKnee, t.clamp_min(kKnee).pow(1.0 / 3.0), t * (841.0 / 108.0) + 4.0 / 29.0);
}

inline LabPlanes lab_of(const torch::Tensor& rgb, LabScale scale) {
  const torch::Tensor light = torch::where(
      rgb > 0.04045, ((rgb.clamp_min(0.04045) + 0.055) / 1.055).pow(2.4), rgb / 12.92);
  const torch::Tensor matrix = torch::tensor({0.4124564,
                                              0.3575761,
                                              0.1804375,
                                              0.2126729,
                                              0.7151522,
                                              0.0721750,
                                              0.0193339,
                                              0.1191920,
                                              0.9503041},
                                             torch::kFloat64)
                                   .view({3, 3});
  const double size = scale == LabScale::kPublished ? 100.0 : 1.0;
  const torch::Tensor white = torch::tensor({0.950489, 1.0, 1.08884}, torch::kFloat64) * size;
  const torch::Tensor weights = (matrix / white.view({3, 1})).to(rgb.scalar_type());
  const torch::Tensor f = lab_curve(torch::einsum("mc,nchw->nmhw", {weights, light}));  // [N,3,H,W]
  const torch::Tensor fy = f.select(1, 1);
  return {116.0 * fy - 16.0, 500.0 * (f.select(1, 0) - fy), 200.0 * (fy - f.select(1, 2))};
}

inline torch::Tensor chroma_weight(const torch::Tensor& chroma, double stabiliser) {
  const torch::Tensor seventh = chroma.pow(7);
  return (seventh / (seventh + 6103515625.0)).clamp_min(stabiliser).sqrt();
}

inline torch::Tensor hue_of(const torch::Tensor& a, const torch::Tensor& b, double stabiliser) {
  const torch::Tensor angle = torch::atan2(b, a + stabiliser * (a == 0).to(a.scalar_type()));
  return torch::where(angle < 0, angle + 2.0 * kPi, angle);
}

inline torch::Tensor hue_weight(const torch::Tensor& mean) {
  return 1.0 - 0.17 * (mean - kPi / 6).cos() + 0.24 * (2 * mean).cos() +
         0.32 * (3 * mean + kPi / 30).cos() - 0.20 * (4 * mean - 63 * kPi / 180).cos();
}

/// Difference and mean of two hues in [0, 2 pi).
struct HuePair {
  torch::Tensor step;
  torch::Tensor mean;
};

inline HuePair hue_pair(const torch::Tensor& h1, const torch::Tensor& h2) {
  const torch::Tensor plain = h2 - h1;
  const torch::Tensor turn = 2.0 * kPi * (plain.abs() > kPi).to(h1.scalar_type());
  const torch::Tensor half_sum = (h1 + h2) / 2;
  const torch::Tensor mean = torch::where(half_sum < kPi, half_sum + turn / 2, half_sum - turn / 2);
  return {plain - turn * plain.sign(), mean};
}

/// Squared difference per pixel, [N,H,W].
inline torch::Tensor squared_map(const LabPlanes& p1, const LabPlanes& p2, double e) {
  const auto length = [](const torch::Tensor& a, const torch::Tensor& b) {
    return torch::norm(torch::stack({a, b}), 2, 0);
  };
  const torch::Tensor factor = 1.5 - 0.5 * chroma_weight(
                                               (length(p1.a, p1.b) + length(p2.a, p2.b)) / 2, e);
  const torch::Tensor a1 = factor * p1.a;
  const torch::Tensor a2 = factor * p2.a;
  const torch::Tensor c1 = length(a1, p1.b);
  const torch::Tensor c2 = length(a2, p2.b);
  const HuePair hue = hue_pair(hue_of(a1, p1.b, e), hue_of(a2, p2.b, e));
  const torch::Tensor chroma = (c1 + c2) / 2;
  const torch::Tensor u2 = ((p1.l + p2.l) / 2 - 50).square();
  const torch::Tensor l = (p2.l - p1.l) / (1 + 0.015 * u2 / (20 + u2).sqrt());
  const torch::Tensor k = (c2 - c1) / (1 + 0.045 * chroma);
  const torch::Tensor sine = 2 * torch::sin(hue.step / 2) /
                             (1 + 0.015 * chroma * hue_weight(hue.mean));
  const torch::Tensor x = (hue.mean * (180 / kPi) - 275) / 25;
  const torch::Tensor rotation = -2 * chroma_weight(chroma, e) *
                                 torch::sin(kPi / 3 * torch::exp(-x.square()));
  return l.square() + k.square() + c1 * c2 * sine.square() +
         rotation * k * (c1 * c2).clamp_min(e).sqrt() * sine;
}

/// As extractors::ciede2000_loss().
inline torch::Tensor loss(const torch::Tensor& clean,
                          const torch::Tensor& coated,
                          const Ciede2000Options& options = {}) {
  const torch::Tensor squared = squared_map(
      lab_of(clean, options.scale), lab_of(coated, options.scale), options.stabiliser);
  return squared.flatten(1).mean(1).clamp_min(kCiede2000LossFloor);
}

}  // namespace patina::extractors::composed
