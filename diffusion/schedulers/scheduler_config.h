// SPDX-License-Identifier: Apache-2.0
// What a model folder's scheduler_config.json says: the noise a model was trained with and how to
// sample from it. A missing key takes the default of its class in the diffusers library (0.30). An
// option that changes the arithmetic and is not built here is an error that names it. Entry points:
// scheduler_config_from_json; with_kind, for another sampler on the same model. LibTorch-free.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace patina::diffusion {

enum class SchedulerKind {
  kDDPM,            ///< Ancestral sampling [Ho 2020, Alg. 2].
  kDDIM,            ///< [Song 2021, Eq. 12].
  kPNDM,            ///< Linear multistep without Runge-Kutta warm-up [Liu 2022].
  kEuler,           ///< Euler steps in sigma [Karras 2022, Alg. 1, without its correction].
  kEulerAncestral,  ///< The same, with the noise of each step drawn anew, as DDPM does.
  kDPM2M,           ///< DPM-Solver++ [Lu 2022, Alg. 2].
  kDPM2MKarras,     ///< The same on the noise levels of [Karras 2022, Eq. 5].
  kLCM,             ///< Latent consistency models [Luo 2023, Alg. 3].
};

/// What the network's output stands for; x_t = sqrt(abar_t) x0 + sqrt(1 - abar_t) eps.
enum class PredictionType {
  kEpsilon,   ///< eps
  kVelocity,  ///< sqrt(abar_t) eps - sqrt(1 - abar_t) x0, "v_prediction" [Salimans 2022].
  kSample,    ///< x0
};

enum class BetaSchedule {
  kLinear,         ///< beta linear in t.
  kScaledLinear,   ///< sqrt(beta) linear in t: Stable Diffusion.
  kSquaredCosine,  ///< "squaredcos_cap_v2" [Nichol 2021, Eq. 17].
};

/// [Lin 2024, Table 2].
enum class TimestepSpacing { kLeading, kLinspace, kTrailing };

/// Variance of a DDPM step: beta-tilde (twice, differently rounded) or beta [Ho 2020, Sec. 3.2].
enum class VarianceType { kFixedSmall, kFixedSmallLog, kFixedLarge };

enum class SolverType { kMidpoint, kHeun };  ///< Second-order term of DPM-Solver++.
enum class FinalSigma { kZero, kSmallest };  ///< "zero" or "sigma_min": level after the last step.

/// Initialised as DDIMScheduler's defaults. Fields that a kind does not use are ignored by it.
struct SchedulerConfig {
  /// The sampler; says which of the fields below are read.
  SchedulerKind kind = SchedulerKind::kDDIM;

  // The model: what it was trained with.
  int num_train_timesteps = 1000;                      ///< T, [1, 100000]; timesteps are 0 to T-1.
  double beta_start = 0.0001;                          ///< [0, 1); not used with trained_betas.
  double beta_end = 0.02;                              ///< [0, 1).
  BetaSchedule beta_schedule = BetaSchedule::kLinear;  ///< Between the two.
  std::vector<double> trained_betas;  ///< T betas in [0, 1] in place of a schedule; usually empty.
  bool rescale_betas_zero_snr = false;  ///< Pure noise at T-1 [Lin 2024, Alg. 1]; not for PNDM.
  PredictionType prediction_type = PredictionType::kEpsilon;  ///< PNDM has no kSample.

  // The sampler.
  TimestepSpacing timestep_spacing = TimestepSpacing::kLeading;  ///< Not for LCM.
  int steps_offset = 0;            ///< [0, T): added to leading timesteps. Stable Diffusion has 1.
  bool set_alpha_to_one = true;    ///< DDIM, PNDM: the last step ends at abar = 1, else at abar_0.
  bool clip_sample = true;         ///< DDPM, DDIM, LCM: clamp x0 to [-r, r], r = clip_sample_range.
  double clip_sample_range = 1.0;  ///< > 0.
  VarianceType variance_type = VarianceType::kFixedSmall;  ///< DDPM.
  int solver_order = 2;                                    ///< DPM-Solver++: 1 or 2.
  SolverType solver_type = SolverType::kMidpoint;          ///< DPM-Solver++.
  bool lower_order_final = true;    ///< DPM-Solver++: first order at the last of under 15 steps.
  bool euler_at_final = false;      ///< DPM-Solver++: first order at the last step.
  bool use_karras_sigmas = false;   ///< Euler; DPM-Solver++ has a kind for it.
  std::optional<double> sigma_min;  ///< > 0: least of the Karras levels; else the schedule's own.
  std::optional<double> sigma_max;  ///< The greatest.
  FinalSigma final_sigma = FinalSigma::kZero;  ///< Euler, DPM-Solver++.
  /// DPM-Solver++: starts where log(alpha/sigma) reaches this; for the squared-cosine schedule.
  double lambda_min_clipped = -std::numeric_limits<double>::infinity();
  int original_inference_steps = 50;  ///< LCM: steps of its distillation, [1, T].
  double timestep_scaling = 10.0;     ///< LCM: > 0; larger: its output is nearer to pure x0.

  // Where it comes from.
  std::string where = "scheduler";  ///< The file, for messages.
  std::string source_json;          ///< Its text, which with_kind reads again; empty: made in code.
};

/// The library's defaults for a kind.
SchedulerConfig default_scheduler_config(SchedulerKind kind);

/// Reads the object of a scheduler_config.json; `where` names it in messages. Keys of other
/// schedulers and keys that begin with '_' are let pass. Throws Error{kInput} for malformed values,
/// Error{kUnsupported} for another class, an unknown key, or an option that is not built here.
SchedulerConfig scheduler_config_from_json(const nlohmann::json& json, const std::string& where);

/// Another sampler for the same model: keeps the fields under "The model" and takes the sampler's
/// from the file as far as it gives them, else the defaults of the new class. A PNDM whose file
/// does not give skip_prk_steps skips those steps, although the library's default is to take them:
/// they are not built here.
/// Sampler fields that were changed in code are lost; the same kind gives the config unchanged.
SchedulerConfig with_kind(const SchedulerConfig& config, SchedulerKind kind);

/// Throws Error{kInput}, or Error{kUnsupported} for a combination that is not built: field, value,
/// violated constraint.
void validate(const SchedulerConfig& config);

/// Names for the command line: "ddpm", "ddim", "pndm", "euler", "euler-ancestral", "dpm++2m",
/// "dpm++2m-karras", "lcm".
const char* to_string(SchedulerKind kind);
std::vector<std::string> scheduler_names();
/// Throws Error{kUsage} listing the names.
SchedulerKind scheduler_kind_from_name(const std::string& name);

/// "epsilon", "v_prediction" or "sample".
const char* to_string(PredictionType type);

}  // namespace patina::diffusion
