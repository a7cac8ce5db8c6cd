// SPDX-License-Identifier: Apache-2.0
// Samplers: from noise to a latent, one call of the denoiser at a time. Entry point:
// make_scheduler.
//
//   const auto scheduler = make_scheduler(config, steps);
//   torch::Tensor x = noise * scheduler->init_noise_sigma();  // or start_sample(x0, noise, k)
//   for (int i = 0 /* or k */; i < scheduler->num_calls(); ++i) {
//     const torch::Tensor fresh = scheduler->draws_noise(i) ? noise_like(x) : torch::Tensor();
//     const torch::Tensor out =
//         model(scheduler->scale_model_input(x, i), scheduler->timesteps()[i]);
//     x = scheduler->step(out, i, x, fresh);
//   }
//
// The arithmetic is that of the diffusers library, 0.30; deviations are marked where they are.
#pragma once

#include <memory>
#include <vector>

#include <torch/types.h>

#include "diffusion/schedulers/scheduler_config.h"

namespace patina::diffusion {

/// A sample is signal * x0 + noise * eps.
struct Level {
  double signal = 1.0;
  double noise = 0.0;
};

/// Steps of one sampling run. Keeps what multistep methods remember between calls; a call that does
/// not follow the one before starts a new run, so an object may be used again, and runs may start
/// at any call. Samples are [N,...], any floating dtype and device; results have the sample's. Not
/// for two threads at once.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// What the model is told at each call, descending. For PNDM the second value comes twice: call 1
  /// mends call 0. For Euler the values need not be whole.
  const std::vector<double>& timesteps() const { return timesteps_; }
  /// Steps, and one more for PNDM.
  int num_calls() const { return static_cast<int>(timesteps_.size()); }
  /// Noise levels sigma at each call and after the last; empty for samplers that have none.
  const std::vector<double>& sigmas() const { return sigmas_; }

  /// A run from pure noise starts from standard normal numbers times this.
  virtual double init_noise_sigma() const { return 1.0; }
  /// What the sample given to call `call` consists of.
  virtual Level level(int call) const = 0;
  /// The sample of that level, [N,...] as x0, for runs that start at call > 0. PNDM's call 1 then
  /// has nothing to mend and passes the sample on.
  torch::Tensor start_sample(const torch::Tensor& x0, const torch::Tensor& noise, int call) const;
  /// The model's input for the sample [N,...] of this call, shaped as it is.
  virtual torch::Tensor scale_model_input(const torch::Tensor& sample, int call) const;
  /// Whether step() needs noise at this call.
  virtual bool draws_noise(int call) const;

  /// The sample [N,...] of the next call. `noise`: standard normal, shaped as it; may be undefined
  /// where draws_noise is false, and is not read there. Differentiable.
  torch::Tensor step(const torch::Tensor& model_output,
                     int call,
                     const torch::Tensor& sample,
                     const torch::Tensor& noise = {});

 protected:
  explicit Scheduler(std::vector<double> timesteps, std::vector<double> sigmas = {});

 private:
  /// step() without its checks; all [N,...].
  virtual torch::Tensor advance(const torch::Tensor& model_output,
                                int call,
                                const torch::Tensor& sample,
                                const torch::Tensor& noise) = 0;
  /// Drops what earlier calls left.
  virtual void forget() {}

  std::vector<double> timesteps_;
  std::vector<double> sigmas_;
  int next_call_ = 0;
};

/// `steps`: [1, num_train_timesteps], for LCM at most original_inference_steps. `eta`, DDIM only,
/// [0, 1]: share of the noise of ancestral sampling that each step draws anew [Song 2021, Eq. 16].
/// Throws Error{kInput} for values outside, or for steps that the spacing cannot place.
std::unique_ptr<Scheduler> make_scheduler(const SchedulerConfig& config,
                                          int steps,
                                          double eta = 0.0);

// What follows serves make_scheduler: the two families, a file each, and what they share.
namespace internal {

std::unique_ptr<Scheduler> make_abar_scheduler(const SchedulerConfig& config,
                                               int steps,
                                               double eta);
std::unique_ptr<Scheduler> make_sigma_scheduler(const SchedulerConfig& config, int steps);

/// abar_t for every t, float32 values.
std::vector<double> abar_table(const SchedulerConfig& config);

/// Where timesteps are laid: `points` in [0, end), of which the `steps` largest are used.
struct TimestepGrid {
  int end = 0;
  int points = 0;
  int steps = 0;
};

/// Descending; whole except for kLinspace, which is left to the caller to round. Trailing timesteps
/// may be fewer than `steps` where `end` is not T.
std::vector<double> spaced_timesteps(const SchedulerConfig& config, const TimestepGrid& grid);

/// x0 [N,...] that the output for a sample of this level (signal^2 + noise^2 = 1) stands for.
torch::Tensor x0_from_output(PredictionType type,
                             const torch::Tensor& output,
                             const torch::Tensor& sample,
                             const Level& level);

}  // namespace internal
}  // namespace patina::diffusion
