// SPDX-License-Identifier: Apache-2.0
// Samplers and the noise schedule: against the diffusers library (cases are discovered in the set
// at hand), and by identities that hold for any schedule.
#include <cmath>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <torch/autograd.h>

#include "core/error.h"
#include "diffusion/schedulers/noise_schedule_torch.h"
#include "diffusion/schedulers/schedulers_torch.h"
#include "tests/diffusion/golden_cases.h"

namespace patina::diffusion {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const SchedulerKind kAllKinds[] = {SchedulerKind::kDDPM,
                                   SchedulerKind::kDDIM,
                                   SchedulerKind::kPNDM,
                                   SchedulerKind::kEuler,
                                   SchedulerKind::kEulerAncestral,
                                   SchedulerKind::kDPM2M,
                                   SchedulerKind::kDPM2MKarras,
                                   SchedulerKind::kLCM};
const SchedulerKind kDeterministicKinds[] = {SchedulerKind::kDDIM,
                                             SchedulerKind::kPNDM,
                                             SchedulerKind::kEuler,
                                             SchedulerKind::kDPM2M,
                                             SchedulerKind::kDPM2MKarras};

/// Stable Diffusion's betas, without clipping.
SchedulerConfig sample_config(SchedulerKind kind) {
  SchedulerConfig config = default_scheduler_config(kind);
  config.beta_start = 0.00085;
  config.beta_end = 0.012;
  config.beta_schedule = BetaSchedule::kScaledLinear;
  config.clip_sample = false;
  config.set_alpha_to_one = true;
  return config;
}

torch::Tensor random_tensor(std::int64_t seed) {
  torch::Generator generator = at::detail::createCPUGenerator(static_cast<std::uint64_t>(seed));
  return torch::randn({2, 4, 8, 8}, generator, torch::kFloat64);
}

double largest_difference(const torch::Tensor& actual, const torch::Tensor& expected) {
  return (actual.to(torch::kFloat64) - expected.to(torch::kFloat64)).abs().max().item<double>();
}

// ---- The library's values ----

/// "n5", "n10", ...
std::set<std::string> runs_of(const GoldenCase& golden) {
  std::set<std::string> runs;
  for (const std::string& name : golden.expected()) runs.insert(name.substr(0, name.find('.')));
  return runs;
}

SchedulerConfig config_of(const GoldenCase& golden) {
  nlohmann::json file = golden.entry().at("config");
  file["_class_name"] = golden.entry().at("scheduler_class");
  return scheduler_config_from_json(file, golden.id());
}

/// The closed-form model of the cases, a*x + b*sin(c*x + t/1000).
struct Model {
  double a = 0.0, b = 0.0, c = 0.0;
  torch::Tensor operator()(const torch::Tensor& x, double t) const {
    return a * x + b * torch::sin(c * x + t / 1000.0);
  }
};

Model model_of(const GoldenCase& golden) {
  const std::string how = golden.entry().at("how");
  std::smatch found;
  const std::regex form(R"(f\(x,t\) = ([0-9.]+)\*x \+ ([0-9.]+)\*sin\(([0-9.]+)\*x \+ t/1000\))");
  if (!std::regex_search(how, found, form)) throw std::runtime_error("no model in: " + how);
  return {std::stod(found[1]), std::stod(found[2]), std::stod(found[3])};
}

struct Trace {
  std::vector<torch::Tensor> latents, model_inputs;
  std::vector<std::int64_t> noise_used;
};

Trace run(Scheduler& scheduler,
          const Model& model,
          const torch::Tensor& z0,
          const torch::Tensor& noise) {
  Trace trace;
  trace.latents.push_back(z0 * scheduler.init_noise_sigma());
  for (int i = 0; i < scheduler.num_calls(); ++i) {
    trace.model_inputs.push_back(scheduler.scale_model_input(trace.latents.back(), i));
    if (scheduler.draws_noise(i)) trace.noise_used.push_back(i);
    const torch::Tensor output = model(trace.model_inputs.back(),
                                       scheduler.timesteps()[static_cast<std::size_t>(i)]);
    trace.latents.push_back(scheduler.step(
        output, i, trace.latents.back(), scheduler.draws_noise(i) ? noise[i] : torch::Tensor()));
  }
  return trace;
}

TEST(SchedulerGolden, RunsAreTheLibrarys) {
  const std::vector<GoldenCase> inputs = golden_cases("schedulers");
  if (inputs.empty()) GTEST_SKIP() << "no golden set diffusers";
  const torch::Tensor z0 = inputs.front().at("z0");
  const torch::Tensor noise = inputs.front().at("noise");
  for (const GoldenCase& golden : golden_cases("scheduler")) {
    for (const std::string& name : runs_of(golden)) {
      const int steps = std::stoi(name.substr(1));
      const auto scheduler = make_scheduler(
          config_of(golden), steps, golden.entry().value("eta", 0.0));
      const Trace trace = run(*scheduler, model_of(golden), z0, noise);
      const std::map<std::string, torch::Tensor> actual = {
          {".timesteps", torch::tensor(scheduler->timesteps(), torch::kFloat64)},
          {".init_noise_sigma", torch::tensor(scheduler->init_noise_sigma(), torch::kFloat64)},
          {".sigmas", torch::tensor(scheduler->sigmas(), torch::kFloat64)},
          {".latents", torch::stack(trace.latents)},
          {".model_inputs", torch::stack(trace.model_inputs)},
          {".noise_used", torch::tensor(trace.noise_used, torch::kInt64)}};
      for (const std::string& expected : golden.expected(name + ".")) {
        golden.expect(expected, actual.at(expected.substr(name.size())));
      }
      EXPECT_TRUE(golden.has(name + ".noise_used") || trace.noise_used.empty()) << golden.id();
    }
  }
}

TEST(SchedulerGolden, NoiseScheduleIsTheLibrarys) {
  const std::vector<GoldenCase> cases = golden_cases("schedulers");
  if (cases.empty()) GTEST_SKIP() << "no golden set diffusers";
  for (const GoldenCase& golden : cases) {
    SchedulerConfig config = sample_config(SchedulerKind::kDDIM);
    const NoiseSchedule schedule = make_noise_schedule(config);
    const torch::Tensor x0 = golden.at("x0");
    const torch::Tensor noise = golden.at("noise4");
    golden.expect("betas", make_betas(config));
    golden.expect("alphas_cumprod", schedule.alphas_cumprod);
    golden.expect("add_noise", add_noise(schedule, x0, noise, golden.at("t4")));
    golden.expect("velocity", velocity(schedule, x0, noise, golden.at("t4")));
    config.rescale_betas_zero_snr = true;
    golden.expect("alphas_cumprod_zero_snr", make_noise_schedule(config).alphas_cumprod);
  }
}

// ---- The noise schedule ----

TEST(NoiseSchedule, SquaredCosineFollowsItsFormula) {
  SchedulerConfig config = default_scheduler_config(SchedulerKind::kDDPM);
  config.beta_schedule = BetaSchedule::kSquaredCosine;
  const torch::Tensor abar = make_noise_schedule(config).alphas_cumprod.to(torch::kFloat64);
  const torch::Tensor t = torch::arange(1, 1001, torch::kFloat64) / 1000.0;
  const torch::Tensor curve = ((t + 0.008) / 1.008 * std::acos(-1.0) / 2.0).cos().square();
  const torch::Tensor expected = curve / std::pow(std::cos(0.008 / 1.008 * std::acos(-1.0) / 2), 2);
  EXPECT_LT(largest_difference(abar.slice(0, 0, 990), expected.slice(0, 0, 990)), 1e-5);
  EXPECT_NEAR(make_betas(config)[-1].item<double>(), 0.999, 1e-6);
}

TEST(NoiseSchedule, TrainedBetasStandForThemselves) {
  SchedulerConfig config = default_scheduler_config(SchedulerKind::kDDPM);
  config.num_train_timesteps = 3;
  config.trained_betas = {0.5, 0.25, 0.75};
  EXPECT_LT(largest_difference(make_noise_schedule(config).alphas_cumprod,
                               torch::tensor({0.5, 0.375, 0.09375})),
            1e-7);
}

TEST(NoiseSchedule, RescalingEndsInPureNoiseOrForSigmasJustBeforeIt) {
  SchedulerConfig config = sample_config(SchedulerKind::kDDIM);
  config.rescale_betas_zero_snr = true;
  const torch::Tensor plain =
      make_noise_schedule(sample_config(SchedulerKind::kDDIM)).alphas_cumprod;
  const torch::Tensor rescaled = make_noise_schedule(config).alphas_cumprod;
  EXPECT_EQ(rescaled[-1].item<double>(), 0.0);
  EXPECT_NEAR(rescaled[0].item<double>(), plain[0].item<double>(), 1e-6);
  config.kind = SchedulerKind::kEuler;
  EXPECT_EQ(make_noise_schedule(config).alphas_cumprod[-1].item<double>(), std::ldexp(1.0, -24));
}

TEST(NoiseSchedule, RefusesBetasThatCannotBeRescaled) {
  SchedulerConfig config = sample_config(SchedulerKind::kDDIM);
  config.rescale_betas_zero_snr = true;
  config.num_train_timesteps = 1;
  EXPECT_THROW(make_noise_schedule(config), core::Error);
}

class EveryPrediction : public ::testing::TestWithParam<PredictionType> {
 protected:
  NoiseSchedule schedule() const {
    NoiseSchedule schedule = make_noise_schedule(sample_config(SchedulerKind::kDDIM));
    schedule.prediction_type = GetParam();
    return schedule;
  }
};

TEST_P(EveryPrediction, OfAnExactModelGivesBackCleanSampleAndNoise) {
  const torch::Tensor x0 = random_tensor(1);
  const torch::Tensor noise = random_tensor(2);
  const torch::Tensor t = torch::tensor({3, 990}, torch::kInt64);
  const torch::Tensor x_t = add_noise(schedule(), x0, noise, t);
  const torch::Tensor exact = training_target(schedule(), x0, noise, t);
  EXPECT_LT(largest_difference(x0_from_prediction(schedule(), exact, x_t, t), x0), 1e-12);
  EXPECT_LT(largest_difference(epsilon_from_prediction(schedule(), exact, x_t, t), noise), 1e-12);
}

TEST_P(EveryPrediction, LetsGradientsThrough) {
  const torch::Tensor x0 = random_tensor(1).set_requires_grad(true);
  const torch::Tensor noise = random_tensor(2);
  const torch::Tensor t = torch::tensor({3, 990}, torch::kInt64);
  const NoiseSchedule now = schedule();
  const torch::Tensor x_t = add_noise(now, x0, noise, t);
  const torch::Tensor back = x0_from_prediction(now, training_target(now, x0, noise, t), x_t, t);
  const torch::Tensor slope = torch::autograd::grad({back.sum()}, {x0})[0];
  EXPECT_LT(largest_difference(slope, torch::ones_like(slope)), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Types,
                         EveryPrediction,
                         ::testing::Values(PredictionType::kEpsilon,
                                           PredictionType::kVelocity,
                                           PredictionType::kSample),
                         [](const auto& type) { return std::string(to_string(type.param)); });

TEST(NoiseSchedule, KeepsHalfPrecisionAndTakesOneTimestepForAll) {
  const NoiseSchedule schedule = make_noise_schedule(sample_config(SchedulerKind::kDDIM));
  const torch::Tensor x0 = random_tensor(1).to(torch::kBFloat16);
  const torch::Tensor x_t = add_noise(schedule, x0, x0, torch::tensor({500}, torch::kInt64));
  EXPECT_EQ(x_t.scalar_type(), torch::kBFloat16);
  EXPECT_EQ(x_t.sizes(), x0.sizes());
}

TEST(NoiseSchedule, RefusesTimestepsOfAnotherForm) {
  const NoiseSchedule schedule = make_noise_schedule(sample_config(SchedulerKind::kDDIM));
  const torch::Tensor x0 = random_tensor(1);
  EXPECT_THROW(add_noise(schedule, x0, x0, torch::tensor({1, 2, 3}, torch::kInt64)), core::Error);
  EXPECT_THROW(add_noise(schedule, x0, x0, torch::tensor({1.0, 2.0})), core::Error);
}

// ---- Samplers ----

/// Runs from call `first` with a model that knows the clean sample, so that its answer is exact.
torch::Tensor sample_exactly(Scheduler& scheduler,
                             PredictionType type,
                             const torch::Tensor& x0,
                             int first) {
  torch::Tensor x = scheduler.start_sample(x0, random_tensor(7), first);
  for (int i = first; i < scheduler.num_calls(); ++i) {
    const Level level = scheduler.level(i);
    const torch::Tensor eps = (x - level.signal * x0) / level.noise;
    const double norm = std::hypot(level.signal, level.noise);
    const torch::Tensor v = (level.signal * eps - level.noise * x0) / norm;
    const torch::Tensor output = type == PredictionType::kEpsilon    ? eps
                                 : type == PredictionType::kVelocity ? v
                                                                     : x0;
    x = scheduler.step(output, i, x, random_tensor(100 + i));
  }
  return x;
}

TEST(Scheduler, LeadsAnExactModelToTheCleanSampleFromAnyCall) {
  const torch::Tensor x0 = random_tensor(1);
  for (const SchedulerKind kind : kDeterministicKinds) {
    const auto scheduler = make_scheduler(sample_config(kind), 20);
    for (int first = 0; first < scheduler->num_calls(); ++first) {
      SCOPED_TRACE(std::string(to_string(kind)) + " from call " + std::to_string(first));
      const torch::Tensor x = sample_exactly(*scheduler, PredictionType::kEpsilon, x0, first);
      EXPECT_LT(largest_difference(x, x0), 1e-9);
    }
  }
}

TEST(Scheduler, LeadsAncestralSamplingToTheCleanSampleToo) {
  const torch::Tensor x0 = random_tensor(1);
  const auto ddpm = make_scheduler(sample_config(SchedulerKind::kDDPM), 20);
  EXPECT_LT(largest_difference(sample_exactly(*ddpm, PredictionType::kEpsilon, x0, 0), x0), 1e-9);
  const auto ddim = make_scheduler(sample_config(SchedulerKind::kDDIM), 20, 0.7);
  EXPECT_LT(largest_difference(sample_exactly(*ddim, PredictionType::kEpsilon, x0, 0), x0), 1e-9);
  const auto euler = make_scheduler(sample_config(SchedulerKind::kEulerAncestral), 20);
  EXPECT_LT(largest_difference(sample_exactly(*euler, PredictionType::kEpsilon, x0, 0), x0), 1e-9);
  const auto lcm = make_scheduler(sample_config(SchedulerKind::kLCM), 4);
  EXPECT_LT(largest_difference(sample_exactly(*lcm, PredictionType::kEpsilon, x0, 0), x0), 1e-4);
}

TEST(Scheduler, DoesNotCareHowTheModelPutsItsPrediction) {
  const torch::Tensor x0 = random_tensor(1);
  for (const SchedulerKind kind : kAllKinds) {
    if (kind == SchedulerKind::kPNDM) continue;  // Combines outputs before it converts them.
    for (const PredictionType type : {PredictionType::kVelocity, PredictionType::kSample}) {
      SCOPED_TRACE(std::string(to_string(kind)) + " " + to_string(type));
      SchedulerConfig config = sample_config(kind);
      const auto by_epsilon = make_scheduler(config, 10);
      config.prediction_type = type;
      const auto other = make_scheduler(config, 10);
      EXPECT_LT(largest_difference(sample_exactly(*other, type, x0, 0),
                                   sample_exactly(*by_epsilon, PredictionType::kEpsilon, x0, 0)),
                1e-9);
    }
  }
}

TEST(Scheduler, DDIMWithEtaOneIsDDPM) {
  const auto ddim = make_scheduler(sample_config(SchedulerKind::kDDIM), 25, 1.0);
  const auto ddpm = make_scheduler(sample_config(SchedulerKind::kDDPM), 25);
  const torch::Tensor x = random_tensor(1);
  for (int i = 0; i + 1 < ddim->num_calls(); ++i) {
    EXPECT_LT(largest_difference(ddim->step(random_tensor(2), i, x, random_tensor(3)),
                                 ddpm->step(random_tensor(2), i, x, random_tensor(3))),
              1e-9);
  }
}

// In samples divided by their signal, DDPM's steps are Euler's with fresh noise.
TEST(Scheduler, EulerAncestralIsDDIMWithEtaOne) {
  SchedulerConfig config = sample_config(SchedulerKind::kDDIM);
  config.timestep_spacing = TimestepSpacing::kTrailing;
  const auto ddim = make_scheduler(config, 25, 1.0);
  config.kind = SchedulerKind::kEulerAncestral;
  const auto euler = make_scheduler(config, 25);
  ASSERT_EQ(euler->timesteps(), ddim->timesteps());
  torch::Tensor x = random_tensor(1);
  for (int i = 0; i + 1 < ddim->num_calls(); ++i) {
    const torch::Tensor model = random_tensor(100 + i);
    const torch::Tensor noise = random_tensor(200 + i);
    ASSERT_TRUE(euler->draws_noise(i));
    const torch::Tensor next = ddim->step(model, i, x, noise);
    EXPECT_LT(largest_difference(euler->step(model, i, x / ddim->level(i).signal, noise),
                                 next / ddim->level(i + 1).signal),
              1e-5)
        << "call " << i;
    x = next;
  }
  EXPECT_FALSE(euler->draws_noise(24)) << "the last step ends without noise";
}

TEST(Scheduler, OneStepOfAnyDeterministicMethodIsTheSame) {
  const torch::Tensor noise = random_tensor(1);
  std::vector<torch::Tensor> results;
  for (const SchedulerKind kind :
       {SchedulerKind::kDDIM, SchedulerKind::kEuler, SchedulerKind::kDPM2M}) {
    SchedulerConfig config = sample_config(kind);
    config.timestep_spacing = TimestepSpacing::kTrailing;
    const auto scheduler = make_scheduler(config, 1);
    EXPECT_THAT(scheduler->timesteps(), ElementsAre(999.0));
    const torch::Tensor x = scheduler->start_sample(random_tensor(3), noise, 0);
    results.push_back(scheduler->step(random_tensor(2), 0, x));
  }
  EXPECT_LT(largest_difference(results[1], results[0]), 1e-4);
  EXPECT_LT(largest_difference(results[2], results[0]), 1e-4);
}

/// For Gaussian data of deviation 0.5 the best model is known and so is what the sampling ODE leads
/// to: the sample keeps its place in the distribution.
double error_on_gaussian_data(const SchedulerConfig& config, int steps) {
  const auto variance = [](const Level& level) {
    return 0.25 * level.signal * level.signal + level.noise * level.noise;
  };
  const auto scheduler = make_scheduler(config, steps);
  torch::Tensor x = torch::ones({1, 1}, torch::kFloat64);
  for (int i = 0; i < steps; ++i) {
    const Level level = scheduler->level(i);
    x = scheduler->step(level.noise / variance(level) * x, i, x);
  }
  const double last = scheduler->sigmas().back();
  const Level end = {1.0 / std::hypot(last, 1.0), last / std::hypot(last, 1.0)};
  const double exact = std::sqrt(variance(end) / variance(scheduler->level(0)));
  return std::abs(x.item<double>() - exact);
}

TEST(Scheduler, ErrorOfDPMSolverFallsByItsOrder) {
  struct Case {
    int order;
    SolverType solver;
    double least_gain, most_gain;  // Of twice the steps.
  };
  for (const Case& c : {Case{1, SolverType::kMidpoint, 1.8, 2.2},
                        Case{2, SolverType::kMidpoint, 3.5, 4.5},
                        Case{2, SolverType::kHeun, 3.5, 4.5}}) {
    SchedulerConfig config = sample_config(SchedulerKind::kDPM2MKarras);
    config.solver_order = c.order;
    config.solver_type = c.solver;
    config.final_sigma = FinalSigma::kSmallest;
    const double gain = error_on_gaussian_data(config, 80) / error_on_gaussian_data(config, 160);
    EXPECT_GT(gain, c.least_gain) << "order " << c.order;
    EXPECT_LT(gain, c.most_gain) << "order " << c.order;
  }
}

TEST(Scheduler, KarrasLevelsLieBetweenTheGivenEnds) {
  SchedulerConfig config = sample_config(SchedulerKind::kEuler);
  config.use_karras_sigmas = true;
  config.sigma_min = 0.1;
  config.sigma_max = 10.0;
  const auto scheduler = make_scheduler(config, 3);
  const double middle = std::pow((std::pow(0.1, 1 / 7.0) + std::pow(10.0, 1 / 7.0)) / 2.0, 7);
  EXPECT_THAT(
      scheduler->sigmas(),
      ElementsAre(DoubleNear(10.0, 1e-5), DoubleNear(middle, 1e-5), DoubleNear(0.1, 1e-5), 0.0));
}

TEST(Scheduler, MayBeUsedAgain) {
  const Model model{0.8, 0.3, 1.7};
  const torch::Tensor noise = torch::stack(std::vector<torch::Tensor>(20, random_tensor(5)));
  for (const SchedulerKind kind : kAllKinds) {
    const auto scheduler = make_scheduler(sample_config(kind), 10);
    const torch::Tensor once = run(*scheduler, model, random_tensor(1), noise).latents.back();
    const torch::Tensor again = run(*scheduler, model, random_tensor(1), noise).latents.back();
    EXPECT_TRUE(torch::equal(once, again)) << to_string(kind);
  }
}

TEST(Scheduler, PNDMTakesItsFirstStepTwice) {
  const auto scheduler = make_scheduler(sample_config(SchedulerKind::kPNDM), 4);
  EXPECT_THAT(scheduler->timesteps(), ElementsAre(750, 500, 500, 250, 0));
  EXPECT_THAT(make_scheduler(sample_config(SchedulerKind::kPNDM), 1)->timesteps(), ElementsAre(0));
}

TEST(Scheduler, ClipsTheCleanSampleWhereItSaysSo) {
  SchedulerConfig config = sample_config(SchedulerKind::kDDIM);
  config.clip_sample = true;
  config.clip_sample_range = 0.5;
  const auto scheduler = make_scheduler(config, 1);
  const torch::Tensor x = scheduler->step(
      torch::zeros({1, 4, 8, 8}), 0, random_tensor(1).slice(0, 0, 1));
  EXPECT_LE(x.abs().max().item<double>(), 0.5);
}

TEST(Scheduler, KeepsTheSamplesDtypeAndLetsGradientsThrough) {
  for (const SchedulerKind kind : kAllKinds) {
    const auto scheduler = make_scheduler(sample_config(kind), 5);
    const torch::Tensor half = random_tensor(1).to(torch::kBFloat16);
    EXPECT_EQ(scheduler->step(half, 0, half, half).scalar_type(), torch::kBFloat16);
    const torch::Tensor output = random_tensor(2).set_requires_grad(true);
    const torch::Tensor next = scheduler->step(output, 0, random_tensor(1), random_tensor(3));
    EXPECT_GT(torch::autograd::grad({next.sum()}, {output})[0].abs().min().item<double>(), 0.0)
        << to_string(kind);
  }
}

template <typename Act>
std::string input_error(Act&& act) {
  try {
    act();
  } catch (const core::Error& error) {
    return (error.kind() == core::ErrorKind::kInput ? "" : "not kInput: ") +
           std::string(error.what());
  }
  return "no error";
}

TEST(Scheduler, RefusesStepsThatTheModelCannotTake) {
  const auto error_for = [](SchedulerKind kind, int steps, double eta) {
    return input_error([&] { make_scheduler(sample_config(kind), steps, eta); });
  };
  EXPECT_EQ(error_for(SchedulerKind::kDDIM, 0, 0.0),
            "steps: 0 is not from 1 to 1000, the steps the model was trained with; choose a number "
            "in that range.");
  EXPECT_THAT(error_for(SchedulerKind::kEuler, 1001, 0.0), HasSubstr("1001 is not from 1 to 1000"));
  EXPECT_EQ(error_for(SchedulerKind::kLCM, 51, 0.0),
            "steps: 51 is not from 1 to 50, the steps LCM was distilled with; choose a number in "
            "that range.");
  EXPECT_EQ(error_for(SchedulerKind::kDPM2M, 1000, 0.0),
            "steps: 1000 for dpm++2m repeat a noise level of the model; use fewer steps.");
  EXPECT_EQ(error_for(SchedulerKind::kDDIM, 10, 1.5), "eta: 1.5 is not in [0, 1]; correct it.");
  EXPECT_EQ(error_for(SchedulerKind::kEuler, 10, 0.5),
            "eta: 0.5 has no meaning for euler; leave it out or use ddim.");
}

TEST(Scheduler, RefusesTimestepsBeyondTheModels) {
  SchedulerConfig config = sample_config(SchedulerKind::kDDIM);
  config.steps_offset = 1;
  EXPECT_EQ(input_error([&] { make_scheduler(config, 1000); }),
            "steps: 1000 with steps_offset 1 begin at timestep 1000, the model's last is 999; use "
            "fewer steps.");
}

TEST(Scheduler, RefusesAnEpsilonModelAtPureNoise) {
  SchedulerConfig config = sample_config(SchedulerKind::kDDIM);
  config.rescale_betas_zero_snr = true;
  config.timestep_spacing = TimestepSpacing::kTrailing;
  EXPECT_THAT(input_error([&] { make_scheduler(config, 10); }),
              HasSubstr("timestep 999 is pure noise"));
  config.prediction_type = PredictionType::kVelocity;
  EXPECT_EQ(input_error([&] { make_scheduler(config, 10); }), "no error");
}

TEST(Scheduler, RefusesALambdaThatLeavesNothing) {
  SchedulerConfig config = sample_config(SchedulerKind::kDPM2M);
  config.lambda_min_clipped = 100.0;
  EXPECT_THAT(input_error([&] { make_scheduler(config, 10); }),
              HasSubstr("lambda_min_clipped leaves no timestep"));
}

TEST(Scheduler, ReportsMisuse) {
  const auto scheduler = make_scheduler(sample_config(SchedulerKind::kDDPM), 10);
  const torch::Tensor x = random_tensor(1);
  EXPECT_THROW(scheduler->step(x, 10, x, x), core::Error);
  EXPECT_THROW(scheduler->step(x, -1, x, x), core::Error);
  EXPECT_THROW(scheduler->step(x, 0, x), core::Error);
  EXPECT_THROW(scheduler->step(x.slice(1, 0, 2), 0, x, x), core::Error);
}

}  // namespace
}  // namespace patina::diffusion
