// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>

#include <torch/autograd.h>
#include <torch/utils.h>

#include "core/error.h"
#include "tensors/blobs_torch.h"
#include "tensors/internal/adamw_kernel.h"
#include "tensors/optimizer_torch.h"

namespace patina::tensors {

using core::Error;
using core::ErrorKind;
using torch::Tensor;

namespace {

Tensor dense(const Tensor& leaf) {
  return leaf.is_non_overlapping_and_dense() ? leaf : leaf.contiguous();
}

// The part of a block that holds a leaf, in the leaf's shape and memory format.
Tensor part_of(const Tensor& block, std::int64_t offset, const Tensor& like) {
  return block.as_strided(like.sizes(), like.strides(), offset);
}

// Every leaf begins at a multiple of so many elements: on unaligned filters a convolution of CUDA
// takes ten times as long.
constexpr std::int64_t kAlignment = 64;

std::int64_t room_for(const Tensor& leaf) {
  return (leaf.numel() + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

AdamW::Block AdamW::make_block(const std::vector<Tensor>& leaves, bool with_average) {
  const torch::NoGradGuard no_grad;
  std::int64_t size = 0;
  for (const Tensor& leaf : leaves) size += room_for(leaf);
  Block block;
  block.values = torch::zeros({size}, leaves[0].options().requires_grad(false));
  block.gradients = torch::zeros_like(block.values);
  std::int64_t offset = 0;
  for (Tensor leaf : leaves) {
    const Tensor old = dense(leaf.detach());
    const Tensor place = part_of(block.values, offset, old);
    place.copy_(old);
    leaf.set_data(place);
    leaf.mutable_grad() = part_of(block.gradients, offset, old);
    offset += room_for(leaf);
  }
  block.master = block.values.to(torch::kFloat32);
  block.mean = torch::zeros_like(block.master);
  block.square = torch::zeros_like(block.master);
  if (with_average) block.average = block.master.clone();
  return block;
}

AdamW::AdamW(std::vector<Tensor> leaves, const AdamWOptions& options)
    : leaves_(std::move(leaves)), options_(options) {
  if (leaves_.empty()) {
    throw Error(ErrorKind::kInternal, "AdamW", "no leaf to train", "pick weights first");
  }
  std::map<torch::ScalarType, std::vector<Tensor>> by_dtype;
  for (const Tensor& leaf : leaves_) by_dtype[leaf.scalar_type()].push_back(leaf);
  for (const auto& [dtype, group] : by_dtype) {
    blocks_.push_back(make_block(group, options_.average_decay > 0.0));
  }
}

namespace {

/// What a step multiplies by.
struct Rates {
  double learning = 0.0;
  double correction1 = 1.0;  // 1 - beta1^n
  double correction2 = 1.0;  // sqrt(1 - beta2^n)
  double average_part = 0.0;
};

Rates rates_of(const AdamWOptions& options, double learning_rate, std::int64_t steps) {
  const auto n = static_cast<double>(steps);
  Rates rates;
  rates.learning = learning_rate;
  rates.correction1 = 1.0 - std::pow(options.beta1, n);
  rates.correction2 = std::sqrt(1.0 - std::pow(options.beta2, n));
  rates.average_part = 1.0 - std::min(options.average_decay, (1.0 + n) / (10.0 + n));
  return rates;
}

}  // namespace

Tensor AdamW::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  return on_processor() ? step_on_processor(learning_rate) : step_on_device(learning_rate);
}

bool AdamW::on_processor() const {
  return std::all_of(blocks_.begin(), blocks_.end(), [](const Block& block) {
    return block.values.is_cpu() && block.values.scalar_type() != torch::kFloat16;
  });
}

Tensor AdamW::step_on_processor(double learning_rate) {
  double squares = 0.0;
  for (const Block& block : blocks_) {
    const std::int64_t count = block.gradients.numel();
    squares += block.values.scalar_type() == torch::kBFloat16
                   ? internal::sum_of_squares_bfloat16(
                         static_cast<const std::uint16_t*>(block.gradients.data_ptr()), count)
                   : internal::sum_of_squares_float32(block.gradients.data_ptr<float>(), count);
  }
  const double norm = std::sqrt(squares);
  if (std::isfinite(norm)) {
    const Rates rates = rates_of(options_, learning_rate, steps_);
    const double limit = options_.max_grad_norm;
    internal::AdamWStep step;
    step.gradient_scale = static_cast<float>(limit > 0.0 ? std::min(1.0, limit / (norm + 1e-6))
                                                         : 1.0);
    step.beta1 = static_cast<float>(options_.beta1);
    step.beta2 = static_cast<float>(options_.beta2);
    step.rate_over_correction1 = static_cast<float>(rates.learning / rates.correction1);
    step.one_over_correction2 = static_cast<float>(1.0 / rates.correction2);
    step.eps = static_cast<float>(options_.eps);
    step.keep = static_cast<float>(1.0 - rates.learning * options_.weight_decay);
    step.average_part = static_cast<float>(rates.average_part);
    for (Block& block : blocks_)
      internal::adamw_update(arrays_of(block), block.values.numel(), step);
  }
  for (Block& block : blocks_) block.gradients.zero_();
  return torch::tensor(norm, torch::kFloat32);
}

internal::AdamWArrays AdamW::arrays_of(Block& block) {
  internal::AdamWArrays arrays;
  arrays.master = block.master.data_ptr<float>();
  arrays.mean = block.mean.data_ptr<float>();
  arrays.square = block.square.data_ptr<float>();
  if (block.average.defined()) arrays.average = block.average.data_ptr<float>();
  if (block.master.is_same(block.values)) {
    arrays.gradient32 = block.gradients.data_ptr<float>();
  } else {
    arrays.gradient16 = static_cast<const std::uint16_t*>(block.gradients.data_ptr());
    arrays.rounded = static_cast<std::uint16_t*>(block.values.data_ptr());
  }
  return arrays;
}

// The same in LibTorch's operations. Where the norm is not finite, rate and weights become zero, so
// that nothing moves; no value is read back, since that would wait for the device.
Tensor AdamW::step_on_device(double learning_rate) {
  Tensor squares;
  for (const Block& block : blocks_) {
    const Tensor sum = block.gradients.to(torch::kFloat32).square().sum();
    squares = squares.defined() ? squares + sum : sum;
  }
  const Tensor norm = squares.sqrt();
  const Tensor zero = torch::zeros_like(norm);
  const Tensor good = torch::isfinite(norm);
  const auto if_good = [&](double value) {
    return torch::where(good, torch::full_like(norm, value), zero);
  };
  const Rates rates = rates_of(options_, learning_rate, steps_);
  Tensor scale = torch::ones_like(norm);
  if (options_.max_grad_norm > 0.0) {
    scale = torch::clamp_max(options_.max_grad_norm / (norm + 1e-6), 1.0);
  }
  const Tensor rate = if_good(rates.learning);
  for (Block& block : blocks_) {
    const Tensor gradient = torch::nan_to_num(
        block.gradients.to(torch::kFloat32) * scale, 0.0, 0.0, 0.0);
    block.mean.lerp_(gradient, if_good(1.0 - options_.beta1));
    block.square.lerp_(gradient.square(), if_good(1.0 - options_.beta2));
    const Tensor change = (block.mean / rates.correction1) /
                          (block.square.sqrt() / rates.correction2 + options_.eps);
    block.master.mul_(1.0 - rate * options_.weight_decay).sub_(change * rate);
    if (!block.master.is_same(block.values)) block.values.copy_(block.master);
    block.gradients.zero_();
    if (block.average.defined()) block.average.lerp_(block.master, rates.average_part);
  }
  return norm;
}

void AdamW::swap_averages() {
  const torch::NoGradGuard no_grad;
  for (Block& block : blocks_) {
    if (!block.average.defined()) {
      throw Error(ErrorKind::kInternal, "AdamW", "no averages are kept", "set average_decay");
    }
    const Tensor kept = block.master.clone();
    block.master.copy_(block.average);
    block.average.copy_(kept);
    if (!block.master.is_same(block.values)) block.values.copy_(block.master);
  }
}

void AdamW::release_masters() {
  const torch::NoGradGuard no_grad;
  for (Tensor leaf : leaves_) {
    const auto block = std::find_if(blocks_.begin(), blocks_.end(), [&](const Block& b) {
      return b.values.scalar_type() == leaf.scalar_type();
    });
    leaf.mutable_grad() = Tensor();
    leaf.set_data(part_of(block->master, leaf.storage_offset(), leaf));
  }
}

std::vector<std::pair<std::string, Tensor>> AdamW::named_state() const {
  std::vector<std::pair<std::string, Tensor>> named;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const std::string prefix = "optimizer/" + std::to_string(i) + "/";
    named.emplace_back(prefix + "master", blocks_[i].master);
    named.emplace_back(prefix + "mean", blocks_[i].mean);
    named.emplace_back(prefix + "square", blocks_[i].square);
    if (blocks_[i].average.defined()) named.emplace_back(prefix + "average", blocks_[i].average);
  }
  return named;
}

std::map<std::string, core::TensorBlob> AdamW::state() const {
  std::map<std::string, core::TensorBlob> blobs;
  for (const auto& [name, tensor] : named_state()) blobs[name] = blob_from_tensor(tensor);
  blobs["optimizer/steps"] = blob_from_tensor(torch::tensor({steps_}, torch::kInt64));
  return blobs;
}

void AdamW::restore(const core::SafetensorsFile& file) {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : named_state()) {
    const core::TensorView& view = file.at(name);
    if (view.shape != tensor.sizes().vec() || view.dtype != core::DType::kF32) {
      throw Error(ErrorKind::kInput,
                  file.where() + ", tensor " + core::in_quotes(name),
                  "is the state of another network's training",
                  "remove the file to start afresh");
    }
    Tensor target = tensor;
    target.copy_(tensor_over(file, view));
  }
  const core::TensorView& steps = file.at("optimizer/steps");
  std::memcpy(&steps_, steps.data, sizeof steps_);
  for (Block& block : blocks_) {
    if (!block.master.is_same(block.values)) block.values.copy_(block.master);
  }
}

}  // namespace patina::tensors
