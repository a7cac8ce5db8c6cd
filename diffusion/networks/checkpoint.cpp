// SPDX-License-Identifier: Apache-2.0
#include <torch/autograd.h>
#include <torch/utils.h>

#include "diffusion/networks/checkpoint_torch.h"

namespace patina::diffusion {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What the context can carry only by an IValue holder; kept as a shared pointer in a capsule.
struct Carried : torch::CustomClassHolder {
  Block block;
  std::size_t num_inputs = 0;
};

// `all` is the inputs, then the leaves that the block reads. The leaves are arguments so that
// autograd sees who depends on them; the block reads them by itself.
struct Checkpoint : torch::autograd::Function<Checkpoint> {
  static Tensor forward(AutogradContext* context,
                        const c10::intrusive_ptr<Carried>& carried,
                        at::TensorList all) {
    const variable_list tensors = all.vec();
    context->save_for_backward(tensors);
    context->saved_data["carried"] = c10::IValue::make_capsule(carried);
    const torch::NoGradGuard no_grad;
    return carried->block(
        {tensors.begin(), tensors.begin() + static_cast<std::ptrdiff_t>(carried->num_inputs)});
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto capsule = context->saved_data["carried"].toCapsule();
    auto* carried = static_cast<Carried*>(capsule.get());
    const variable_list saved = context->get_saved_variables();
    const torch::AutoGradMode with_grad(true);
    variable_list inputs;
    variable_list sources;  // those whose gradient is wanted
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < saved.size(); ++i) {
      Tensor source = saved[i];
      if (i < carried->num_inputs) {
        source = saved[i].detach();
        if (saved[i].defined()) source.requires_grad_(saved[i].requires_grad());
        inputs.push_back(source);
      }
      if (source.requires_grad()) {
        sources.push_back(source);
        places.push_back(i);
      }
    }
    const Tensor output = carried->block(inputs);
    const variable_list found = torch::autograd::grad(
        {output}, sources, {gradients[0]}, c10::nullopt, false, true);
    variable_list result(1 + saved.size());
    for (std::size_t i = 0; i < places.size(); ++i) result[1 + places[i]] = found[i];
    return result;
  }
};

}  // namespace

Tensor checkpointed(const Block& block,
                    const std::vector<Tensor>& inputs,
                    const std::vector<WeightHandle>& weights) {
  if (!torch::GradMode::is_enabled()) return block(inputs);
  variable_list all = inputs;
  for (const WeightHandle& weight : weights) {
    if (weight->value.requires_grad()) all.push_back(weight->value);
    for (const Adapter& adapter : weight->adapters) {
      for (const Tensor& leaf : adapter.leaves) {
        if (leaf.requires_grad()) all.push_back(leaf);
      }
    }
  }
  auto carried = c10::make_intrusive<Carried>();
  carried->block = block;
  carried->num_inputs = inputs.size();
  return Checkpoint::apply(carried, at::TensorList(all));
}

}  // namespace patina::diffusion
