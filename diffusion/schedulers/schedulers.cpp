// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <utility>

#include "core/error.h"
#include "diffusion/schedulers/noise_schedule_torch.h"
#include "diffusion/schedulers/schedulers_torch.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;

namespace {

void require_steps(int steps, int most, const char* meaning) {
  if (steps >= 1 && steps <= most) return;
  throw Error(ErrorKind::kInput,
              "steps",
              std::to_string(steps) + " is not from 1 to " + std::to_string(most) + ", " + meaning,
              "choose a number in that range");
}

void require_eta(double eta, SchedulerKind kind) {
  std::ostringstream value;
  value << eta;
  if (!(eta >= 0.0 && eta <= 1.0)) {
    throw Error(ErrorKind::kInput, "eta", value.str() + " is not in [0, 1]", "correct it");
  }
  if (eta != 0.0 && kind != SchedulerKind::kDDIM) {
    throw Error(ErrorKind::kInput,
                "eta",
                value.str() + " has no meaning for " + to_string(kind),
                "leave it out or use ddim");
  }
}

/// numpy's linspace(0, end - 1, points), reversed.
std::vector<double> linspaced(int end, int points) {
  const double stride = points > 1 ? (end - 1.0) / (points - 1) : 0.0;
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(points));
  for (int i = points - 1; i >= 0; --i) values.push_back(i * stride);
  if (points > 1) values.front() = end - 1.0;
  return values;
}

std::vector<double> leading(int end, int points, int offset) {
  const int stride = end / points;
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(points));
  for (int i = points - 1; i >= 0; --i) values.push_back(i * stride + offset);
  return values;
}

/// numpy's round(arange(end, 0, -stride)) - 1. Differs: rounding of the quotient never adds a value
/// below 0.
std::vector<double> trailing(int end, int steps, int train_timesteps) {
  const double stride = static_cast<double>(train_timesteps) / steps;
  const double taken = end - (end - stride);  // arange rounds its stride in this way
  const int count = std::min(steps, static_cast<int>(std::ceil(end / stride)));
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) values.push_back(std::nearbyint(end - i * taken) - 1.0);
  return values;
}

}  // namespace

Scheduler::Scheduler(std::vector<double> timesteps, std::vector<double> sigmas)
    : timesteps_(std::move(timesteps)), sigmas_(std::move(sigmas)) {}

torch::Tensor Scheduler::start_sample(const torch::Tensor& x0,
                                      const torch::Tensor& noise,
                                      int call) const {
  const Level mixture = level(call);
  return mixture.signal * x0 + mixture.noise * noise;
}

torch::Tensor Scheduler::scale_model_input(const torch::Tensor& sample, int /*call*/) const {
  return sample;
}

bool Scheduler::draws_noise(int /*call*/) const { return false; }

torch::Tensor Scheduler::step(const torch::Tensor& model_output,
                              int call,
                              const torch::Tensor& sample,
                              const torch::Tensor& noise) {
  std::ostringstream problem;
  if (call < 0 || call >= num_calls()) {
    problem << "call " << call << " of " << num_calls();
  } else if (model_output.sizes() != sample.sizes()) {
    problem << "model output " << model_output.sizes() << " for a sample " << sample.sizes();
  } else if (draws_noise(call) && (!noise.defined() || noise.sizes() != sample.sizes())) {
    problem << "call " << call << " needs noise of shape " << sample.sizes();
  }
  if (!problem.str().empty()) throw Error(ErrorKind::kInternal, "scheduler", problem.str());
  if (call == 0 || call != next_call_) forget();
  torch::Tensor next = advance(model_output, call, sample, noise);
  next_call_ = call + 1;
  return next;
}

std::unique_ptr<Scheduler> make_scheduler(const SchedulerConfig& config, int steps, double eta) {
  validate(config);
  require_steps(steps, config.num_train_timesteps, "the steps the model was trained with");
  require_eta(eta, config.kind);
  switch (config.kind) {
    case SchedulerKind::kEuler:
    case SchedulerKind::kEulerAncestral:
    case SchedulerKind::kDPM2M:
    case SchedulerKind::kDPM2MKarras:
      return internal::make_sigma_scheduler(config, steps);
    case SchedulerKind::kLCM:
      require_steps(steps, config.original_inference_steps, "the steps LCM was distilled with");
      break;
    case SchedulerKind::kDDPM:
    case SchedulerKind::kDDIM:
    case SchedulerKind::kPNDM:
      break;
  }
  return internal::make_abar_scheduler(config, steps, eta);
}

namespace internal {

std::vector<double> abar_table(const SchedulerConfig& config) {
  const torch::Tensor abar =
      make_noise_schedule(config).alphas_cumprod.to(torch::kFloat64).contiguous();
  const double* values = abar.data_ptr<double>();
  return {values, values + abar.numel()};
}

std::vector<double> spaced_timesteps(const SchedulerConfig& config, const TimestepGrid& grid) {
  std::vector<double> timesteps;
  switch (config.timestep_spacing) {
    case TimestepSpacing::kLinspace:
      timesteps = linspaced(grid.end, grid.points);
      break;
    case TimestepSpacing::kLeading:
      timesteps = leading(grid.end, grid.points, config.steps_offset);
      break;
    case TimestepSpacing::kTrailing:
      timesteps = trailing(grid.end, grid.steps, config.num_train_timesteps);
      break;
  }
  timesteps.resize(std::min(timesteps.size(), static_cast<std::size_t>(grid.steps)));
  if (timesteps.front() >= config.num_train_timesteps) {
    std::ostringstream problem;
    problem << grid.steps << " with steps_offset " << config.steps_offset << " begin at timestep "
            << timesteps.front() << ", the model's last is " << config.num_train_timesteps - 1;
    throw Error(ErrorKind::kInput, "steps", problem.str(), "use fewer steps");
  }
  return timesteps;
}

torch::Tensor x0_from_output(PredictionType type,
                             const torch::Tensor& output,
                             const torch::Tensor& sample,
                             const Level& level) {
  switch (type) {
    case PredictionType::kVelocity:
      return level.signal * sample - level.noise * output;
    case PredictionType::kSample:
      return output;
    case PredictionType::kEpsilon:
      break;
  }
  return (sample - level.noise * output) / level.signal;
}

}  // namespace internal
}  // namespace patina::diffusion
