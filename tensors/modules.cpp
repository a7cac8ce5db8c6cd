// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <sstream>
#include <string_view>
#include <vector>

#include <torch/utils.h>

#include "core/error.h"
#include "tensors/blobs_torch.h"
#include "tensors/modules_torch.h"

namespace patina::tensors {

using core::Error;
using core::ErrorKind;

namespace {

bool is_exported(const std::string& name) {
  const std::string counter = "num_batches_tracked";
  return name.size() < counter.size() ||
         name.compare(name.size() - counter.size(), counter.size(), counter) != 0;
}

void copy_named(torch::Tensor target,
                const std::string& name,
                const std::map<std::string, core::TensorBlob>& tensors,
                const std::string& where) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw Error(ErrorKind::kInput, where, "tensor " + name + " is missing", "use a complete file");
  }
  const torch::Tensor source = tensor_from_blob(found->second);
  if (source.sizes() != target.sizes()) {
    std::ostringstream what;
    what << "tensor " << name << " has shape " << source.sizes() << ", expected " << target.sizes();
    throw Error(ErrorKind::kInput, where, what.str(), "use a file of the same architecture");
  }
  torch::NoGradGuard no_grad;
  target.copy_(source);
}

}  // namespace

void export_module(const torch::nn::Module& module,
                   const std::string& prefix,
                   std::map<std::string, core::TensorBlob>& tensors) {
  for (const auto& item : module.named_parameters()) {
    tensors[prefix + item.key()] = blob_from_tensor(item.value());
  }
  for (const auto& item : module.named_buffers()) {
    if (is_exported(item.key())) tensors[prefix + item.key()] = blob_from_tensor(item.value());
  }
}

void import_module(torch::nn::Module& module,
                   const std::string& prefix,
                   const std::map<std::string, core::TensorBlob>& tensors,
                   const std::string& where) {
  for (auto& item : module.named_parameters()) {
    copy_named(item.value(), prefix + item.key(), tensors, where);
  }
  for (auto& item : module.named_buffers()) {
    if (is_exported(item.key())) copy_named(item.value(), prefix + item.key(), tensors, where);
  }
}

void initialise_kaiming(torch::nn::Module& module, core::Rng rng) {
  torch::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    torch::Tensor& value = item.value();
    if (value.dim() < 2) {
      // A norm's weight ends in this; its other parameter is a bias.
      constexpr std::string_view kWeight = "weight";
      const std::string& name = item.key();
      const bool is_weight = name.size() >= kWeight.size() &&
                             name.compare(name.size() - kWeight.size(), kWeight.size(), kWeight) ==
                                 0;
      value.fill_(is_weight ? 1.0 : 0.0);
      continue;
    }
    const double fan_in = static_cast<double>(value.numel()) / static_cast<double>(value.size(0));
    std::vector<float> draws(static_cast<std::size_t>(value.numel()));
    for (float& draw : draws) draw = static_cast<float>(rng.normal() * std::sqrt(2.0 / fan_in));
    value.copy_(torch::tensor(draws).view(value.sizes()));
  }
}

}  // namespace patina::tensors
