// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>

#include <torch/nn/functional.h>

#include "transforms/eot_torch.h"
#include "transforms/jpeg_torch.h"
#include "transforms/lowpass_torch.h"

namespace patina::transforms {

namespace F = torch::nn::functional;

namespace {

using Operation = torch::Tensor (*)(const torch::Tensor&, double, core::Rng&);
constexpr std::array<Operation, 6> kOperations = {
    eot_blur, eot_noise, eot_colour, eot_saturation, eot_jpeg, eot_crop_resize};

// Nearly every image on its way is compressed at least once, last of all: half of the groups are,
// on top of their fair share. Where the first operation was JPEG too, the group is compressed
// twice.
constexpr double kJpegShare = 0.5;
constexpr std::size_t kJpegIndex = 4;

// [N,C,1,1] of independent uniform draws.
torch::Tensor draws(std::int64_t N, std::int64_t C, double low, double high, core::Rng& rng) {
  std::vector<float> values(static_cast<std::size_t>(N * C));
  for (float& value : values) value = static_cast<float>(rng.uniform(low, high));
  return torch::tensor(values).view({N, C, 1, 1});
}

torch::Tensor resized(const torch::Tensor& x, std::int64_t H, std::int64_t W) {
  return F::interpolate(x,
                        F::InterpolateFuncOptions()
                            .size(std::vector<std::int64_t>{H, W})
                            .mode(torch::kBilinear)
                            .align_corners(false)
                            .antialias(true));
}

}  // namespace

torch::Tensor eot_blur(const torch::Tensor& unit, double amount, core::Rng& rng) {
  const double sigma = 1.5 * amount * rng.uniform();
  if (sigma < 0.1) return unit;
  return lowpass(unit, sigma, Border::kReplicate);
}

torch::Tensor eot_noise(const torch::Tensor& unit, double amount, core::Rng& rng) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(rng.next_u64());
  const double sigma = 0.03 * amount * rng.uniform();
  return unit + sigma * torch::randn(unit.sizes(), generator, torch::kFloat32).to(unit.options());
}

torch::Tensor eot_colour(const torch::Tensor& unit, double amount, core::Rng& rng) {
  const auto N = unit.size(0);
  const torch::Tensor contrast = draws(N, 1, 1.0 - 0.5 * amount, 1.0 + 0.5 * amount, rng);
  const torch::Tensor brightness = draws(N, 1, -0.3 * amount, 0.3 * amount, rng);
  const torch::Tensor hue = draws(N, 3, -0.1 * amount, 0.1 * amount, rng);
  return unit * contrast.to(unit.options()) + (brightness + hue).to(unit.options());
}

torch::Tensor eot_saturation(const torch::Tensor& unit, double amount, core::Rng& rng) {
  const torch::Tensor weights =
      torch::tensor({0.3F, 0.6F, 0.1F}).view({1, 3, 1, 1}).to(unit.options());
  const torch::Tensor luminance = (unit * weights).sum(1, true);
  const torch::Tensor share = draws(unit.size(0), 1, 0.0, amount, rng).to(unit.options());
  return unit + share * (luminance - unit);
}

torch::Tensor eot_jpeg(const torch::Tensor& unit, double amount, core::Rng& rng) {
  JpegOptions options;
  options.quality_percent = 100.0 - 50.0 * amount * rng.uniform();
  options.subsample_chroma = rng.bernoulli(0.5);
  return jpeg_round_trip(unit, options);
}

torch::Tensor eot_crop_resize(const torch::Tensor& unit, double amount, core::Rng& rng) {
  const auto H = unit.size(2), W = unit.size(3);
  const auto crop = [&](std::int64_t side) {
    return std::max<std::int64_t>(
        8, std::llround(static_cast<double>(side) * (1.0 - 0.4 * amount * rng.uniform())));
  };
  const std::int64_t h = std::min(H, crop(H)), w = std::min(W, crop(W));
  const auto y = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(H - h + 1)));
  const auto x = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(W - w + 1)));
  const double scale = 1.0 - 0.5 * amount * rng.uniform();
  const auto scaled = [&](std::int64_t side) {
    return std::max<std::int64_t>(8, std::llround(static_cast<double>(side) * scale));
  };
  const torch::Tensor cropped = unit.slice(2, y, y + h).slice(3, x, x + w);
  return resized(resized(cropped, scaled(h), scaled(w)), H, W);
}

torch::Tensor transform_images(const torch::Tensor& unit,
                               const EotOptions& options,
                               core::Rng& rng) {
  if (options.ramp <= 0.0) return unit.clamp(0.0, 1.0);
  std::vector<torch::Tensor> groups;
  for (torch::Tensor group : unit.split(options.group_size, 0)) {
    if (rng.bernoulli(options.probability)) {
      auto order = rng.permutation(kOperations.size());
      if (rng.bernoulli(kJpegShare)) order[1] = kJpegIndex;
      for (int i = 0; i < 2; ++i) {
        group = kOperations[order[static_cast<std::size_t>(i)]](group, options.ramp, rng)
                    .clamp(0.0, 1.0);
      }
    }
    groups.push_back(group.clamp(0.0, 1.0));
  }
  return torch::cat(groups, 0);
}

}  // namespace patina::transforms
