// SPDX-License-Identifier: Apache-2.0
// The networks after HiDDeN [Zhu 2018] as Siren uses them: convolution 3x3, batch norm (eps 1e-3),
// exact GELU. Parameter names are those of the public checkpoints ("layers.0.layers.0.weight",
// "linear.bias").
//
// Norms: the public code never leaves training mode and runs one image at a time, so its batch norm
// is in effect instance norm (NormMode::kPerImage). Patina's own pairs use running statistics
// (NormMode::kRunning): a pixel's feature then does not depend on the rest of the image, the norm
// folds into the convolution, and tiles have no seams.
#pragma once

#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "extractors/siren/siren_key.h"

namespace patina::extractors {

struct ForwardMode {
  NormMode norm = NormMode::kRunning;
  bool training = false;  ///< kRunning only: statistics of the batch, running ones updated.
};

/// Convolution, norm, GELU. Computes in the dtype of its input; norm statistics in float32.
class ConvNormGeluImpl : public torch::nn::Module {
 public:
  ConvNormGeluImpl(int in_channels, int out_channels);
  torch::Tensor forward(const torch::Tensor& x, const ForwardMode& mode);  // [N,C,H,W] -> [N,D,H,W]

  torch::nn::Conv2d conv{nullptr};
  torch::nn::BatchNorm2d norm{nullptr};
};
TORCH_MODULE(ConvNormGelu);

struct HiddenExtractorConfig {
  int blocks = 8;  ///< Convolution blocks, at least 1. More see farther and cost more.
  /// Width of every block but the last, at least 1. Larger costs more, by the square.
  int channels = 64;
  int features = 48;  ///< Length of the feature vector, at least 1.
};

/// F: normalised image -> feature. `blocks` blocks of `channels`, one of `features`, global
/// average, linear.
class HiddenExtractorImpl : public torch::nn::Module {
 public:
  explicit HiddenExtractorImpl(const HiddenExtractorConfig& config = {});

  /// [N,3,H,W] normalised -> [N,D] float32 (float64 for float64 input).
  torch::Tensor forward(const torch::Tensor& normalised, const ForwardMode& mode);
  /// Before the linear layer: global average of the last block, [N,D].
  torch::Tensor pooled(const torch::Tensor& normalised, const ForwardMode& mode);

  std::vector<ConvNormGelu> blocks;
  torch::nn::Linear linear{nullptr};
};
TORCH_MODULE(HiddenExtractor);

/// Block count and widths read off the tensor shapes under `prefix`. Throws Error{kInput}.
HiddenExtractorConfig extractor_config(const std::map<std::string, core::TensorBlob>& tensors,
                                       const std::string& prefix,
                                       const std::string& where);

/// A convolution with its norm folded in, ready for inference in a fixed dtype.
struct FoldedConv {
  torch::Tensor weight;  // [D,C,k,k], channels-last
  torch::Tensor bias;    // [D]
};
FoldedConv fold(ConvNormGelu& block, torch::ScalarType dtype, const torch::Device& device);

/// GELU of a convolution's output [N,C,H,W]; `x` may be overwritten. Works on the storage order of
/// channels-last tensors, where LibTorch 1.13's own kernel is 5-8 times slower.
torch::Tensor gelu_any_layout(const torch::Tensor& x);

}  // namespace patina::extractors
