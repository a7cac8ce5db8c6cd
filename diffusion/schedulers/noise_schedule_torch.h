// SPDX-License-Identifier: Apache-2.0
// The forward process of a diffusion model and what a denoiser is trained on [Ho 2020, Eq. 4;
// Salimans 2022, Sec. 4]:
//   x_t = a x0 + s eps,  v = a eps - s x0,  a = sqrt(abar_t), s = sqrt(1 - abar_t),
// abar_t the cumulative product of 1 - beta. Everything is differentiable in its tensors; t is
// int64 [N] on the schedule's device, x0, noise and predictions are [N,...] there, and results have
// the dtype of the first of them.
#pragma once

#include <torch/types.h>

#include "diffusion/schedulers/scheduler_config.h"

namespace patina::diffusion {

struct NoiseSchedule {
  torch::Tensor alphas_cumprod;  // [T] float32
  PredictionType prediction_type = PredictionType::kEpsilon;
};

/// [T] float32 on the CPU, rescaled to zero terminal SNR where the configuration says so. Throws as
/// validate does.
torch::Tensor make_betas(const SchedulerConfig& config);

/// As the library has it, a rescaled schedule ends at abar = 0, for Euler and DPM-Solver++ at
/// 2^-24.
NoiseSchedule make_noise_schedule(const SchedulerConfig& config,
                                  const torch::Device& device = torch::kCPU);

/// x_t [N,...] from x0 and noise of that shape and t [N] int64, 0 to T-1.
torch::Tensor add_noise(const NoiseSchedule& schedule,
                        const torch::Tensor& x0,
                        const torch::Tensor& noise,
                        const torch::Tensor& t);

/// v [N,...] from x0 and noise of that shape and t [N] int64, 0 to T-1.
torch::Tensor velocity(const NoiseSchedule& schedule,
                       const torch::Tensor& x0,
                       const torch::Tensor& noise,
                       const torch::Tensor& t);

/// What a model of this prediction type should answer for x_t: noise, v (which depends on x0, so
/// its gradient does too) or x0. All [N,...], t [N] int64.
torch::Tensor training_target(const NoiseSchedule& schedule,
                              const torch::Tensor& x0,
                              const torch::Tensor& noise,
                              const torch::Tensor& t);

/// x0 that a model's prediction for x_t stands for; for an epsilon model it needs abar_t > 0.
/// All [N,...], t [N] int64.
torch::Tensor x0_from_prediction(const NoiseSchedule& schedule,
                                 const torch::Tensor& prediction,
                                 const torch::Tensor& x_t,
                                 const torch::Tensor& t);

/// Noise that a model's prediction for x_t stands for; for a sample model it needs abar_t < 1.
/// All [N,...], t [N] int64.
torch::Tensor epsilon_from_prediction(const NoiseSchedule& schedule,
                                      const torch::Tensor& prediction,
                                      const torch::Tensor& x_t,
                                      const torch::Tensor& t);

}  // namespace patina::diffusion
