// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <sstream>
#include <vector>

#include "core/error.h"
#include "core/pi.h"
#include "diffusion/schedulers/noise_schedule_torch.h"

namespace patina::diffusion {
namespace {

using core::kPi;

/// [Nichol 2021, Eq. 17], betas at most 0.999.
torch::Tensor squared_cosine_betas(int steps) {
  const auto abar = [steps](int i) {
    const double angle = (static_cast<double>(i) / steps + 0.008) / 1.008 * kPi / 2.0;
    return std::cos(angle) * std::cos(angle);
  };
  std::vector<double> betas;
  betas.reserve(static_cast<std::size_t>(steps));
  for (int i = 0; i < steps; ++i) betas.push_back(std::min(1.0 - abar(i + 1) / abar(i), 0.999));
  return torch::tensor(betas, torch::kFloat64).to(torch::kFloat32);
}

torch::Tensor scheduled_betas(const SchedulerConfig& config) {
  const int steps = config.num_train_timesteps;
  if (!config.trained_betas.empty()) {
    return torch::tensor(config.trained_betas, torch::kFloat64).to(torch::kFloat32);
  }
  switch (config.beta_schedule) {
    case BetaSchedule::kScaledLinear:
      return torch::linspace(
                 std::sqrt(config.beta_start), std::sqrt(config.beta_end), steps, torch::kFloat32)
          .square();
    case BetaSchedule::kSquaredCosine:
      return squared_cosine_betas(steps);
    case BetaSchedule::kLinear:
      break;
  }
  return torch::linspace(config.beta_start, config.beta_end, steps, torch::kFloat32);
}

/// [Lin 2024, Alg. 1]: sqrt(abar) is shifted to end at 0 and scaled to keep its first value.
torch::Tensor with_zero_terminal_snr(const torch::Tensor& betas) {
  const torch::Tensor root = torch::cumprod(1.0 - betas, 0).sqrt();
  const torch::Tensor first = root[0];
  const torch::Tensor last = root[-1];
  const torch::Tensor abar = ((root - last) * (first / (first - last))).square();
  const torch::Tensor ratio = abar.slice(0, 1) / abar.slice(0, 0, -1);
  return 1.0 - torch::cat({abar.slice(0, 0, 1), ratio});
}

/// a and s for a batch, shaped to multiply `like`: [N,1,...], its dtype.
struct Coefficients {
  torch::Tensor signal, noise;
};

Coefficients coefficients(const NoiseSchedule& schedule,
                          const torch::Tensor& t,
                          const torch::Tensor& like) {
  const bool fits = t.dim() == 1 && t.scalar_type() == torch::kInt64 && like.dim() >= 1 &&
                    (t.size(0) == 1 || t.size(0) == like.size(0));
  if (!fits) {
    std::ostringstream what;
    what << "t is " << t.scalar_type() << " " << t.sizes() << ", expected Long [N] for tensors of "
         << like.sizes();
    throw core::Error(core::ErrorKind::kInternal, "noise schedule", what.str());
  }
  const bool is_wide = like.scalar_type() == torch::kFloat64;
  std::vector<std::int64_t> shape(static_cast<std::size_t>(like.dim()), 1);
  shape[0] = t.size(0);
  const torch::Tensor abar = schedule.alphas_cumprod.index_select(0, t)
                                 .to(is_wide ? torch::kFloat64 : torch::kFloat32)
                                 .view(shape);  // [N,1,...]
  return {abar.sqrt().to(like.scalar_type()), (1.0 - abar).sqrt().to(like.scalar_type())};
}

}  // namespace

torch::Tensor make_betas(const SchedulerConfig& config) {
  validate(config);
  const torch::Tensor betas = scheduled_betas(config);
  return config.rescale_betas_zero_snr ? with_zero_terminal_snr(betas) : betas;
}

NoiseSchedule make_noise_schedule(const SchedulerConfig& config, const torch::Device& device) {
  torch::Tensor abar = torch::cumprod(1.0 - make_betas(config), 0);
  const bool divides_by_abar = config.kind == SchedulerKind::kEuler ||
                               config.kind == SchedulerKind::kEulerAncestral ||
                               config.kind == SchedulerKind::kDPM2M ||
                               config.kind == SchedulerKind::kDPM2MKarras;
  if (config.rescale_betas_zero_snr && divides_by_abar) abar[-1].fill_(std::ldexp(1.0, -24));
  if (!torch::isfinite(abar).all().item<bool>()) {
    throw core::Error(core::ErrorKind::kInput,
                      config.where,
                      "its betas cannot be rescaled to zero terminal SNR",
                      "correct them or set rescale_betas_zero_snr to false");
  }
  return {abar.to(device), config.prediction_type};
}

torch::Tensor add_noise(const NoiseSchedule& schedule,
                        const torch::Tensor& x0,
                        const torch::Tensor& noise,
                        const torch::Tensor& t) {
  const auto [a, s] = coefficients(schedule, t, x0);
  return a * x0 + s * noise;
}

torch::Tensor velocity(const NoiseSchedule& schedule,
                       const torch::Tensor& x0,
                       const torch::Tensor& noise,
                       const torch::Tensor& t) {
  const auto [a, s] = coefficients(schedule, t, x0);
  return a * noise - s * x0;
}

torch::Tensor training_target(const NoiseSchedule& schedule,
                              const torch::Tensor& x0,
                              const torch::Tensor& noise,
                              const torch::Tensor& t) {
  switch (schedule.prediction_type) {
    case PredictionType::kVelocity:
      return velocity(schedule, x0, noise, t);
    case PredictionType::kSample:
      return x0;
    case PredictionType::kEpsilon:
      break;
  }
  return noise;
}

torch::Tensor x0_from_prediction(const NoiseSchedule& schedule,
                                 const torch::Tensor& prediction,
                                 const torch::Tensor& x_t,
                                 const torch::Tensor& t) {
  const auto [a, s] = coefficients(schedule, t, prediction);
  switch (schedule.prediction_type) {
    case PredictionType::kVelocity:
      return a * x_t - s * prediction;
    case PredictionType::kSample:
      return prediction;
    case PredictionType::kEpsilon:
      break;
  }
  return (x_t - s * prediction) / a;
}

torch::Tensor epsilon_from_prediction(const NoiseSchedule& schedule,
                                      const torch::Tensor& prediction,
                                      const torch::Tensor& x_t,
                                      const torch::Tensor& t) {
  const auto [a, s] = coefficients(schedule, t, prediction);
  switch (schedule.prediction_type) {
    case PredictionType::kVelocity:
      return a * prediction + s * x_t;
    case PredictionType::kSample:
      return (x_t - a * prediction) / s;
    case PredictionType::kEpsilon:
      break;
  }
  return prediction;
}

}  // namespace patina::diffusion
