// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include <ATen/CPUGeneratorImpl.h>

#include "core/error.h"
#include "diffusion/files/wording.h"
#include "diffusion/networks/internal/finite.h"
#include "diffusion/networks/weights_torch.h"

namespace patina::diffusion {

using core::DType;
using core::Error;
using core::ErrorKind;
using internal::listed;
using internal::shape_text;

namespace {

bool all_finite(const torch::Tensor& tensor) {
  const std::int64_t count = tensor.numel();
  switch (tensor.scalar_type()) {
    case torch::kFloat32:
      return internal::all_finite_32(static_cast<const std::uint32_t*>(tensor.data_ptr()), count);
    case torch::kFloat16:
      return internal::all_finite_16(
          static_cast<const std::uint16_t*>(tensor.data_ptr()), count, 0x7C00U);
    case torch::kBFloat16:
      return internal::all_finite_16(
          static_cast<const std::uint16_t*>(tensor.data_ptr()), count, 0x7F80U);
    default:
      return torch::isfinite(tensor).all().item<bool>();
  }
}

}  // namespace

torch::Tensor Weight::effective() const {
  torch::Tensor result = value;
  for (const Adapter& adapter : adapters) result = adapter.apply(result);
  return result;
}

WeightHandle Weights::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

void Weights::add(const WeightHandle& weight) { by_name_[weight->name] = weight; }

void Weights::make_trainable(const std::function<bool(const std::string&)>& wanted) {
  for (const auto& [name, weight] : by_name_) {
    if (wanted(name)) weight->value = weight->value.detach().clone().requires_grad_(true);
  }
}

std::vector<torch::Tensor> Weights::trainable() const {
  std::vector<torch::Tensor> tensors;
  for (const auto& [name, weight] : by_name_) {
    if (weight->value.requires_grad()) tensors.push_back(weight->value);
    for (const Adapter& adapter : weight->adapters) {
      for (const torch::Tensor& leaf : adapter.leaves) {
        if (leaf.requires_grad()) tensors.push_back(leaf);
      }
    }
  }
  return tensors;
}

std::int64_t Weights::num_parameters() const {
  return std::accumulate(
      by_name_.begin(), by_name_.end(), std::int64_t{0}, [](std::int64_t sum, const auto& item) {
        return sum + item.second->value.numel();
      });
}

WeightLoader::WeightLoader(std::vector<core::SafetensorsFile> files,
                           std::string where,
                           const tensors::Compute& compute)
    : files_(std::move(files)), where_(std::move(where)), compute_(compute) {
  for (const core::SafetensorsFile& file : files_) {
    for (const auto& [name, view] : file.tensors()) {
      if (!used_.emplace(name, false).second) {
        throw Error(ErrorKind::kInput,
                    file.where(),
                    "tensor " + core::in_quotes(name) + " is in two shards",
                    "fetch the model again");
      }
    }
  }
}

WeightLoader::WeightLoader(std::uint64_t seed, const tensors::Compute& compute)
    : where_("new network"),
      compute_(compute),
      generator_(torch::make_generator<at::CPUGeneratorImpl>(seed)) {}

bool WeightLoader::has(const std::string& name) const { return used_.count(name) > 0; }

void WeightLoader::ignore(const std::string& name) {
  const auto found = used_.find(name);
  if (found != used_.end()) found->second = true;
}

torch::Tensor WeightLoader::read(const std::string& name,
                                 const std::vector<std::int64_t>& shape,
                                 torch::ScalarType dtype) const {
  const auto holder = std::find_if(
      files_.begin(), files_.end(), [&](const auto& f) { return f.contains(name); });
  const core::TensorView& view = holder->at(name);
  const std::string where = holder->where() + ", tensor " + core::in_quotes(name);
  if (view.shape != shape) {
    throw Error(
        ErrorKind::kInput,
        where,
        "shape " + shape_text(view.shape) + ", the configuration asks for " + shape_text(shape),
        "use weights and config.json of the same model");
  }
  const torch::Tensor stored = tensors::tensor_over(*holder, view);
  if (!stored.is_floating_point()) {
    throw Error(ErrorKind::kInput,
                where,
                std::string("dtype ") + core::to_string(view.dtype) + " is not a floating type",
                "use float64, float32, float16 or bfloat16 weights");
  }
  if (!all_finite(stored)) {
    throw Error(ErrorKind::kInput,
                where,
                "holds a value that is not finite",
                "the model is damaged or its training diverged; use another copy");
  }
  return placed(stored.to(compute_.device, dtype));  // no copy where nothing changes
}

torch::Tensor WeightLoader::placed(const torch::Tensor& value) const {
  const bool filters = compute_.channels_last && value.dim() == 4;
  return filters ? value.contiguous(torch::MemoryFormat::ChannelsLast) : value;
}

torch::Tensor WeightLoader::draw(const std::vector<std::int64_t>& shape,
                                 Init init,
                                 torch::ScalarType dtype) {
  torch::Tensor value = torch::zeros(shape);
  if (init == Init::kOne) value.fill_(1.0);
  if (init == Init::kNormal) value.normal_(0.0, 0.02, generator_);
  if (init == Init::kFanIn) {
    const std::int64_t fan_in = std::accumulate(
        shape.begin() + 1, shape.end(), std::int64_t{1}, std::multiplies<>());
    const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
    value.uniform_(-bound, bound, generator_);
  }
  return placed(value.to(compute_.device, dtype));
}

WeightHandle WeightLoader::take(const std::string& name,
                                const std::vector<std::int64_t>& shape,
                                Init init,
                                bool keep_float32) {
  const torch::ScalarType dtype = keep_float32 ? torch::kFloat32 : compute_.dtype;
  auto weight = std::make_shared<Weight>();
  weight->name = name;
  if (generator_) {
    weight->value = draw(shape, init, dtype);
  } else if (!has(name)) {
    missing_.push_back(name);
  } else {
    weight->value = read(name, shape, dtype);
    used_[name] = true;
  }
  taken_.add(weight);
  return weight;
}

Weights WeightLoader::finish() {
  if (!missing_.empty()) {
    throw Error(ErrorKind::kInput,
                where_,
                "lacks the weights " + listed(missing_),
                "use weights and config.json of the same model");
  }
  std::vector<std::string> unexpected;
  for (const auto& [name, used] : used_) {
    if (!used) unexpected.push_back(name);
  }
  if (!unexpected.empty()) {
    throw Error(ErrorKind::kInput,
                where_,
                "holds the weights " + listed(unexpected) + ", which config.json has no place for",
                "use weights and config.json of the same model");
  }
  return taken_;
}

Scope::Scope(WeightLoader& loader, std::string prefix)
    : loader_(&loader), path_(std::move(prefix)) {}

Scope Scope::operator/(const std::string& child) const { return Scope(*loader_, full(child)); }

bool Scope::has(const std::string& name) const { return loader_->has(full(name)); }

WeightHandle Scope::take(const std::string& name,
                         const std::vector<std::int64_t>& shape,
                         Init init,
                         bool keep_float32) const {
  return loader_->take(full(name), shape, init, keep_float32);
}

std::vector<WeightHandle> Scope::taken() const {
  std::vector<WeightHandle> weights;
  const std::string prefix = path_ + ".";
  const auto& all = loader_->taken().by_name();
  for (auto i = all.lower_bound(prefix); i != all.end() && i->first.rfind(prefix, 0) == 0; ++i) {
    weights.push_back(i->second);
  }
  return weights;
}

std::string Scope::full(const std::string& name) const {
  return path_.empty() ? name : path_ + "." + name;
}

std::map<std::string, core::TensorBlob> blobs_of(const Weights& weights) {
  std::map<std::string, core::TensorBlob> blobs;
  for (const auto& [name, weight] : weights.by_name())
    blobs[name] = tensors::blob_from_tensor(weight->value);
  return blobs;
}

}  // namespace patina::diffusion
