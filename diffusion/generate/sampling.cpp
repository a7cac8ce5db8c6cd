// SPDX-License-Identifier: Apache-2.0
#include <torch/utils.h>

#include "core/error.h"
#include "diffusion/generate/sampling_torch.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using torch::Tensor;

namespace {

// The denoiser as the scheduler sees it: float32 in and out, guidance included.
class GuidedUNet {
 public:
  GuidedUNet(const TextToImage& model, const SamplingInputs& inputs)
      : model_(model), scale_(inputs.guidance_scale) {
    const std::int64_t width = model.unet.config().time_cond_proj_dim;
    twice_ = width == 0 && scale_ != 1.0;
    if (width > 0) embedding_ = guidance_scale_embedding(scale_ - 1.0, width);
    const Tensor both = twice_ ? torch::cat({inputs.negative, inputs.context}) : inputs.context;
    context_ = both.to(model.compute.device, model.compute.dtype);
  }

  Tensor operator()(const Tensor& latents, double t) const {
    const Tensor input = model_.compute.place(twice_ ? torch::cat({latents, latents}) : latents);
    const Tensor time = torch::full({1}, t, torch::kFloat64);
    Tensor out = model_.unet.forward(input, time, context_, {}, embedding_).to(torch::kFloat32);
    if (!twice_) return out;
    const std::vector<Tensor> halves = out.chunk(2);
    return halves[0] + scale_ * (halves[1] - halves[0]);
  }

 private:
  const TextToImage& model_;
  double scale_;
  bool twice_ = true;
  Tensor embedding_;
  Tensor context_;
};

}  // namespace

Tensor sample_latents(const TextToImage& model,
                      Scheduler& scheduler,
                      const SamplingInputs& inputs,
                      const NoiseSource& noise,
                      const StepSeen& seen) {
  const torch::NoGradGuard no_grad;
  const GuidedUNet denoiser(model, inputs);
  Tensor x = inputs.latents.to(model.compute.device, torch::kFloat32);
  for (int call = 0; call < scheduler.num_calls(); ++call) {
    const double t = scheduler.timesteps()[static_cast<std::size_t>(call)];
    const Tensor out = denoiser(scheduler.scale_model_input(x, call), t);
    const Tensor fresh = scheduler.draws_noise(call) ? noise().to(x.options()) : Tensor();
    x = scheduler.step(out, call, x, fresh);
    if (seen && !seen(call, x)) {
      throw Error(ErrorKind::kCancelled, "sampling", "interrupted");
    }
  }
  return x;
}

}  // namespace patina::diffusion
