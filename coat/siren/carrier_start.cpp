// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>
#include <vector>

#include <torch/linalg.h>
#include <torch/utils.h>

#include "coat/siren/carrier_start_torch.h"
#include "core/error.h"
#include "core/pi.h"
#include "images/pixels/luminance.h"
#include "keys/coat_key.h"

namespace patina::coat::siren {

using extractors::ConvNormGelu;

namespace {

using core::kPi;
constexpr int kInputPair = 30;  // Channels 60 and 61 hold +n and -n.
constexpr int kMessageBits = 48;
constexpr double kGate = 4.0;      // Weight of a message bit: +4 passes a unit signal, -4 stops it.
constexpr double kNormEps = 1e-3;  // As in extractors/siren/hidden.cpp.
// Share of the mean variance that whitening takes as the least.
constexpr double kLeastVariance = 1e-3;

torch::Tensor binomial() {
  const torch::Tensor row = torch::tensor({0.25, 0.5, 0.25}, torch::kFloat64);
  return row.view({3, 1}) * row.view({1, 3});
}

torch::Tensor identity() {
  torch::Tensor kernel = torch::zeros({3, 3});
  kernel[1][1] = 1.0;
  return kernel;
}

/// A 3x3 binomial window modulated to a frequency; three in a row make a Gabor of carriers_torch.h.
struct GaborKernel {
  torch::Tensor real;
  torch::Tensor imaginary;
};

GaborKernel gabor_kernel(const torch::Tensor& frequency) {
  const torch::Tensor offsets = torch::arange(-1, 2, torch::kFloat64);
  const torch::Tensor phase = 2.0 * kPi *
                              (frequency[0] * offsets.view({1, 3}) +
                               frequency[1] * offsets.view({3, 1}));
  return {(binomial() * torch::cos(phase)).to(torch::kFloat32),
          (binomial() * torch::sin(phase)).to(torch::kFloat32)};
}

// A block whose convolution starts at zero and whose norm does nothing.
torch::Tensor cleared_weight(ConvNormGelu& block) {
  block->conv->weight.zero_();
  block->conv->bias.zero_();
  block->norm->weight.fill_(1.0);
  block->norm->bias.zero_();
  block->norm->running_mean.zero_();
  block->norm->running_var.fill_(1.0 - kNormEps);
  return block->conv->weight;
}

// Channel pair `to` receives kernel * (linear signal of channel pair `from`); `first` is the
// channel at which the pairs of the input begin.
void pass(torch::Tensor weight, int to, int from, const torch::Tensor& kernel, int first = 0) {
  for (int sign = 0; sign < 2; ++sign) {
    weight[2 * to + sign][first + 2 * from + sign] += kernel;
    weight[2 * to + sign][first + 2 * from + 1 - sign] -= kernel;
  }
}

// Channel pair `to` receives kernel * luminance of the three input channels.
void pass_luminance(torch::Tensor weight, int to, const torch::Tensor& kernel) {
  const torch::Tensor shares =
      torch::tensor(torch::ArrayRef<float>(images::kLuminanceWeights<float>)).view({3, 1, 1});
  weight[2 * to] += shares * kernel.unsqueeze(0);
  weight[2 * to + 1] -= shares * kernel.unsqueeze(0);
}

// Blocks 1 to 3: the Gabor parts and n itself, linear.
void lay_gabors(std::vector<ConvNormGelu>& blocks, const Carriers& carriers) {
  const torch::Tensor frequencies = carrier_frequencies();
  const int cells = static_cast<int>(frequencies.size(0));
  for (std::size_t layer = 0; layer < 3; ++layer) {
    const torch::Tensor weight = cleared_weight(blocks[layer]);
    for (int c = 0; c < cells; ++c) {
      const GaborKernel kernel = gabor_kernel(frequencies[c]);
      if (layer == 0) {
        pass_luminance(weight, 2 * c, kernel.real);
        pass_luminance(weight, 2 * c + 1, kernel.imaginary);
      } else {
        pass(weight, 2 * c, 2 * c, kernel.real);
        pass(weight, 2 * c, 2 * c + 1, -kernel.imaginary);
        pass(weight, 2 * c + 1, 2 * c, kernel.imaginary);
        pass(weight, 2 * c + 1, 2 * c + 1, kernel.real);
      }
    }
    if (layer == 0) {
      pass_luminance(weight, kInputPair, identity());
    } else {
      pass(weight, kInputPair, kInputPair, identity());
    }
  }
  const torch::Tensor scales = gabor_scales(carriers).repeat_interleave(2).view({-1, 1, 1, 1});
  blocks[2]->conv->weight.slice(0, 0, scales.size(0)).mul_(scales);
}

// Block 4: w.
void lay_mixtures(ConvNormGelu& block, const Carriers& carriers) {
  const torch::Tensor weight = cleared_weight(block);
  const torch::Tensor scaled = carriers->a * carriers->w_scale.view({-1, 1, 1, 1});  // [29,30,3,3]
  const torch::Tensor both = scaled.repeat_interleave(2, 1);  // e(v) is the sum of both channels.
  for (int j = 0; j < both.size(0); ++j) {
    weight[2 * j].slice(0, 0, both.size(1)) += both[j];
    weight[2 * j + 1].slice(0, 0, both.size(1)) -= both[j];
  }
  pass(weight, kInputPair, kInputPair, identity());
}

// Weights and bias that turn w into the pairs of t.
void lay_carriers(ConvNormGelu& block, const Carriers& carriers, int first) {
  const torch::Tensor weight = block->conv->weight;
  for (int k = 0; k < carriers->bits(); ++k) {
    const torch::Tensor scaled = carriers->b[k] * carriers->scale.flatten()[k];  // [29,3,3]
    for (int j = 0; j < scaled.size(0); ++j) pass(weight, k, j, scaled[j], first);
    block->conv->bias[2 * k] = carriers->shift.flatten()[k];
    block->conv->bias[2 * k + 1] = -carriers->shift.flatten()[k];
  }
}

// For each bit one channel that passes t_k where m_k = +1 and one that passes -t_k where m_k = -1.
void lay_generator(Generator& generator, const Carriers& carriers) {
  lay_gabors(generator->conv_bns, carriers);
  lay_mixtures(generator->conv_bns[3], carriers);
  ConvNormGelu& block = generator->after_concat;
  const torch::Tensor weight = cleared_weight(block);
  lay_carriers(block, carriers, kMessageBits);
  const int bits = carriers->bits();
  for (int channel = 0; channel < 2 * bits; ++channel) {
    weight[channel][channel / 2][1][1] = channel % 2 == 0 ? kGate : -kGate;
  }
  // One channel of each pair is open and adds kGate, which the last bias takes back.
  const double gain = 1.0 / std::sqrt(static_cast<double>(bits));
  generator->final_layer->weight.zero_();
  generator->final_layer->weight.slice(1, 0, 2 * bits).fill_(gain);
  generator->final_layer->bias.fill_(-kGate * gain * bits);
}

// The last block reads r(t_k + h*n), r(t_k - h*n) and, to take the odd half of GELU out again, +-r
// h*n.
void lay_readers(ConvNormGelu& block, int bits) {
  const torch::Tensor weight = cleared_weight(block);
  const torch::Tensor centre = kReadScale * identity();
  const auto add = [&](int channel, int from, double sign) {
    weight[channel][2 * from] += sign * centre;
    weight[channel][2 * from + 1] -= sign * centre;
  };
  for (int k = 0; k < bits; ++k) {
    for (int sign = 0; sign < 2; ++sign) {
      add(2 * k + sign, k, 1.0);
      add(2 * k + sign, kInputPair, sign == 0 ? 1.0 : -1.0);
    }
  }
  add(2 * bits, kInputPair, 1.0);
  add(2 * bits + 1, kInputPair, -1.0);
}

void lay_extractor(extractors::HiddenExtractor& extractor, const Carriers& carriers) {
  lay_gabors(extractor->blocks, carriers);
  lay_mixtures(extractor->blocks[3], carriers);
  const int bits = carriers->bits();
  const std::size_t last = extractor->blocks.size() - 1;
  for (std::size_t layer = 4; layer < last; ++layer) {
    const torch::Tensor weight = cleared_weight(extractor->blocks[layer]);
    pass(weight, kInputPair, kInputPair, layer == 4 ? carriers->h.view({3, 3}) : identity());
    if (layer == 4) lay_carriers(extractor->blocks[layer], carriers, 0);
    for (int k = 0; layer > 4 && k < bits; ++k) pass(weight, k, k, identity());
  }
  lay_readers(extractor->blocks[last], bits);
  // GELU(s) = (s + e(s)) / 2; the difference of the two sums has r h*n too much.
  torch::nn::Linear& head = extractor->linear;
  head->weight.zero_();
  head->bias.zero_();
  for (int k = 0; k < bits; ++k) {
    head->weight[k][2 * k] = 2.0;
    head->weight[k][2 * k + 1] = -2.0;
    head->weight[k][2 * bits] = -2.0;
    head->weight[k][2 * bits + 1] = 2.0;
  }
}

}  // namespace

Pair lay_out_pair(const CarrierPair& carriers, const CoatingOptions& coating) {
  torch::NoGradGuard no_grad;
  Pair pair = make_pair(0, coating);
  pair.input = extractors::InputNorm::kMscn;
  pair.message_bits = carriers.extractor->bits();
  lay_generator(pair.generator, carriers.generator);
  lay_extractor(pair.extractor, carriers.extractor);
  return pair;
}

void whiten_head(Pair& pair, const torch::Tensor& clean_features) {
  const std::int64_t bits = pair.message_bits;
  if (clean_features.size(0) <= 4 * bits) {
    throw core::Error(core::ErrorKind::kInput,
                      "whitening",
                      std::to_string(clean_features.size(0)) + " images for " +
                          std::to_string(bits) + " features",
                      "give more than four a feature");
  }
  torch::NoGradGuard no_grad;
  const torch::Tensor clean = clean_features.slice(1, 0, bits).to(torch::kFloat64);
  const torch::Tensor mean = clean.mean(0, true);
  const torch::Tensor covariance = torch::mm((clean - mean).t(), clean - mean) /
                                   static_cast<double>(clean.size(0) - 1);
  const auto [variances, axes] = torch::linalg_eigh(covariance);
  const torch::Tensor inverse = torch::rsqrt(
      variances.clamp_min(kLeastVariance * variances.mean().item<double>()));
  const torch::Tensor map =
      torch::mm(axes * inverse.unsqueeze(0), axes.t()).to(torch::kFloat32);  // [K,K]
  torch::nn::Linear& head = pair.extractor->linear;
  torch::Tensor weight = head->weight.slice(0, 0, bits), bias = head->bias.slice(0, 0, bits);
  weight.copy_(torch::mm(map, weight));
  bias.copy_(torch::mv(map, bias - mean.flatten().to(torch::kFloat32)));
}

}  // namespace patina::coat::siren
