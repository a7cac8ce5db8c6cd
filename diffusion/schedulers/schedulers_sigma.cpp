// SPDX-License-Identifier: Apache-2.0
// Samplers on noise levels sigma = sqrt((1 - abar) / abar): Euler, whose samples are x0 + sigma eps
// [Karras 2022, Alg. 1], and DPM-Solver++ of first and second order, whose samples are a x0 + s eps
// with a = 1/sqrt(sigma^2 + 1), s = sigma a [Lu 2022, Eq. 9 and Alg. 2].
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/error.h"
#include "diffusion/schedulers/schedulers_torch.h"

namespace patina::diffusion::internal {
namespace {

/// Where calls stand: sigmas has one value more than timesteps.
struct Ladder {
  std::vector<double> timesteps;
  std::vector<double> sigmas;
};

/// The library keeps these in float32, logarithms too.
std::vector<float> training_sigmas(const std::vector<double>& abar) {
  std::vector<float> sigmas;
  for (const double value : abar) {
    const auto narrow = static_cast<float>(value);
    sigmas.push_back(std::sqrt((1.0F - narrow) / narrow));
  }
  return sigmas;
}

double rounded_to_float(double value) { return static_cast<double>(static_cast<float>(value)); }

/// Linear between the values at whole t, constant beyond.
double sigma_at(const std::vector<float>& training, double t) {
  const double last = static_cast<double>(training.size()) - 1.0;
  const double clamped = std::clamp(t, 0.0, last);
  const auto low = static_cast<std::size_t>(
      std::min(std::floor(clamped), std::max(last - 1.0, 0.0)));
  const double base = training[low];
  if (low + 1 >= training.size()) return base;
  return base + (training[low + 1] - base) * (clamped - static_cast<double>(low));
}

/// Inverse, linear in log sigma.
double timestep_at(const std::vector<float>& training, double sigma) {
  if (training.size() < 2) return 0.0;
  const auto log_sigma = static_cast<float>(std::log(std::max(sigma, 1e-10)));
  const auto log_at = [&training](std::size_t i) { return std::log(training[i]); };
  const auto above = std::upper_bound(
      training.begin() + 1, training.end() - 1, log_sigma, [](float log, float at) {
        return log < std::log(at);
      });
  const auto low = static_cast<std::size_t>(above - training.begin()) - 1;
  const float share = (log_at(low) - log_sigma) / (log_at(low) - log_at(low + 1));
  return static_cast<double>(low) + std::clamp(share, 0.0F, 1.0F);
}

/// [Karras 2022, Eq. 5], rho = 7, largest first.
std::vector<double> karras_sigmas(double smallest, double largest, int steps) {
  constexpr double kRho = 7.0;
  const double from = std::pow(largest, 1.0 / kRho);
  const double to = std::pow(smallest, 1.0 / kRho);
  std::vector<double> sigmas;
  for (int i = 0; i < steps; ++i) {
    const double share = steps > 1 ? static_cast<double>(i) / (steps - 1) : 0.0;
    sigmas.push_back(std::pow(from + share * (to - from), kRho));
  }
  return sigmas;
}

/// Rounds to what the library hands on and adds the last level.
Ladder finished(const SchedulerConfig& config, Ladder ladder, const std::vector<float>& training) {
  for (double& sigma : ladder.sigmas) sigma = rounded_to_float(sigma);
  ladder.sigmas.push_back(config.final_sigma == FinalSigma::kZero ? 0.0 : training.front());
  return ladder;
}

Ladder karras_ladder(const SchedulerConfig& config,
                     const std::vector<float>& training,
                     int steps,
                     double smallest,
                     double largest) {
  Ladder ladder;
  ladder.sigmas = karras_sigmas(
      config.sigma_min.value_or(smallest), config.sigma_max.value_or(largest), steps);
  for (const double sigma : ladder.sigmas) {
    ladder.timesteps.push_back(timestep_at(training, sigma));
  }
  return ladder;
}

Ladder euler_ladder(const SchedulerConfig& config, int steps) {
  const std::vector<float> training = training_sigmas(abar_table(config));
  Ladder ladder;
  ladder.timesteps = spaced_timesteps(config, {config.num_train_timesteps, steps, steps});
  for (double& t : ladder.timesteps) {
    t = rounded_to_float(t);
    ladder.sigmas.push_back(sigma_at(training, t));
  }
  if (config.use_karras_sigmas) {
    ladder = karras_ladder(config, training, steps, ladder.sigmas.back(), ladder.sigmas.front());
    for (double& t : ladder.timesteps) t = rounded_to_float(t);
  }
  return finished(config, std::move(ladder), training);
}

/// Timesteps whose log(a/s) is at least lambda_min_clipped.
int timesteps_above(const std::vector<double>& abar, double lambda_min) {
  const auto clipped = std::count_if(abar.begin(), abar.end(), [lambda_min](double value) {
    return 0.5 * std::log(value / (1.0 - value)) < lambda_min;
  });
  return static_cast<int>(abar.size()) - static_cast<int>(clipped);
}

void require_descending(const Ladder& ladder, const SchedulerConfig& config) {
  const auto end = ladder.sigmas.end() - 1;  // The last step may be of no length.
  const auto stuck = std::adjacent_find(
      ladder.sigmas.begin(), end, [](double before, double after) { return !(before > after); });
  if (stuck == end) return;
  throw core::Error(core::ErrorKind::kInput,
                    "steps",
                    std::to_string(ladder.timesteps.size()) + " for " + to_string(config.kind) +
                        " repeat a noise level of the model",
                    "use fewer steps");
}

/// One point more than steps is laid, and the last is left to the final level.
Ladder dpm_ladder(const SchedulerConfig& config, int steps) {
  const std::vector<double> abar = abar_table(config);
  const std::vector<float> training = training_sigmas(abar);
  Ladder ladder;
  if (config.kind == SchedulerKind::kDPM2MKarras) {
    ladder = karras_ladder(config, training, steps, training.front(), training.back());
  } else {
    const int end = timesteps_above(abar, config.lambda_min_clipped);
    if (end < 1) {
      throw core::Error(core::ErrorKind::kInput,
                        config.where,
                        "lambda_min_clipped leaves no timestep",
                        "lower it");
    }
    ladder.timesteps = spaced_timesteps(config, {end, steps + 1, steps});
  }
  for (double& t : ladder.timesteps) {
    t = std::nearbyint(t);  // To even, as numpy does.
    if (config.kind == SchedulerKind::kDPM2M) ladder.sigmas.push_back(sigma_at(training, t));
  }
  ladder = finished(config, std::move(ladder), training);
  require_descending(ladder, config);
  return ladder;
}

/// a and s of a sigma.
Level sigma_level_of(double sigma) {
  const double signal = 1.0 / std::sqrt(sigma * sigma + 1.0);
  return {signal, sigma * signal};
}

/// The library computes steps in float32 for narrower samples.
torch::Tensor widened(const torch::Tensor& x) {
  return x.scalar_type() == torch::kFloat64 ? x : x.to(torch::kFloat32);
}

class EulerScheduler : public Scheduler {
 public:
  EulerScheduler(const SchedulerConfig& config, Ladder ladder)
      : Scheduler(std::move(ladder.timesteps), std::move(ladder.sigmas)),
        prediction_type_(config.prediction_type),
        is_ancestral_(config.kind == SchedulerKind::kEulerAncestral),
        is_leading_(config.timestep_spacing == TimestepSpacing::kLeading) {}

  double init_noise_sigma() const override {
    const double largest = *std::max_element(sigmas().begin(), sigmas().end());
    return is_leading_ ? std::sqrt(largest * largest + 1.0) : largest;
  }

  Level level(int call) const override { return {1.0, sigma(call)}; }

  torch::Tensor scale_model_input(const torch::Tensor& sample, int call) const override {
    return sample * sigma_level_of(sigma(call)).signal;
  }

  bool draws_noise(int call) const override { return is_ancestral_ && sigma(call + 1) > 0.0; }

 private:
  torch::Tensor advance(const torch::Tensor& output,
                        int call,
                        const torch::Tensor& sample,
                        const torch::Tensor& noise) override {
    const torch::Tensor x = widened(sample);
    const torch::Tensor slope = eps(widened(output), call, x);
    const double fresh = draws_noise(call) ? fresh_noise(call) : 0.0;
    const double to = std::sqrt(sigma(call + 1) * sigma(call + 1) - fresh * fresh);
    torch::Tensor next = x + (to - sigma(call)) * slope;
    if (fresh > 0.0) next = next + fresh * widened(noise);
    return next.to(sample.scalar_type());
  }

  /// Deviation of the posterior of x_to given x_from and x0 [Ho 2020, Eq. 7, in sigmas].
  double fresh_noise(int call) const {
    const double from = sigma(call);
    const double to = sigma(call + 1);
    return to * std::sqrt((from - to) * (from + to)) / from;
  }

  /// dx/dsigma.
  torch::Tensor eps(const torch::Tensor& output, int call, const torch::Tensor& x) const {
    if (prediction_type_ == PredictionType::kEpsilon) return output;
    const Level now = sigma_level_of(sigma(call));
    const torch::Tensor x0 = x0_from_output(prediction_type_, output, now.signal * x, now);
    return (x - x0) / sigma(call);
  }

  double sigma(int call) const { return sigmas().at(static_cast<std::size_t>(call)); }

  PredictionType prediction_type_;
  bool is_ancestral_;
  bool is_leading_;
};

class DPMSolverScheduler : public Scheduler {
 public:
  DPMSolverScheduler(const SchedulerConfig& config, Ladder ladder)
      : Scheduler(std::move(ladder.timesteps), std::move(ladder.sigmas)), config_(config) {}

  Level level(int call) const override { return sigma_level_of(sigma(call)); }

 private:
  torch::Tensor advance(const torch::Tensor& output,
                        int call,
                        const torch::Tensor& sample,
                        const torch::Tensor& /*noise*/) override {
    const torch::Tensor x = widened(sample);
    const torch::Tensor x0 = x0_from_output(
        config_.prediction_type, widened(output), x, level(call));
    const Level now = level(call);
    const Level next = level(call + 1);
    const double h = lambda(call + 1) - lambda(call);  // Infinite if the last sigma is 0.
    const double decay = std::expm1(-h);
    torch::Tensor moved = (next.noise / now.noise) * x - (next.signal * decay) * x0;
    if (previous_x0_.defined() && !is_first_order(call)) {
      const double ratio = h / (lambda(call) - lambda(call - 1));  // 1/r of the paper.
      const double correction = config_.solver_type == SolverType::kMidpoint
                                    ? -0.5 * decay
                                    : (h > 0.0 ? decay / h + 1.0 : 0.0);
      moved = moved + (next.signal * correction * ratio) * (x0 - previous_x0_);
    }
    previous_x0_ = x0;
    return moved.to(sample.scalar_type());
  }

  void forget() override { previous_x0_ = torch::Tensor(); }

  bool is_first_order(int call) const {
    if (config_.solver_order == 1) return true;
    const bool is_short = config_.lower_order_final && num_calls() < 15;
    return call + 1 == num_calls() &&
           (config_.euler_at_final || is_short || config_.final_sigma == FinalSigma::kZero);
  }

  /// log(a/s).
  double lambda(int call) const { return -std::log(sigma(call)); }
  double sigma(int call) const { return sigmas().at(static_cast<std::size_t>(call)); }

  SchedulerConfig config_;
  torch::Tensor previous_x0_;
};

}  // namespace

std::unique_ptr<Scheduler> make_sigma_scheduler(const SchedulerConfig& config, int steps) {
  if (config.kind == SchedulerKind::kEuler || config.kind == SchedulerKind::kEulerAncestral) {
    return std::make_unique<EulerScheduler>(config, euler_ladder(config, steps));
  }
  return std::make_unique<DPMSolverScheduler>(config, dpm_ladder(config, steps));
}

}  // namespace patina::diffusion::internal
