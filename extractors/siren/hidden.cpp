// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <torch/autograd.h>
#include <torch/utils.h>

#include "core/error.h"
#include "extractors/siren/hidden_torch.h"

namespace patina::extractors {

using core::Error;
using core::ErrorKind;

namespace {

constexpr double kNormEps = 1e-3;  // The epsilon of the public checkpoints' batch norms.

// A list of two, so that names come out as "layers.0" (convolution) and "layers.1" (norm).
torch::nn::Sequential make_pair(const torch::nn::Conv2d& conv, const torch::nn::BatchNorm2d& norm) {
  return torch::nn::Sequential(conv, norm);
}

const core::TensorBlob& blob_at(const std::map<std::string, core::TensorBlob>& tensors,
                                const std::string& name,
                                const std::string& where) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw Error(ErrorKind::kInput, where, "tensor " + name + " is missing", "use a complete file");
  }
  return found->second;
}

// GELU on the storage order of a channels-last tensor. LibTorch 1.13's own gradient is wrong (zeros
// or NaN) when the incoming one is a permuted view, so both passes hand it plain [N,H,W,C] tensors.
class ChannelsLastGelu : public torch::autograd::Function<ChannelsLastGelu> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x) {
    const torch::Tensor rows = x.permute({0, 2, 3, 1});  // [N,H,W,C], contiguous
    context->save_for_backward({rows});
    return torch::gelu(rows).permute({0, 3, 1, 2});
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               const torch::autograd::tensor_list& gradients) {
    const torch::Tensor rows = context->get_saved_variables()[0];
    const torch::Tensor incoming = gradients[0].permute({0, 2, 3, 1}).contiguous();
    return {torch::gelu_backward(incoming, rows).permute({0, 3, 1, 2})};
  }
};

}  // namespace

ConvNormGeluImpl::ConvNormGeluImpl(int in_channels, int out_channels)
    : conv(torch::nn::Conv2dOptions(in_channels, out_channels, 3).padding(1)),
      norm(torch::nn::BatchNorm2dOptions(out_channels).eps(kNormEps)) {
  register_module("layers", make_pair(conv, norm));
}

torch::Tensor ConvNormGeluImpl::forward(const torch::Tensor& x, const ForwardMode& mode) {
  const torch::Tensor y = torch::conv2d(
      x, conv->weight.to(x.scalar_type()), conv->bias.to(x.scalar_type()), 1, 1);
  if (mode.norm == NormMode::kPerImage) {
    return gelu_any_layout(
        torch::instance_norm(y, norm->weight, norm->bias, {}, {}, true, 0.0, kNormEps, false));
  }
  return gelu_any_layout(torch::batch_norm(y,
                                           norm->weight,
                                           norm->bias,
                                           norm->running_mean,
                                           norm->running_var,
                                           mode.training,
                                           0.1,
                                           kNormEps,
                                           false));
}

HiddenExtractorImpl::HiddenExtractorImpl(const HiddenExtractorConfig& config) {
  torch::nn::ModuleList list;
  for (int i = 0; i <= config.blocks; ++i) {
    const int in_channels = i == 0 ? 3 : config.channels;
    const int out_channels = i == config.blocks ? config.features : config.channels;
    blocks.emplace_back(in_channels, out_channels);
    list->push_back(blocks.back());
  }
  register_module("layers", list);
  linear = register_module("linear", torch::nn::Linear(config.features, config.features));
}

torch::Tensor HiddenExtractorImpl::pooled(const torch::Tensor& normalised,
                                          const ForwardMode& mode) {
  torch::Tensor x = normalised;
  for (ConvNormGelu& block : blocks) x = block->forward(x, mode);  // [N,C,H,W]
  const auto sum_type = x.scalar_type() == torch::kFloat64 ? torch::kFloat64 : torch::kFloat32;
  return x.to(sum_type).mean({2, 3});  // [N,D]
}

torch::Tensor HiddenExtractorImpl::forward(const torch::Tensor& normalised,
                                           const ForwardMode& mode) {
  return linear->forward(pooled(normalised, mode));
}

HiddenExtractorConfig extractor_config(const std::map<std::string, core::TensorBlob>& tensors,
                                       const std::string& prefix,
                                       const std::string& where) {
  const auto layer = [&](int i) {
    return prefix + "layers." + std::to_string(i) + ".layers.0.weight";
  };
  int count = 0;
  while (tensors.count(layer(count)) > 0) ++count;
  const core::TensorBlob& first = blob_at(tensors, layer(0), where);
  const core::TensorBlob& head = blob_at(tensors, prefix + "linear.weight", where);
  if (count < 2 || first.shape.size() != 4 || head.shape.size() != 2 ||
      head.shape[0] != head.shape[1] || first.shape[0] < 1 || first.shape[0] > 4096 ||
      head.shape[0] < 1 || head.shape[0] > 4096) {
    throw Error(
        ErrorKind::kInput, where, "its tensors are not a HiDDeN extractor's", "use a Siren key");
  }
  HiddenExtractorConfig config;
  config.blocks = count - 1;
  config.channels = static_cast<int>(first.shape[0]);
  config.features = static_cast<int>(head.shape[0]);
  return config;
}

FoldedConv fold(ConvNormGelu& block, torch::ScalarType dtype, const torch::Device& device) {
  torch::NoGradGuard no_grad;
  const torch::Tensor scale = block->norm->weight /
                              torch::sqrt(block->norm->running_var + kNormEps);  // [D]
  const torch::Tensor weight = block->conv->weight * scale.view({-1, 1, 1, 1});
  const torch::Tensor bias = (block->conv->bias - block->norm->running_mean) * scale +
                             block->norm->bias;
  return {weight.to(device, dtype).contiguous(at::MemoryFormat::ChannelsLast),
          bias.to(device, dtype)};
}

torch::Tensor gelu_any_layout(const torch::Tensor& x) {
  if (x.is_contiguous() || !x.is_contiguous(at::MemoryFormat::ChannelsLast)) return torch::gelu(x);
  return ChannelsLastGelu::apply(x);
}

}  // namespace patina::extractors
