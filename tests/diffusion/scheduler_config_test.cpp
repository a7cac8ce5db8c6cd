// SPDX-License-Identifier: Apache-2.0
#include "diffusion/schedulers/scheduler_config.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace patina::diffusion {
namespace {

using core::ErrorKind;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// As published with Stable Diffusion 1.5.
const char* const kStableDiffusion15 = R"({
  "_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0",
  "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
  "clip_sample": false, "num_train_timesteps": 1000, "set_alpha_to_one": false,
  "skip_prk_steps": true, "steps_offset": 1, "trained_betas": null})";

// As published with Stable Diffusion 2.1.
const char* const kStableDiffusion21 = R"({
  "_class_name": "DDIMScheduler", "_diffusers_version": "0.8.0",
  "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
  "clip_sample": false, "num_train_timesteps": 1000, "prediction_type": "v_prediction",
  "set_alpha_to_one": false, "skip_prk_steps": true, "steps_offset": 1, "trained_betas": null})";

SchedulerConfig read(const json& file) { return scheduler_config_from_json(file, "s.json"); }
SchedulerConfig read(const char* text) { return read(json::parse(text)); }

/// The file of a class with one key more.
json file_with(const std::string& class_name, const std::string& key, const json& value) {
  return {{"_class_name", class_name}, {key, value}};
}

template <typename Act>
core::Error error_of(Act&& act) {
  try {
    act();
  } catch (const core::Error& error) {
    return error;
  }
  throw std::logic_error("expected an Error, none was thrown");
}

TEST(SchedulerConfig, ReadsStableDiffusion15) {
  const SchedulerConfig config = read(kStableDiffusion15);
  EXPECT_EQ(config.kind, SchedulerKind::kPNDM);
  EXPECT_EQ(config.beta_schedule, BetaSchedule::kScaledLinear);
  EXPECT_EQ(config.beta_start, 0.00085);
  EXPECT_EQ(config.beta_end, 0.012);
  EXPECT_EQ(config.steps_offset, 1);
  EXPECT_FALSE(config.set_alpha_to_one);
  EXPECT_EQ(config.prediction_type, PredictionType::kEpsilon);
  EXPECT_EQ(config.timestep_spacing, TimestepSpacing::kLeading);
}

TEST(SchedulerConfig, ReadsStableDiffusion21WithItsLeftoverKeys) {
  const SchedulerConfig config = read(kStableDiffusion21);
  EXPECT_EQ(config.kind, SchedulerKind::kDDIM);
  EXPECT_EQ(config.prediction_type, PredictionType::kVelocity);
  EXPECT_FALSE(config.clip_sample);
}

TEST(SchedulerConfig, MissingKeysTakeTheDefaultsOfTheClass) {
  const SchedulerConfig ddpm = read(R"({"_class_name": "DDPMScheduler"})");
  EXPECT_EQ(ddpm.num_train_timesteps, 1000);
  EXPECT_EQ(ddpm.beta_start, 0.0001);
  EXPECT_EQ(ddpm.beta_end, 0.02);
  EXPECT_EQ(ddpm.beta_schedule, BetaSchedule::kLinear);
  EXPECT_EQ(ddpm.variance_type, VarianceType::kFixedSmall);
  EXPECT_TRUE(ddpm.clip_sample);
  EXPECT_EQ(ddpm.steps_offset, 0);
  const SchedulerConfig ddim = read(R"({"_class_name": "DDIMScheduler"})");
  EXPECT_TRUE(ddim.clip_sample);
  EXPECT_TRUE(ddim.set_alpha_to_one);
  EXPECT_EQ(ddim.timestep_spacing, TimestepSpacing::kLeading);
  EXPECT_FALSE(default_scheduler_config(SchedulerKind::kPNDM).set_alpha_to_one);
  const SchedulerConfig euler = read(R"({"_class_name": "EulerDiscreteScheduler"})");
  EXPECT_EQ(euler.timestep_spacing, TimestepSpacing::kLinspace);
  EXPECT_FALSE(euler.use_karras_sigmas);
  EXPECT_EQ(euler.final_sigma, FinalSigma::kZero);
}

TEST(SchedulerConfig, MissingKeysTakeTheDefaultsOfTheNewerClasses) {
  const SchedulerConfig dpm = read(R"({"_class_name": "DPMSolverMultistepScheduler"})");
  EXPECT_EQ(dpm.kind, SchedulerKind::kDPM2M);
  EXPECT_EQ(dpm.timestep_spacing, TimestepSpacing::kLinspace);
  EXPECT_EQ(dpm.solver_order, 2);
  EXPECT_EQ(dpm.solver_type, SolverType::kMidpoint);
  EXPECT_TRUE(dpm.lower_order_final);
  EXPECT_FALSE(dpm.euler_at_final);
  const SchedulerConfig lcm = read(R"({"_class_name": "LCMScheduler"})");
  EXPECT_EQ(lcm.beta_start, 0.00085);
  EXPECT_EQ(lcm.beta_end, 0.012);
  EXPECT_EQ(lcm.beta_schedule, BetaSchedule::kScaledLinear);
  EXPECT_FALSE(lcm.clip_sample);
  EXPECT_EQ(lcm.original_inference_steps, 50);
  EXPECT_EQ(lcm.timestep_scaling, 10.0);
}

TEST(SchedulerConfig, KarrasSigmasMakeDPMSolverAKindOfItsOwn) {
  const json file = file_with("DPMSolverMultistepScheduler", "use_karras_sigmas", true);
  EXPECT_EQ(read(file).kind, SchedulerKind::kDPM2MKarras);
}

TEST(SchedulerConfig, NegativeInfinityMayStandAsText) {
  for (const char* text : {"-inf", "-Infinity"}) {
    const json file = file_with("DPMSolverMultistepScheduler", "lambda_min_clipped", text);
    EXPECT_LT(read(file).lambda_min_clipped, -1e300);
  }
  const json file = file_with("DPMSolverMultistepScheduler", "lambda_min_clipped", -5.1);
  EXPECT_EQ(read(file).lambda_min_clipped, -5.1);
}

TEST(SchedulerConfig, NamesAnUnknownClassAndListsTheKnownOnes) {
  const core::Error error = error_of([] { read(R"({"_class_name": "UniPCMultistepScheduler"})"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_STREQ(error.what(),
               "s.json, \"_class_name\": scheduler \"UniPCMultistepScheduler\" is not supported; "
               "use one of DDPMScheduler, DDIMScheduler, PNDMScheduler, EulerDiscreteScheduler, "
               "EulerAncestralDiscreteScheduler, DPMSolverMultistepScheduler, LCMScheduler.");
}

TEST(SchedulerConfig, NamesEveryUnknownKey) {
  json file = file_with("DDIMScheduler", "sigma_churn", 0.1);
  file["beta_begin"] = 0.2;
  const core::Error error = error_of([&file] { read(file); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("s.json"), HasSubstr("beta_begin"), HasSubstr("sigma_churn")));
}

struct Refused {
  const char* class_name;
  const char* key;
  json value;
  ErrorKind kind;
};

void PrintTo(const Refused& refused, std::ostream* out) {
  *out << refused.class_name << " " << refused.key << " " << refused.value.dump();
}

class SchedulerConfigRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(SchedulerConfigRefuses, NamingFileAndKey) {
  const Refused& refused = GetParam();
  const core::Error error = error_of(
      [&] { read(file_with(refused.class_name, refused.key, refused.value)); });
  EXPECT_EQ(error.kind(), refused.kind) << error.what();
  EXPECT_THAT(error.what(), AllOf(HasSubstr("s.json"), HasSubstr(refused.key)));
  EXPECT_FALSE(error.todo().empty());
}

constexpr ErrorKind kUnsupported = ErrorKind::kUnsupported;
constexpr ErrorKind kInput = ErrorKind::kInput;
const char* const kDPM = "DPMSolverMultistepScheduler";
const char* const kEuler = "EulerDiscreteScheduler";

INSTANTIATE_TEST_SUITE_P(
    Options,
    SchedulerConfigRefuses,
    ::testing::Values(Refused{"PNDMScheduler", "skip_prk_steps", false, kUnsupported},
                      Refused{"PNDMScheduler", "skip_prk_steps", nullptr, kUnsupported},
                      Refused{"DDIMScheduler", "thresholding", true, kUnsupported},
                      Refused{"DDIMScheduler", "beta_schedule", "sigmoid", kUnsupported},
                      Refused{"DDIMScheduler", "prediction_type", "flow", kUnsupported},
                      Refused{"DDIMScheduler", "timestep_spacing", "even", kUnsupported},
                      Refused{"DDPMScheduler", "variance_type", "learned_range", kUnsupported},
                      Refused{kEuler, "timestep_type", "continuous", kUnsupported},
                      Refused{kEuler, "interpolation_type", "log_linear", kUnsupported},
                      Refused{kEuler, "use_beta_sigmas", true, kUnsupported},
                      Refused{kEuler, "final_sigmas_type", "one", kUnsupported},
                      Refused{kDPM, "algorithm_type", "sde-dpmsolver++", kUnsupported},
                      Refused{kDPM, "use_lu_lambdas", true, kUnsupported},
                      Refused{kDPM, "use_flow_sigmas", true, kUnsupported},
                      Refused{kDPM, "variance_type", "learned", kUnsupported},
                      Refused{kDPM, "solver_order", 3, kUnsupported},
                      Refused{kDPM, "solver_type", "bh2", kUnsupported},
                      Refused{"LCMScheduler", "thresholding", true, kUnsupported}));

INSTANTIATE_TEST_SUITE_P(
    Values,
    SchedulerConfigRefuses,
    ::testing::Values(Refused{"DDIMScheduler", "num_train_timesteps", 0, kInput},
                      Refused{"DDIMScheduler", "num_train_timesteps", 2000000000, kInput},
                      Refused{"DDIMScheduler", "num_train_timesteps", 10.5, kInput},
                      Refused{"DDIMScheduler", "beta_start", "small", kInput},
                      Refused{"DDIMScheduler", "beta_start", -0.1, kInput},
                      Refused{"DDIMScheduler", "beta_end", 1.0, kInput},
                      Refused{"DDIMScheduler", "beta_schedule", 3, kInput},
                      Refused{"DDIMScheduler", "beta_schedule", "", kUnsupported},
                      Refused{"DDIMScheduler", "trained_betas", {0.1, 0.2}, kInput},
                      Refused{"DDIMScheduler", "trained_betas", {0.1, "x"}, kInput},
                      Refused{"DDIMScheduler", "clip_sample", 1, kInput},
                      Refused{"DDIMScheduler", "clip_sample_range", 0.0, kInput},
                      Refused{"DDIMScheduler", "steps_offset", -1, kInput},
                      Refused{"DDIMScheduler", "steps_offset", 1000, kInput},
                      Refused{kEuler, "sigma_min", 0.0, kInput},
                      Refused{kDPM, "solver_order", 0, kInput},
                      Refused{"LCMScheduler", "original_inference_steps", 1001, kInput},
                      Refused{"LCMScheduler", "timestep_scaling", 0, kInput}));

TEST(SchedulerConfig, RefusesWhatIsNoObjectOrNamesNoClass) {
  EXPECT_EQ(error_of([] { read("[1, 2]"); }).kind(), ErrorKind::kInput);
  EXPECT_THAT(error_of([] { read("{}"); }).what(), HasSubstr("no scheduler class is given"));
  EXPECT_THAT(error_of([] { read(R"({"_class_name": 7})"); }).what(),
              HasSubstr("no scheduler class is given"));
}

TEST(SchedulerConfig, RefusesTrainedBetasOutsideTheUnitRange) {
  json file = file_with("DDIMScheduler", "trained_betas", {0.1, 1.5});
  file["num_train_timesteps"] = 2;
  EXPECT_STREQ(error_of([&file] { read(file); }).what(),
               "s.json: trained_betas holds 1.5 which is not in [0, 1]; correct it.");
  file["trained_betas"] = {0.1, 0.5};
  EXPECT_THAT(read(file).trained_betas, ElementsAre(0.1, 0.5));
}

TEST(SchedulerConfig, IgnoresUnsupportedOptionsOfOtherClasses) {
  json file = json::parse(kStableDiffusion21);
  file["variance_type"] = "learned_range";
  file["solver_order"] = 3;
  file["skip_prk_steps"] = false;
  EXPECT_EQ(read(file).kind, SchedulerKind::kDDIM);
  EXPECT_EQ(error_of([&] { with_kind(read(file), SchedulerKind::kDDPM); }).kind(), kUnsupported);
  EXPECT_EQ(error_of([&] { with_kind(read(file), SchedulerKind::kDPM2M); }).kind(), kUnsupported);
  EXPECT_EQ(error_of([&] { with_kind(read(file), SchedulerKind::kPNDM); }).kind(), kUnsupported);
}

TEST(WithKind, KeepsTheModelAndTakesTheNewClassDefaults) {
  const SchedulerConfig euler = with_kind(read(kStableDiffusion15), SchedulerKind::kEuler);
  EXPECT_EQ(euler.kind, SchedulerKind::kEuler);
  EXPECT_EQ(euler.beta_start, 0.00085);
  EXPECT_EQ(euler.beta_schedule, BetaSchedule::kScaledLinear);
  EXPECT_EQ(euler.timestep_spacing, TimestepSpacing::kLinspace);
  EXPECT_EQ(euler.steps_offset, 1);
  EXPECT_EQ(with_kind(read(kStableDiffusion21), SchedulerKind::kDPM2MKarras).prediction_type,
            PredictionType::kVelocity);
}

TEST(WithKind, KeepsWhatTheFileGives) {
  json file = json::parse(kStableDiffusion21);
  file["timestep_spacing"] = "trailing";
  file["rescale_betas_zero_snr"] = true;
  const SchedulerConfig pndm = with_kind(read(file), SchedulerKind::kPNDM);
  EXPECT_FALSE(pndm.rescale_betas_zero_snr);  // The class has no such option.
  const SchedulerConfig euler = with_kind(pndm, SchedulerKind::kEuler);
  EXPECT_EQ(euler.timestep_spacing, TimestepSpacing::kTrailing);
  EXPECT_TRUE(euler.rescale_betas_zero_snr);
}

TEST(WithKind, KeepsBetasThatOnlyTheOldClassHasByDefault) {
  const SchedulerConfig ddim = with_kind(read(R"({"_class_name": "LCMScheduler"})"),
                                         SchedulerKind::kDDIM);
  EXPECT_EQ(ddim.beta_start, 0.00085);
  EXPECT_EQ(ddim.beta_schedule, BetaSchedule::kScaledLinear);
  EXPECT_TRUE(ddim.clip_sample);
}

TEST(WithKind, ChoosesBetweenKarrasAndPlainLevelsWhateverTheFileSays) {
  const SchedulerConfig karras = read(file_with(kDPM, "use_karras_sigmas", true));
  EXPECT_EQ(with_kind(karras, SchedulerKind::kDPM2M).kind, SchedulerKind::kDPM2M);
  EXPECT_TRUE(with_kind(karras, SchedulerKind::kEuler).use_karras_sigmas);
}

TEST(WithKind, TakesPNDMWithoutRungeKuttaWhereTheFileSaysNothing) {
  const SchedulerConfig ddim = read(R"({"_class_name": "DDIMScheduler"})");
  EXPECT_EQ(with_kind(ddim, SchedulerKind::kPNDM).kind, SchedulerKind::kPNDM);
}

TEST(WithKind, WorksOnConfigurationsMadeInCode) {
  SchedulerConfig config = default_scheduler_config(SchedulerKind::kDDIM);
  config.num_train_timesteps = 10;
  EXPECT_EQ(with_kind(config, SchedulerKind::kEuler).num_train_timesteps, 10);
}

TEST(SchedulerKind, EveryNameIsReadBack) {
  for (const std::string& name : scheduler_names()) {
    const SchedulerKind kind = scheduler_kind_from_name(name);
    EXPECT_EQ(to_string(kind), name);
    EXPECT_NO_THROW(validate(default_scheduler_config(kind)));
  }
  EXPECT_THAT(
      scheduler_names(),
      ElementsAre(
          "ddpm", "ddim", "pndm", "euler", "euler-ancestral", "dpm++2m", "dpm++2m-karras", "lcm"));
}

TEST(SchedulerKind, NamesAnUnknownSchedulerAndListsTheKnownOnes) {
  const core::Error error = error_of([] { scheduler_kind_from_name("heun"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_STREQ(error.what(),
               "--scheduler: is \"heun\"; give one of ddpm, ddim, pndm, euler, euler-ancestral, "
               "dpm++2m, dpm++2m-karras, lcm.");
}

}  // namespace
}  // namespace patina::diffusion
