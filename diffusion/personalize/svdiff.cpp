// SPDX-License-Identifier: Apache-2.0
// SVDiff [Han 2023, Eq. 3 and 4]: W = U diag(s) V^T stays, but for a shift of its singular values,
// W' = U diag(relu(s + delta)) V^T. Filters count as [out, in k k]; vectors stay as they are.
#include <ATen/ops/linalg_svd.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include "core/safetensors.h"
#include "diffusion/personalize/method_torch.h"
#include "tensors/blobs_torch.h"

namespace patina::diffusion {

namespace fs = std::filesystem;
using torch::Tensor;

namespace {

constexpr const char* kShiftsFile = "spectral_shifts.safetensors";

using Shifts = std::map<std::string, Tensor>;

void shift_singular_values(const Weights& weights, const std::string& prefix, Shifts& shifts) {
  for (const auto& [name, weight] : weights.by_name()) {
    if (weight->value.dim() < 2) continue;
    Tensor u, s, vh, shift;
    {
      const torch::NoGradGuard no_grad;
      const Tensor matrix = weight->value.to(torch::kFloat32).flatten(1);
      std::tie(u, s, vh) = at::linalg_svd(matrix, false);
      u = u.to(weight->value.scalar_type());
      vh = vh.to(weight->value.scalar_type());
      shift = torch::zeros_like(s);
    }
    shift.requires_grad_(true);
    shifts[prefix + name] = shift;
    weight->adapters.push_back(
        {{shift}, [u, s, vh, shift](const Tensor& stored) {
           const Tensor values = torch::relu(s + shift).to(stored.scalar_type());
           const Tensor matrix = torch::matmul(u * values, vh);
           const Tensor shaped = matrix.view(stored.sizes());
           return stored.dim() == 4 ? shaped.contiguous(stored.suggest_memory_format()) : shaped;
         }});
  }
}

}  // namespace

Personalization prepare_svdiff(TextToImage& model, const PersonalizeOptions& options) {
  Shifts shifts;
  shift_singular_values(model.unet.weights(), "unet.", shifts);
  if (options.train_text_encoder) {
    shift_singular_values(model.text_encoder.weights(), "text_encoder.", shifts);
  }
  Personalization prepared;
  prepared.trains_context = options.train_text_encoder;
  for (const auto& [name, shift] : shifts) prepared.leaves.push_back(shift);
  prepared.write = [&model, &options, shifts](const fs::path& folder) {
    std::map<std::string, core::TensorBlob> blobs;
    for (const auto& [name, shift] : shifts) blobs[name] = tensors::blob_from_tensor(shift);
    std::vector<fs::path> files = write_whole_model(model, options, folder);
    core::write_safetensors(folder / kShiftsFile, blobs, {{"format", "pt"}});
    files.push_back(folder / kShiftsFile);
    return files;
  };
  return prepared;
}

}  // namespace patina::diffusion
