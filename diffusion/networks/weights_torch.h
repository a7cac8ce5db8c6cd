// SPDX-License-Identifier: Apache-2.0
// Named weights of the networks. A network is put together from a WeightLoader (files, or random
// values for a new network) through a Scope, which spells the names of the diffusers layout; the
// layers keep handles, so that a training run, an adapter or another dtype reaches them wherever
// they are used. Read first: Scope, then linear() in layers_torch.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "core/safetensors.h"
#include "tensors/blobs_torch.h"
#include "tensors/compute_torch.h"

namespace patina::diffusion {

/// Replaces a weight while it is attached: `apply` maps the stored value to the effective one and
/// may be differentiated with respect to `leaves` (LoRA, singular-value shifts).
struct Adapter {
  /// What is trained, in the shapes [...] that `apply` takes.
  std::vector<torch::Tensor> leaves;
  /// From and to the shape [...] of the stored value.
  std::function<torch::Tensor(const torch::Tensor& stored)> apply;
};

struct Weight {
  std::string name;     ///< Full name, as in the file: "down_blocks.0.resnets.0.conv1.weight".
  torch::Tensor value;  ///< [...]; may lie in a mapped file: read only until `make_trainable`.
  std::vector<Adapter> adapters;  ///< Applied in order.

  /// The stored value as the adapters change it, with its shape [...].
  torch::Tensor effective() const;
};
using WeightHandle = std::shared_ptr<Weight>;

/// The weights of one network, by name. Not for use by several threads at once.
class Weights {
 public:
  const std::map<std::string, WeightHandle>& by_name() const { return by_name_; }
  /// nullptr if there is none of that name.
  WeightHandle find(const std::string& name) const;
  void add(const WeightHandle& weight);

  /// Values become leaves that require gradients and own their memory; `wanted` picks by name.
  void make_trainable(const std::function<bool(const std::string& name)>& wanted);
  /// Tensors [...] that require gradients, adapters' leaves among them, in the order of names.
  std::vector<torch::Tensor> trainable() const;
  std::int64_t num_parameters() const;

 private:
  std::map<std::string, WeightHandle> by_name_;
};

/// How a new network's weight starts out.
enum class Init {
  kZero,
  kOne,
  kFanIn,   ///< Uniform on +-1/sqrt(fan in), LibTorch's own for linear and convolution layers.
  kNormal,  ///< Normal with standard deviation 0.02 (embeddings).
};

/// Where weights come from. After the network is built, `finish` reports what the files lack and
/// what nobody asked for.
class WeightLoader {
 public:
  /// Weights of one or several (sharded) files, converted to the dtype and device of `compute`.
  /// Float32 weights wanted in float32 on the CPU are not copied: they stay in the mapped file.
  WeightLoader(std::vector<core::SafetensorsFile> files,
               std::string where,
               const tensors::Compute& compute);
  /// Random values for a new network.
  WeightLoader(std::uint64_t seed, const tensors::Compute& compute);

  bool has(const std::string& name) const;
  /// Throws Error{kInput} for another shape, a dtype that is no number, or a value that is not
  /// finite.
  WeightHandle take(const std::string& name,
                    const std::vector<std::int64_t>& shape,
                    Init init,
                    bool keep_float32);
  /// Marks a tensor of the file that is no weight (an index buffer) as known.
  void ignore(const std::string& name);
  /// All weights taken. Throws Error{kInput} naming the missing and the unexpected ones.
  Weights finish();

  const std::string& where() const { return where_; }
  const Weights& taken() const { return taken_; }

 private:
  // Each has the shape [...] that is asked for.
  torch::Tensor read(const std::string& name,
                     const std::vector<std::int64_t>& shape,
                     torch::ScalarType dtype) const;
  torch::Tensor draw(const std::vector<std::int64_t>& shape, Init init, torch::ScalarType dtype);
  torch::Tensor placed(const torch::Tensor& value) const;  // in the memory format of `compute_`

  std::vector<core::SafetensorsFile> files_;
  std::string where_;
  tensors::Compute compute_;
  c10::optional<torch::Generator> generator_;
  std::map<std::string, bool> used_;  // every name in the files
  std::vector<std::string> missing_;
  Weights taken_;
};

/// A place in the tree of names.
class Scope {
 public:
  explicit Scope(WeightLoader& loader, std::string prefix = {});

  Scope operator/(const std::string& child) const;
  Scope operator/(std::int64_t index) const { return *this / std::to_string(index); }
  bool has(const std::string& name) const;
  WeightHandle take(const std::string& name,
                    const std::vector<std::int64_t>& shape,
                    Init init,
                    bool keep_float32 = false) const;
  /// What has been taken at and below this place so far.
  std::vector<WeightHandle> taken() const;
  /// "down_blocks.0", without a dot at the end.
  const std::string& path() const { return path_; }

 private:
  std::string full(const std::string& name) const;

  WeightLoader* loader_;
  std::string path_;
};

/// Copies, on the CPU, for writing; dtypes are kept.
std::map<std::string, core::TensorBlob> blobs_of(const Weights& weights);

}  // namespace patina::diffusion
