// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <torch/utils.h>

#include "core/error.h"
#include "extractors/strided/strided_network_torch.h"
#include "keys/extractor.h"
#include "keys/key_tensors.h"
#include "tensors/images_torch.h"
#include "tensors/modules_torch.h"

namespace patina::extractors {

namespace {

constexpr int kChannelsOfGroup = 8;
constexpr int kWidths[] = {16, 32, 64, 64, 128, 128};  // The first keeps the size, others halve it.
constexpr int kLastSide = kStridedSide / 32;

/// What both baselines' scorers share: logits of one image after the other.
class LogitScorer : public keys::Extractor {
 public:
  LogitScorer(const keys::CoatKey& key,
              const keys::MethodRecord& method,
              const std::vector<float>& signs)
      : network_(read_strided_network(key.scoring)),
        info_(keys::describe_extractor(key, method, "float32")),
        signs_(torch::tensor(signs)) {}

  std::vector<double> score(const std::vector<const images::Image*>& images) override {
    c10::InferenceMode inference;
    std::vector<double> scores;
    for (const images::Image* image : images) {
      scores.push_back(score_of(network_->forward(strided_input(*image))[0] * signs_));
    }
    return scores;
  }

  keys::ExtractorInfo info() const override { return info_; }

 private:
  /// `agreement` [B]: logits, positive where the image shows what the key says.
  virtual double score_of(const torch::Tensor& agreement) const = 0;

  StridedNetwork network_;
  keys::ExtractorInfo info_;
  torch::Tensor signs_;
};

class FingerprintScorer : public LogitScorer {
 public:
  using LogitScorer::LogitScorer;

 private:
  double score_of(const torch::Tensor& agreement) const override {
    return agreement.le(0.0).to(torch::kFloat64).mean().item<double>();
  }
};

class WarpScorer : public LogitScorer {
 public:
  using LogitScorer::LogitScorer;

 private:
  double score_of(const torch::Tensor& agreement) const override {
    return torch::sigmoid(-agreement.to(torch::kFloat64)).item<double>();
  }
};

}  // namespace

ConvNormReluImpl::ConvNormReluImpl(int in_channels, int out_channels, int stride)
    : conv_(register_module(
          "conv",
          torch::nn::Conv2d(
              torch::nn::Conv2dOptions(in_channels, out_channels, 3).stride(stride).padding(1)))),
      norm_(register_module("norm",
                            torch::nn::GroupNorm(torch::nn::GroupNormOptions(
                                out_channels / kChannelsOfGroup, out_channels)))) {}

torch::Tensor ConvNormReluImpl::forward(const torch::Tensor& x) {
  return torch::relu(norm_->forward(conv_->forward(x)));
}

StridedNetworkImpl::StridedNetworkImpl(int outputs) {
  int channels = 3;
  for (const int width : kWidths) {
    const std::string name = "block" + std::to_string(blocks_.size());
    blocks_.push_back(
        register_module(name, ConvNormRelu(channels, width, blocks_.empty() ? 1 : 2)));
    channels = width;
  }
  head_ = register_module("head", torch::nn::Linear(channels * kLastSide * kLastSide, outputs));
}

torch::Tensor StridedNetworkImpl::forward(const torch::Tensor& unit) {
  torch::Tensor x = tensors::normalised_from_unit(unit);
  for (ConvNormRelu& block : blocks_) x = block->forward(x);
  return head_->forward(x.flatten(1));
}

torch::Tensor strided_input(const images::Image& image) {
  return tensors::tensor_from_image(images::resize(image, kStridedSide, kStridedSide));
}

StridedNetwork read_strided_network(const keys::KeyPart& scoring) {
  const auto head = scoring.tensors.find("extractor/head.bias");
  if (head == scoring.tensors.end() || head->second.shape.size() != 1 ||
      head->second.shape[0] < 1 || head->second.shape[0] > 4096) {
    throw core::Error(core::ErrorKind::kInput,
                      "key",
                      "extractor/head.bias is missing or not usable",
                      "use the key as it was written");
  }
  StridedNetwork network(static_cast<int>(head->second.shape[0]));
  tensors::import_module(*network, "extractor/", scoring.tensors, "key");
  return network;
}

std::unique_ptr<keys::Extractor> make_fingerprint_scorer(const keys::CoatKey& key,
                                                         const keys::MethodRecord& method,
                                                         const ScorerOptions& /*options*/) {
  std::vector<float> signs;
  for (const double bit : keys::read_values(key.scoring, "bits")) {
    signs.push_back(bit > 0.5 ? 1.0F : -1.0F);
  }
  const auto head = key.scoring.tensors.find("extractor/head.bias");
  if (head == key.scoring.tensors.end() ||
      head->second.shape != std::vector<std::int64_t>{static_cast<std::int64_t>(signs.size())}) {
    throw core::Error(core::ErrorKind::kInput,
                      "key",
                      "its bits and its extractor do not go together",
                      "use the key as it was written");
  }
  return std::make_unique<FingerprintScorer>(key, method, signs);
}

std::unique_ptr<keys::Extractor> make_warp_scorer(const keys::CoatKey& key,
                                                  const keys::MethodRecord& method,
                                                  const ScorerOptions& /*options*/) {
  return std::make_unique<WarpScorer>(key, method, std::vector<float>{1.0F});
}

}  // namespace patina::extractors
