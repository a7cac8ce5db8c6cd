// SPDX-License-Identifier: Apache-2.0
// The definition is LibTorch's, in float32. On a processor, bfloat16 in channels-last memory has a
// forward pass of its own (bfloat16_kernels); its backward pass differentiates the definition.
#include <functional>

#include <torch/autograd.h>
#include <torch/utils.h>

#include "diffusion/networks/internal/bfloat16_kernels.h"
#include "diffusion/networks/norms_torch.h"

namespace patina::diffusion {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Norm {
  std::int64_t groups = 0;  // 0: layer norm
  double eps = 1e-5;
  bool with_silu = false;
};

Tensor by_definition(const Tensor& x, const Tensor& weight, const Tensor& bias, const Norm& norm) {
  // CUDA's own norms take half-precision values and keep their statistics in float32.
  const torch::ScalarType inside = x.is_cuda() ? x.scalar_type() : torch::kFloat32;
  const Tensor wide = x.to(inside);
  const Tensor scale = weight.to(inside);
  const Tensor shift = bias.to(inside);
  const Tensor normalised = norm.groups > 0
                                ? torch::group_norm(wide, norm.groups, scale, shift, norm.eps)
                                : torch::layer_norm(wide, {x.size(-1)}, scale, shift, norm.eps);
  return (norm.with_silu ? torch::silu(normalised) : normalised).to(x.scalar_type());
}

const std::uint16_t* bits(const Tensor& x) {
  return static_cast<const std::uint16_t*>(x.data_ptr());
}

Tensor by_kernel(const Tensor& x, const Tensor& weight, const Tensor& bias, const Norm& norm) {
  Tensor out = torch::empty_like(x);
  auto* to = static_cast<std::uint16_t*>(out.data_ptr());
  const Tensor scale = weight.contiguous();
  const Tensor shift = bias.contiguous();
  const internal::Affine affine = {
      scale.data_ptr<float>(), shift.data_ptr<float>(), static_cast<float>(norm.eps)};
  if (norm.groups > 0) {
    const std::int64_t channels = x.size(1);
    const internal::ImageBatch shape = {x.size(0), x.numel() / (x.size(0) * channels), channels};
    internal::group_norm_bfloat16(bits(x), to, shape, norm.groups, affine, norm.with_silu);
  } else {
    internal::layer_norm_bfloat16(bits(x), to, x.numel() / x.size(-1), x.size(-1), affine);
  }
  return out;
}

struct KernelNorm : torch::autograd::Function<KernelNorm> {
  static Tensor forward(AutogradContext* context,
                        const Tensor& x,
                        const Tensor& weight,
                        const Tensor& bias,
                        const Norm& norm) {
    context->save_for_backward({x, weight, bias});
    context->saved_data["groups"] = norm.groups;
    context->saved_data["eps"] = norm.eps;
    context->saved_data["with_silu"] = norm.with_silu;
    return by_kernel(x, weight, bias, norm);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Norm norm = {context->saved_data["groups"].toInt(),
                       context->saved_data["eps"].toDouble(),
                       context->saved_data["with_silu"].toBool()};
    const torch::AutoGradMode with_grad(true);
    variable_list inputs;
    variable_list wanted;
    for (const Tensor& saved : context->get_saved_variables()) {
      inputs.push_back(saved.detach().requires_grad_(saved.requires_grad()));
      if (saved.requires_grad()) wanted.push_back(inputs.back());
    }
    const Tensor output = by_definition(inputs[0], inputs[1], inputs[2], norm);
    const variable_list found = torch::autograd::grad({output}, wanted, {gradients[0]});
    variable_list result(4);
    std::size_t next = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].requires_grad()) result[i] = found[next++];
    }
    return result;
  }
};

bool has_kernel(const Tensor& x, const Norm& norm) {
  if (!x.device().is_cpu() || x.scalar_type() != torch::kBFloat16 || x.numel() == 0) return false;
  if (norm.groups == 0) return x.is_contiguous();
  return x.dim() == 4 && x.is_contiguous(torch::MemoryFormat::ChannelsLast);
}

Tensor normalised(const Tensor& x, const Tensor& weight, const Tensor& bias, const Norm& norm) {
  return has_kernel(x, norm) ? KernelNorm::apply(x, weight, bias, norm)
                             : by_definition(x, weight, bias, norm);
}

}  // namespace

Tensor group_normalised(const Tensor& x,
                        std::int64_t groups,
                        const Tensor& weight,
                        const Tensor& bias,
                        double eps,
                        bool with_silu) {
  return normalised(x, weight, bias, {groups, eps, with_silu});
}

Tensor layer_normalised(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  return normalised(x, weight, bias, {0, eps, false});
}

}  // namespace patina::diffusion
