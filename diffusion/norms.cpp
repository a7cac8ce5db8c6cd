// SPDX-License-Identifier: Apache-2.0
#include "diffusion/norms_torch.h"

namespace patina::diffusion {

using torch::Tensor;

Tensor group_normalised(const Tensor& x,
                        std::int64_t groups,
                        const Tensor& weight,
                        const Tensor& bias,
                        double eps,
                        bool with_silu) {
  const Tensor normalised = torch::group_norm(x.to(torch::kFloat32), groups, weight, bias, eps);
  return (with_silu ? torch::silu(normalised) : normalised).to(x.scalar_type());
}

Tensor layer_normalised(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  return torch::layer_norm(x.to(torch::kFloat32), {x.size(-1)}, weight, bias, eps)
      .to(x.scalar_type());
}

}  // namespace patina::diffusion
