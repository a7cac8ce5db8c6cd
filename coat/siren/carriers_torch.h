// SPDX-License-Identifier: Apache-2.0
// Carriers: the signals on which a coating's message bits ride, computed from the image itself, so
// that generator and extractor need no common position (spread spectrum [Cox 1997] with a carrier
// that the image supplies). They are small enough to be trained in minutes, and
// carrier_start_torch.h turns them into weights of the two HiDDeN networks, which do not start
// learning from random ones.
//   n    luminance of the networks' input (MSCN)
//   v_p  = gabor_p * n,  real and imaginary parts of 15 cells on two rings of frequency, unit
//   variance e(v) = GELU(v) + GELU(-v) w_j  = sum over p, taps of a_jp e(v_p) t_k  = scale_k sum
//   over j, taps of b_kj w_j + shift_k:  the carrier of bit k, zero mean, unit variance coating:
//   tanh(sum_k m_k t_k / sqrt(K))                       (before band-pass and JND) feature k:  mean
//   of e(r(t_k + h*n)) - e(r(t_k - h*n)), r = 0.3,  nearly 4 r^2 sqrt(2/pi) E[t_k (h*n)]
// A carrier is an even function of n, so in an image without coating E[t_k n] is a third moment and
// stays near zero whatever the image's spectrum.
#pragma once

#include <cstdint>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "core/rng.h"

namespace patina::coat::siren {

inline constexpr int kMaxCarriers =
    20;  ///< What 48 pooled channels can read: 2K + 2, and some to spare.
inline constexpr double kReadScale = 0.3;  ///< r

class CarriersImpl : public torch::nn::Module {
 public:
  /// Random a and b from `rng`; K = bits in [1, kMaxCarriers]. Throws Error{kInput} otherwise.
  CarriersImpl(int bits, core::Rng& rng);

  /// Sets the scales from [N,1,H,W] luminance of network input, so that v, w and t have unit
  /// variance.
  void calibrate(const torch::Tensor& n);

  torch::Tensor forward(const torch::Tensor& n);  // [N,1,H,W] -> t [N,K,H,W]

  /// tanh(sum_k m_k t_k / sqrt(K)); message [N,K] of +-1 -> [N,1,H,W] in [-1,1].
  torch::Tensor coating(const torch::Tensor& n, const torch::Tensor& message);
  /// [N,K]: the features above, before the linear layer.
  torch::Tensor features(const torch::Tensor& n);

  int bits() const { return static_cast<int>(b.size(0)); }

  torch::Tensor gabors;   // [30,1,7,7], fixed, scaled to unit variance by calibrate
  torch::Tensor a;        // [29,30,3,3]
  torch::Tensor w_scale;  // [1,29,1,1]
  torch::Tensor b;        // [K,29,3,3]
  torch::Tensor scale;    // [1,K,1,1]
  torch::Tensor shift;    // [1,K,1,1]
  torch::Tensor h;        // [1,1,3,3]

 private:
  torch::Tensor mixtures(const torch::Tensor& n) const;  // w [N,K,h,w], unscaled
};
TORCH_MODULE(Carriers);

/// Frequencies of the Gabor cells, cycles per pixel, [15,2] (x, y) float64.
torch::Tensor carrier_frequencies();

/// Factors that give v unit variance, [30].
torch::Tensor gabor_scales(const Carriers& carriers);

}  // namespace patina::coat::siren
