// SPDX-License-Identifier: Apache-2.0
// A small convolutional reader of whole images, for the baselines that Siren is compared with: the
// bits of an artificial fingerprint [Yu 2021], or whether an image was warped [Wang 2024,
// DIAGNOSIS]. Both know where in the frame they look, as StegaStamp's decoder does.
#pragma once

#include <memory>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "extractors/scorer_options.h"
#include "images/pixels/image.h"
#include "keys/coat_key.h"
#include "keys/extractor.h"

namespace patina::extractors {

/// Pixels a side that the network sees; every image is resized to it.
inline constexpr int kStridedSide = 128;

/// Convolution 3x3, group norm (eps 1e-5), ReLU.
class ConvNormReluImpl : public torch::nn::Module {
 public:
  ConvNormReluImpl(int in_channels, int out_channels, int stride);
  torch::Tensor forward(const torch::Tensor& x);  // [N,C,H,W] -> [N,D,H/stride,W/stride]

 private:
  torch::nn::Conv2d conv_{nullptr};
  torch::nn::GroupNorm norm_{nullptr};
};
TORCH_MODULE(ConvNormRelu);

/// [N,3,128,128] unit RGB -> logits [N,outputs].
class StridedNetworkImpl : public torch::nn::Module {
 public:
  explicit StridedNetworkImpl(int outputs);
  torch::Tensor forward(const torch::Tensor& unit);  ///< [N,3,128,128] -> [N,outputs]

 private:
  std::vector<ConvNormRelu> blocks_;
  torch::nn::Linear head_{nullptr};
};
TORCH_MODULE(StridedNetwork);

/// An image as the network sees it, [1,3,128,128].
torch::Tensor strided_input(const images::Image& image);

/// The network under "extractor/" of a key's scoring part. Throws Error{kInput} for tensors that are
/// not its own.
StridedNetwork read_strided_network(const keys::KeyPart& scoring);

/// Share of a fingerprint's bits that an image does not show, [0,1]. Needs "bits", [B] of 0 and 1.
std::unique_ptr<keys::Extractor> make_fingerprint_scorer(const keys::CoatKey& key,
                                                         const keys::MethodRecord& method,
                                                         const ScorerOptions& options);

/// Probability that an image was not warped, [0,1].
std::unique_ptr<keys::Extractor> make_warp_scorer(const keys::CoatKey& key,
                                                  const keys::MethodRecord& method,
                                                  const ScorerOptions& options);

}  // namespace patina::extractors
