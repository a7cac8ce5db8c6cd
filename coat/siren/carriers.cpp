// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <torch/utils.h>

#include "coat/siren/carriers_torch.h"
#include "core/error.h"
#include "core/pi.h"

namespace patina::coat::siren {

namespace {

using core::kPi;

constexpr int kOuterCells = 8, kInnerCells = 7;
constexpr double kOuterFrequency = 0.25, kInnerFrequency = 0.13;  // Cycles per pixel.
constexpr int kParts = 2 * (kOuterCells + kInnerCells);
constexpr int kMixtures = 29;

torch::Tensor even_gelu(const torch::Tensor& v) { return v * torch::erf(v * std::sqrt(0.5)); }

torch::Tensor normal_tensor(at::IntArrayRef shape, core::Rng& rng) {
  torch::Tensor tensor = torch::empty(shape, torch::kFloat32);
  float* value = tensor.data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) value[i] = static_cast<float>(rng.normal());
  return tensor;
}

// Binomial window of seven taps (three passes of 1 2 1) modulated to each cell's frequency: what
// three 3x3 blocks can compute.
torch::Tensor gabor_bank() {
  const torch::Tensor taps = torch::tensor({1.0, 6.0, 15.0, 20.0, 15.0, 6.0, 1.0},
                                           torch::kFloat64) /
                             64.0;
  const torch::Tensor window = taps.view({7, 1}) * taps.view({1, 7});
  const torch::Tensor offsets = torch::arange(-3, 4, torch::kFloat64);
  const torch::Tensor frequencies = carrier_frequencies();
  std::vector<torch::Tensor> kernels;
  for (std::int64_t cell = 0; cell < frequencies.size(0); ++cell) {
    const torch::Tensor phase = 2.0 * kPi *
                                (frequencies[cell][0] * offsets.view({1, 7}) +
                                 frequencies[cell][1] * offsets.view({7, 1}));
    kernels.push_back(window * torch::cos(phase));
    kernels.push_back(window * torch::sin(phase));
  }
  return torch::stack(kernels).unsqueeze(1).to(torch::kFloat32);
}

torch::Tensor inverse_deviation(const torch::Tensor& x, bool about_zero) {
  const torch::Tensor variance = about_zero ? x.square().mean({0, 2, 3}, true)
                                            : x.var({0, 2, 3}, false, true);
  return torch::rsqrt(variance + 1e-12);
}

}  // namespace

torch::Tensor carrier_frequencies() {
  torch::Tensor frequencies = torch::empty({kOuterCells + kInnerCells, 2}, torch::kFloat64);
  for (int i = 0; i < kOuterCells + kInnerCells; ++i) {
    const bool outer = i < kOuterCells;
    const double angle = outer ? kPi * i / kOuterCells
                               : kPi * (i - kOuterCells + 0.5) / kInnerCells;
    const double radius = outer ? kOuterFrequency : kInnerFrequency;
    frequencies[i][0] = radius * std::cos(angle);
    frequencies[i][1] = radius * std::sin(angle);
  }
  return frequencies;
}

torch::Tensor gabor_scales(const Carriers& carriers) {
  const torch::Tensor unscaled = gabor_bank();
  return (carriers->gabors * unscaled).sum({1, 2, 3}) / unscaled.square().sum({1, 2, 3});
}

CarriersImpl::CarriersImpl(int bits, core::Rng& rng) {
  if (bits < 1 || bits > kMaxCarriers) {
    throw core::Error(
        core::ErrorKind::kInput,
        "carriers",
        std::to_string(bits) + " bits are not in [1," + std::to_string(kMaxCarriers) + "]",
        "ask for fewer");
  }
  gabors = register_buffer("gabors", gabor_bank());
  const torch::Tensor taps =
      normal_tensor({kMixtures, kParts / 2, 3, 3}, rng).repeat_interleave(2, 1);
  a = register_parameter("a", taps - taps.mean(1, true));
  w_scale = register_buffer("w_scale", torch::ones({1, kMixtures, 1, 1}));
  b = register_parameter("b",
                         normal_tensor({bits, kMixtures, 3, 3}, rng) / std::sqrt(9.0 * kMixtures));
  scale = register_parameter("scale", torch::ones({1, bits, 1, 1}));
  shift = register_parameter("shift", torch::zeros({1, bits, 1, 1}));
  torch::Tensor identity = torch::zeros({1, 1, 3, 3});
  identity[0][0][1][1] = 1.0;
  h = register_parameter("h", identity);
}

torch::Tensor CarriersImpl::mixtures(const torch::Tensor& n) const {
  return torch::conv2d(even_gelu(torch::conv2d(n, gabors, {}, 1, 3)), a, {}, 1, 1);
}

void CarriersImpl::calibrate(const torch::Tensor& n) {
  torch::NoGradGuard no_grad;
  const torch::Tensor v = torch::conv2d(n, gabors, {}, 1, 3);
  gabors.mul_(inverse_deviation(v, true).view({-1, 1, 1, 1}));
  const torch::Tensor w = mixtures(n);
  w_scale.copy_(inverse_deviation(w, true));
  const torch::Tensor t = torch::conv2d(w * w_scale, b, {}, 1, 1);
  scale.copy_(inverse_deviation(t, false));
  shift.copy_(-t.mean({0, 2, 3}, true) * scale);
}

torch::Tensor CarriersImpl::forward(const torch::Tensor& n) {
  return torch::conv2d(mixtures(n) * w_scale, b, {}, 1, 1) * scale + shift;
}

torch::Tensor CarriersImpl::coating(const torch::Tensor& n, const torch::Tensor& message) {
  const torch::Tensor sum = (forward(n) * message.view({message.size(0), -1, 1, 1})).sum(1, true);
  return torch::tanh(sum / std::sqrt(static_cast<double>(bits())));
}

torch::Tensor CarriersImpl::features(const torch::Tensor& n) {
  const torch::Tensor t = forward(n), filtered = torch::conv2d(n, h, {}, 1, 1);
  return (even_gelu(kReadScale * (t + filtered)) - even_gelu(kReadScale * (t - filtered)))
      .mean({2, 3});
}

}  // namespace patina::coat::siren
