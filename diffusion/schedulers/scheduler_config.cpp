// SPDX-License-Identifier: Apache-2.0
#include "diffusion/schedulers/scheduler_config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "core/names.h"
#include "core/text.h"
#include "diffusion/files/config_reader.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using internal::ConfigReader;
using nlohmann::json;

namespace {

constexpr int kMostTrainTimesteps = 100'000;

struct KindNames {
  SchedulerKind value;
  const char* name;
  const char* class_name;  // In the files; the first row of a class is its kind there.
};

constexpr std::array<KindNames, 8> kKinds = {{
    {SchedulerKind::kDDPM, "ddpm", "DDPMScheduler"},
    {SchedulerKind::kDDIM, "ddim", "DDIMScheduler"},
    {SchedulerKind::kPNDM, "pndm", "PNDMScheduler"},
    {SchedulerKind::kEuler, "euler", "EulerDiscreteScheduler"},
    {SchedulerKind::kEulerAncestral, "euler-ancestral", "EulerAncestralDiscreteScheduler"},
    {SchedulerKind::kDPM2M, "dpm++2m", "DPMSolverMultistepScheduler"},
    {SchedulerKind::kDPM2MKarras, "dpm++2m-karras", "DPMSolverMultistepScheduler"},
    {SchedulerKind::kLCM, "lcm", "LCMScheduler"},
}};

// Every key that the files of the supported classes may hold, up to diffusers 0.36.
const std::vector<const char*>& known_keys() {
  static const std::vector<const char*> kKeys = {"num_train_timesteps",
                                                 "beta_start",
                                                 "beta_end",
                                                 "beta_schedule",
                                                 "trained_betas",
                                                 "rescale_betas_zero_snr",
                                                 "prediction_type",
                                                 "timestep_spacing",
                                                 "steps_offset",
                                                 "set_alpha_to_one",
                                                 "clip_sample",
                                                 "clip_sample_range",
                                                 "thresholding",
                                                 "dynamic_thresholding_ratio",
                                                 "sample_max_value",
                                                 "variance_type",
                                                 "skip_prk_steps",
                                                 "interpolation_type",
                                                 "timestep_type",
                                                 "use_karras_sigmas",
                                                 "use_exponential_sigmas",
                                                 "use_beta_sigmas",
                                                 "use_flow_sigmas",
                                                 "flow_shift",
                                                 "use_dynamic_shifting",
                                                 "time_shift_type",
                                                 "sigma_min",
                                                 "sigma_max",
                                                 "final_sigmas_type",
                                                 "solver_order",
                                                 "algorithm_type",
                                                 "solver_type",
                                                 "lower_order_final",
                                                 "euler_at_final",
                                                 "use_lu_lambdas",
                                                 "lambda_min_clipped",
                                                 "original_inference_steps",
                                                 "timestep_scaling"};
  return kKeys;
}

bool is_dpm(SchedulerKind kind) {
  return kind == SchedulerKind::kDPM2M || kind == SchedulerKind::kDPM2MKarras;
}

bool has_sigmas(SchedulerKind kind) {
  return is_dpm(kind) || kind == SchedulerKind::kEuler || kind == SchedulerKind::kEulerAncestral;
}

template <typename Value>
using Words = std::vector<std::pair<const char*, Value>>;

/// The value that a key's word stands for.
template <typename Value>
void read_word(ConfigReader& reader,
               const std::string& where,
               const char* key,
               const Words<Value>& words,
               Value& field) {
  const auto now = std::find_if(
      words.begin(), words.end(), [&](const auto& entry) { return entry.second == field; });
  const std::string word = reader.word(key, now->first);
  std::vector<std::string> known;
  for (const auto& [name, value] : words) {
    if (word == name) {
      field = value;
      return;
    }
    known.emplace_back(name);
  }
  throw Error(ErrorKind::kUnsupported,
              where + ", \"" + key + "\"",
              core::in_quotes(word) + " is not supported",
              "use " + core::join(known));
}

int small_integer(ConfigReader& reader, const char* key, int fallback, int least, int most) {
  return static_cast<int>(reader.integer(key, fallback, least, most));
}

std::vector<double> read_trained_betas(const ConfigReader& reader, const json& file) {
  const auto found = file.find("trained_betas");
  if (found == file.end() || found->is_null()) return {};
  const bool is_list = found->is_array() &&
                       found->size() <= static_cast<std::size_t>(kMostTrainTimesteps) &&
                       std::all_of(found->begin(), found->end(), [](const json& beta) {
                         return beta.is_number();
                       });
  if (!is_list) reader.refuse("trained_betas", "is not a list of numbers");
  return found->get<std::vector<double>>();
}

/// JSON has no infinity: it stands there as a string, or not at all.
double read_lambda_min(ConfigReader& reader, const json& file, double fallback) {
  const auto found = file.find("lambda_min_clipped");
  const bool is_infinite = found != file.end() &&
                           (*found == json("-inf") || *found == json("-Infinity"));
  return is_infinite ? fallback : reader.number("lambda_min_clipped", fallback);
}

std::optional<double> read_optional(ConfigReader& reader, const json& file, const char* key) {
  const auto found = file.find(key);
  if (found == file.end() || found->is_null()) return std::nullopt;
  return reader.number(key, 0.0);
}

void read_model(ConfigReader& reader, const json& file, SchedulerConfig& c) {
  c.num_train_timesteps = small_integer(
      reader, "num_train_timesteps", c.num_train_timesteps, 1, kMostTrainTimesteps);
  c.beta_start = reader.number("beta_start", c.beta_start);
  c.beta_end = reader.number("beta_end", c.beta_end);
  c.trained_betas = read_trained_betas(reader, file);
  read_word<BetaSchedule>(reader,
                          c.where,
                          "beta_schedule",
                          {{"linear", BetaSchedule::kLinear},
                           {"scaled_linear", BetaSchedule::kScaledLinear},
                           {"squaredcos_cap_v2", BetaSchedule::kSquaredCosine}},
                          c.beta_schedule);
  read_word<PredictionType>(reader,
                            c.where,
                            "prediction_type",
                            {{"epsilon", PredictionType::kEpsilon},
                             {"v_prediction", PredictionType::kVelocity},
                             {"sample", PredictionType::kSample}},
                            c.prediction_type);
  if (c.kind != SchedulerKind::kPNDM) {
    c.rescale_betas_zero_snr = reader.flag("rescale_betas_zero_snr", c.rescale_betas_zero_snr);
  }
}

void read_abar_sampler(ConfigReader& reader, SchedulerConfig& c) {
  c.set_alpha_to_one = reader.flag("set_alpha_to_one", c.set_alpha_to_one);
  if (c.kind == SchedulerKind::kPNDM) return;
  reader.must_be("thresholding", false);
  c.clip_sample = reader.flag("clip_sample", c.clip_sample);
  c.clip_sample_range = reader.number("clip_sample_range", c.clip_sample_range);
  if (c.kind == SchedulerKind::kDDPM) {
    read_word<VarianceType>(reader,
                            c.where,
                            "variance_type",
                            {{"fixed_small", VarianceType::kFixedSmall},
                             {"fixed_small_log", VarianceType::kFixedSmallLog},
                             {"fixed_large", VarianceType::kFixedLarge}},
                            c.variance_type);
  }
  if (c.kind == SchedulerKind::kLCM) {
    c.original_inference_steps = small_integer(
        reader, "original_inference_steps", c.original_inference_steps, 1, kMostTrainTimesteps);
    c.timestep_scaling = reader.number("timestep_scaling", c.timestep_scaling);
  }
}

void read_sigma_sampler(ConfigReader& reader, const json& file, SchedulerConfig& c) {
  for (const char* key : {"use_exponential_sigmas", "use_beta_sigmas"}) reader.must_be(key, false);
  c.use_karras_sigmas = reader.flag("use_karras_sigmas", c.use_karras_sigmas);
  c.sigma_min = read_optional(reader, file, "sigma_min");
  c.sigma_max = read_optional(reader, file, "sigma_max");
  read_word<FinalSigma>(reader,
                        c.where,
                        "final_sigmas_type",
                        {{"zero", FinalSigma::kZero}, {"sigma_min", FinalSigma::kSmallest}},
                        c.final_sigma);
  if (!is_dpm(c.kind)) {
    reader.must_be("interpolation_type", "linear");
    reader.must_be("timestep_type", "discrete");
    return;
  }
  for (const char* key :
       {"thresholding", "use_lu_lambdas", "use_flow_sigmas", "use_dynamic_shifting"}) {
    reader.must_be(key, false);
  }
  reader.must_be("algorithm_type", "dpmsolver++");
  reader.must_be("variance_type", nullptr);
  c.solver_order = small_integer(reader, "solver_order", c.solver_order, 1, 3);
  read_word<SolverType>(reader,
                        c.where,
                        "solver_type",
                        {{"midpoint", SolverType::kMidpoint}, {"heun", SolverType::kHeun}},
                        c.solver_type);
  c.lower_order_final = reader.flag("lower_order_final", c.lower_order_final);
  c.euler_at_final = reader.flag("euler_at_final", c.euler_at_final);
  c.lambda_min_clipped = read_lambda_min(reader, file, c.lambda_min_clipped);
}

SchedulerConfig read(const json& file, const std::string& where, SchedulerKind kind) {
  ConfigReader reader(file, where);
  SchedulerConfig config = default_scheduler_config(kind);
  config.where = where;
  config.source_json = core::dump_json(file);
  read_model(reader, file, config);
  read_word<TimestepSpacing>(reader,
                             where,
                             "timestep_spacing",
                             {{"leading", TimestepSpacing::kLeading},
                              {"linspace", TimestepSpacing::kLinspace},
                              {"trailing", TimestepSpacing::kTrailing}},
                             config.timestep_spacing);
  config.steps_offset = small_integer(
      reader, "steps_offset", config.steps_offset, 0, kMostTrainTimesteps);
  if (has_sigmas(kind)) {
    read_sigma_sampler(reader, file, config);
  } else {
    read_abar_sampler(reader, config);
  }
  reader.ignore(known_keys());
  reader.finish();
  return config;
}

bool skips_prk_steps(const json& file, bool fallback) {
  const auto found = file.find("skip_prk_steps");
  return found == file.end() || found->is_null() ? fallback : *found == json(true);
}

void require_skipped_prk_steps(const json& file, const std::string& where, bool fallback) {
  if (skips_prk_steps(file, fallback)) return;
  throw Error(ErrorKind::kUnsupported,
              where + ", \"skip_prk_steps\"",
              "PNDM with Runge-Kutta steps (false, the default) is not supported",
              "set it to true or choose another scheduler");
}

SchedulerKind kind_of_class(const json& file, const std::string& where) {
  const auto found = file.find("_class_name");
  const std::string name = found != file.end() && found->is_string() ? found->get<std::string>()
                                                                     : std::string();
  std::vector<std::string> known;
  for (const KindNames& names : kKinds) {
    if (name == names.class_name) return names.value;
    if (known.empty() || known.back() != names.class_name) known.emplace_back(names.class_name);
  }
  throw Error(ErrorKind::kUnsupported,
              where + ", \"_class_name\"",
              name.empty() ? "no scheduler class is given"
                           : "scheduler " + core::in_quotes(name) + " is not supported",
              "use one of " + core::join(known));
}

[[noreturn]] void refuse(const SchedulerConfig& config,
                         ErrorKind kind,
                         const std::string& field_and_value,
                         const std::string& constraint) {
  throw Error(kind, config.where, field_and_value + " " + constraint, "correct it");
}

void require_range(const SchedulerConfig& config,
                   const char* field,
                   double value,
                   bool holds,
                   const char* constraint) {
  if (holds) return;
  std::ostringstream text;
  text << field << " " << value;
  refuse(config, ErrorKind::kInput, text.str(), constraint);
}

void validate_betas(const SchedulerConfig& c) {
  const auto in_unit = [](double beta) { return beta >= 0.0 && beta < 1.0; };
  require_range(c, "beta_start", c.beta_start, in_unit(c.beta_start), "is not in [0, 1)");
  require_range(c, "beta_end", c.beta_end, in_unit(c.beta_end), "is not in [0, 1)");
  for (const double beta : c.trained_betas) {
    require_range(
        c, "trained_betas holds", beta, beta >= 0.0 && beta <= 1.0, "which is not in [0, 1]");
  }
  if (!c.trained_betas.empty() &&
      c.trained_betas.size() != static_cast<std::size_t>(c.num_train_timesteps)) {
    refuse(c,
           ErrorKind::kInput,
           "trained_betas has " + std::to_string(c.trained_betas.size()) + " values,",
           "num_train_timesteps is " + std::to_string(c.num_train_timesteps));
  }
}

}  // namespace

SchedulerConfig default_scheduler_config(SchedulerKind kind) {
  SchedulerConfig config;
  config.kind = kind;
  if (has_sigmas(kind)) config.timestep_spacing = TimestepSpacing::kLinspace;
  if (kind == SchedulerKind::kPNDM) config.set_alpha_to_one = false;
  if (kind == SchedulerKind::kLCM) {
    config.beta_start = 0.00085;
    config.beta_end = 0.012;
    config.beta_schedule = BetaSchedule::kScaledLinear;
    config.clip_sample = false;
  }
  return config;
}

SchedulerConfig scheduler_config_from_json(const json& file, const std::string& where) {
  const ConfigReader object_check(file, where);
  const SchedulerKind kind = kind_of_class(file, where);
  SchedulerConfig config = read(file, where, kind);
  if (kind == SchedulerKind::kPNDM) require_skipped_prk_steps(file, where, false);
  if (is_dpm(kind) && config.use_karras_sigmas) config.kind = SchedulerKind::kDPM2MKarras;
  validate(config);
  return config;
}

SchedulerConfig with_kind(const SchedulerConfig& config, SchedulerKind kind) {
  if (config.kind == kind) return config;
  SchedulerConfig changed = default_scheduler_config(kind);
  if (!config.source_json.empty()) {
    const json file = core::parse_json(config.source_json, config.where);
    changed = read(file, config.where, kind);
    if (kind == SchedulerKind::kPNDM) require_skipped_prk_steps(file, config.where, true);
  }
  changed.where = config.where;
  changed.num_train_timesteps = config.num_train_timesteps;
  changed.beta_start = config.beta_start;
  changed.beta_end = config.beta_end;
  changed.beta_schedule = config.beta_schedule;
  changed.trained_betas = config.trained_betas;
  changed.prediction_type = config.prediction_type;
  const bool has_none = kind == SchedulerKind::kPNDM || config.kind == SchedulerKind::kPNDM;
  if (!has_none) changed.rescale_betas_zero_snr = config.rescale_betas_zero_snr;
  validate(changed);
  return changed;
}

void validate(const SchedulerConfig& c) {
  const auto require = [&c](const char* field, double value, bool holds, const char* constraint) {
    require_range(c, field, value, holds, constraint);
  };
  const int steps = c.num_train_timesteps;
  require("num_train_timesteps",
          steps,
          steps >= 1 && steps <= kMostTrainTimesteps,
          "is not from 1 to 100000");
  validate_betas(c);
  require("steps_offset",
          c.steps_offset,
          c.steps_offset >= 0 && c.steps_offset < steps,
          "is not from 0 to num_train_timesteps - 1");
  require("clip_sample_range", c.clip_sample_range, c.clip_sample_range > 0, "is not above 0");
  require("timestep_scaling", c.timestep_scaling, c.timestep_scaling > 0, "is not above 0");
  require("sigma_min", c.sigma_min.value_or(1.0), c.sigma_min.value_or(1.0) > 0, "is not above 0");
  require("sigma_max", c.sigma_max.value_or(1.0), c.sigma_max.value_or(1.0) > 0, "is not above 0");
  if (c.kind == SchedulerKind::kLCM) {
    require("original_inference_steps",
            c.original_inference_steps,
            c.original_inference_steps >= 1 && c.original_inference_steps <= steps,
            "is not from 1 to num_train_timesteps");
  }
  if (is_dpm(c.kind) && c.solver_order != 1 && c.solver_order != 2) {
    refuse(c,
           ErrorKind::kUnsupported,
           "solver_order " + std::to_string(c.solver_order),
           "is not supported, only 1 and 2");
  }
  if (c.kind == SchedulerKind::kPNDM && c.prediction_type == PredictionType::kSample) {
    refuse(c, ErrorKind::kUnsupported, "prediction_type sample", "is not supported by PNDM");
  }
}

const char* to_string(SchedulerKind kind) { return core::name_of(kKinds, kind); }

std::vector<std::string> scheduler_names() { return core::names_of(kKinds); }

SchedulerKind scheduler_kind_from_name(const std::string& name) {
  return core::value_of(kKinds, name, "--scheduler");
}

const char* to_string(PredictionType type) {
  if (type == PredictionType::kVelocity) return "v_prediction";
  return type == PredictionType::kSample ? "sample" : "epsilon";
}

}  // namespace patina::diffusion
