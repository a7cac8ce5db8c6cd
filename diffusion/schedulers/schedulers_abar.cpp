// SPDX-License-Identifier: Apache-2.0
// Samplers that step between values of abar. With a = sqrt(abar_t), s = sqrt(1 - abar_t), and a',
// s' the same at the step's end t':
//   DDPM [Ho 2020, Eq. 7]: mean of q(x_t' | x_t, x0), plus noise of its variance or of beta_t
//   DDIM [Song 2021, Eq. 12]: x_t' = a' x0 + sqrt(s'^2 - std^2) eps + std z, std = eta std_DDPM
//   PNDM [Liu 2022]: DDIM's step with a linear combination of the last four eps
//   LCM [Luo 2023, Alg. 3]: x_t' = a' f + s' z, f = c_skip x_t + c_out x0
// The step's end is t - T/n (whole division), whatever the spacing, except for LCM.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/error.h"
#include "diffusion/schedulers/schedulers_torch.h"

namespace patina::diffusion::internal {
namespace {

Level level_of(double abar) { return {std::sqrt(abar), std::sqrt(1.0 - abar)}; }

std::vector<double> usual_timesteps(const SchedulerConfig& config, int steps) {
  std::vector<double> timesteps = spaced_timesteps(config,
                                                   {config.num_train_timesteps, steps, steps});
  for (double& t : timesteps) t = std::nearbyint(t);  // To even, as numpy does.
  return timesteps;
}

class AbarScheduler : public Scheduler {
 public:
  Level level(int call) const override { return level_of(abar(time(call))); }

 protected:
  AbarScheduler(const SchedulerConfig& config, std::vector<double> timesteps, double final_abar)
      : Scheduler(std::move(timesteps)),
        config_(config),
        abar_(abar_table(config)),
        final_abar_(final_abar) {
    require_signal();
  }

  int time(int call) const {
    return static_cast<int>(timesteps().at(static_cast<std::size_t>(call)));
  }
  /// A step may end below 0.
  double abar(int t) const { return t >= 0 ? abar_.at(static_cast<std::size_t>(t)) : final_abar_; }
  const SchedulerConfig& config() const { return config_; }

  torch::Tensor clean(const torch::Tensor& output, int call, const torch::Tensor& sample) const {
    torch::Tensor x0 = x0_from_output(config_.prediction_type, output, sample, level(call));
    if (!config_.clip_sample) return x0;
    return x0.clamp(-config_.clip_sample_range, config_.clip_sample_range);
  }

 private:
  /// Differs from the library, which divides by 0.
  void require_signal() const {
    const bool divides = config_.prediction_type == PredictionType::kEpsilon;
    if (!divides || abar(time(0)) > 0.0) return;
    throw core::Error(core::ErrorKind::kInput,
                      config_.where,
                      "timestep " + std::to_string(time(0)) +
                          " is pure noise, from which an epsilon model predicts nothing",
                      "use leading timesteps, or set rescale_betas_zero_snr to false");
  }

  SchedulerConfig config_;
  std::vector<double> abar_;
  double final_abar_;
};

class DDPMScheduler : public AbarScheduler {
 public:
  DDPMScheduler(const SchedulerConfig& config, int steps)
      : AbarScheduler(config, usual_timesteps(config, steps), 1.0),
        stride_(config.num_train_timesteps / steps) {}

  bool draws_noise(int call) const override { return time(call) > 0; }

 private:
  torch::Tensor advance(const torch::Tensor& output,
                        int call,
                        const torch::Tensor& sample,
                        const torch::Tensor& noise) override {
    const double from = abar(time(call));
    const double to = abar(time(call) - stride_);
    const double alpha = from / to;
    const double x0_share = std::sqrt(to) * (1.0 - alpha) / (1.0 - from);
    const double sample_share = std::sqrt(alpha) * (1.0 - to) / (1.0 - from);
    torch::Tensor mean = x0_share * clean(output, call, sample) + sample_share * sample;
    if (!draws_noise(call)) return mean;
    const bool is_large = config().variance_type == VarianceType::kFixedLarge;
    const double variance = (is_large ? 1.0 : (1.0 - to) / (1.0 - from)) * (1.0 - alpha);
    return mean + std::sqrt(std::max(variance, 1e-20)) * noise;
  }

  int stride_;
};

class DDIMScheduler : public AbarScheduler {
 public:
  DDIMScheduler(const SchedulerConfig& config, int steps, double eta, double final_abar)
      : AbarScheduler(config, usual_timesteps(config, steps), final_abar),
        stride_(config.num_train_timesteps / steps),
        eta_(eta) {}

  bool draws_noise(int /*call*/) const override { return eta_ > 0.0; }

 private:
  torch::Tensor advance(const torch::Tensor& output,
                        int call,
                        const torch::Tensor& sample,
                        const torch::Tensor& noise) override {
    const double from = abar(time(call));
    const double to = abar(time(call) - stride_);
    const double variance = eta_ * eta_ * (1.0 - to) / (1.0 - from) *
                            std::max(0.0, 1.0 - from / to);
    const torch::Tensor x0 = clean(output, call, sample);
    torch::Tensor next = std::sqrt(to) * x0 + std::sqrt(std::max(0.0, 1.0 - to - variance)) *
                                                  epsilon(output, call, sample);
    return draws_noise(call) ? next + std::sqrt(variance) * noise : next;
  }

  /// The noise that goes with the unclipped x0, as the library has it.
  torch::Tensor epsilon(const torch::Tensor& output, int call, const torch::Tensor& sample) const {
    const Level now = level(call);
    switch (config().prediction_type) {
      case PredictionType::kVelocity:
        return now.signal * output + now.noise * sample;
      case PredictionType::kSample:
        return (sample - now.signal * output) / now.noise;
      case PredictionType::kEpsilon:
        break;
    }
    return output;
  }

  int stride_;
  double eta_;
};

/// The first step is taken twice: call 0 goes from t0 to t1, call 1 asks the model there and takes
/// the step again with the mean of both answers. Differs from the library in runs that start later:
/// there its call counter would take another step twice and skip one; here such runs begin with a
/// first-order step, and call 1 passes the sample on.
class PNDMScheduler : public AbarScheduler {
 public:
  PNDMScheduler(const SchedulerConfig& config, int steps, double final_abar)
      : AbarScheduler(config, calls(usual_timesteps(config, steps)), final_abar),
        stride_(config.num_train_timesteps / steps) {}

 private:
  static std::vector<double> calls(std::vector<double> timesteps) {
    if (timesteps.size() > 1) timesteps.insert(timesteps.begin() + 1, timesteps[1]);
    return timesteps;
  }

  torch::Tensor advance(const torch::Tensor& output,
                        int call,
                        const torch::Tensor& sample,
                        const torch::Tensor& /*noise*/) override {
    const int t = time(call);
    if (call == 1) {
      if (outputs_.empty()) return sample;
      return transfer(first_sample_, t + stride_, t, (output + outputs_.back()) / 2.0);
    }
    if (call == 0) first_sample_ = sample;
    outputs_.push_back(output);
    if (outputs_.size() > 4) outputs_.erase(outputs_.begin());
    return transfer(sample, t, t - stride_, combined());
  }

  void forget() override {
    outputs_.clear();
    first_sample_ = torch::Tensor();
  }

  /// Adams-Bashforth of the order that the history allows.
  torch::Tensor combined() const {
    const auto e = [this](std::size_t back) { return outputs_[outputs_.size() - 1 - back]; };
    switch (outputs_.size()) {
      case 1:
        return e(0);
      case 2:
        return (3.0 * e(0) - e(1)) / 2.0;
      case 3:
        return (23.0 * e(0) - 16.0 * e(1) + 5.0 * e(2)) / 12.0;
      default:
        return (55.0 * e(0) - 59.0 * e(1) + 37.0 * e(2) - 9.0 * e(3)) / 24.0;
    }
  }

  torch::Tensor transfer(const torch::Tensor& sample,
                         int from_time,
                         int to_time,
                         const torch::Tensor& output) const {
    const double from = abar(from_time);
    const double to = abar(to_time);
    const Level now = level_of(from);
    const bool is_velocity = config().prediction_type == PredictionType::kVelocity;
    const torch::Tensor eps = is_velocity ? now.signal * output + now.noise * sample : output;
    const double divisor = from * std::sqrt(1.0 - to) + std::sqrt(from * (1.0 - from) * to);
    return std::sqrt(to / from) * sample - ((to - from) / divisor) * eps;
  }

  int stride_;
  std::vector<torch::Tensor> outputs_;  // At most four, the newest last.
  torch::Tensor first_sample_;
};

class LCMScheduler : public AbarScheduler {
 public:
  LCMScheduler(const SchedulerConfig& config, int steps)
      : AbarScheduler(config, calls(config, steps), 1.0) {}

  bool draws_noise(int call) const override { return call + 1 < num_calls(); }

 private:
  /// Every so many of the distillation's timesteps k T/o - 1, k = o ... 1.
  static std::vector<double> calls(const SchedulerConfig& config, int steps) {
    const int original = config.original_inference_steps;
    const int stride = config.num_train_timesteps / original;
    std::vector<double> timesteps;
    for (int i = 0; i < steps; ++i) {
      const int skipped = static_cast<int>(std::floor(i * (static_cast<double>(original) / steps)));
      timesteps.push_back((original - skipped) * stride - 1.0);
    }
    return timesteps;
  }

  torch::Tensor advance(const torch::Tensor& output,
                        int call,
                        const torch::Tensor& sample,
                        const torch::Tensor& noise) override {
    constexpr double kDataVariance = 0.25;
    const double scaled = time(call) * config().timestep_scaling;
    const double norm = scaled * scaled + kDataVariance;
    torch::Tensor clean_guess = (scaled / std::sqrt(norm)) * clean(output, call, sample) +
                                (kDataVariance / norm) * sample;
    if (!draws_noise(call)) return clean_guess;
    const Level next = level(call + 1);
    return next.signal * clean_guess + next.noise * noise;
  }
};

}  // namespace

std::unique_ptr<Scheduler> make_abar_scheduler(const SchedulerConfig& config,
                                               int steps,
                                               double eta) {
  const double final_abar = config.set_alpha_to_one ? 1.0 : abar_table(config).front();
  switch (config.kind) {
    case SchedulerKind::kDDPM:
      return std::make_unique<DDPMScheduler>(config, steps);
    case SchedulerKind::kPNDM:
      return std::make_unique<PNDMScheduler>(config, steps, final_abar);
    case SchedulerKind::kLCM:
      return std::make_unique<LCMScheduler>(config, steps);
    default:
      return std::make_unique<DDIMScheduler>(config, steps, eta, final_abar);
  }
}

}  // namespace patina::diffusion::internal
