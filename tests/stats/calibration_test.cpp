// SPDX-License-Identifier: Apache-2.0
// Under H0 every p-value function rejects at most as often as its alpha says, within binomial
// bounds: the number of rejections must not lie in the far tail (1e-5) of Binomial(repeats, alpha).
// Functions whose p-values are (nearly) uniform must not reject too rarely either. Fixed seeds.
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/rng.h"
#include "stats/binomial.h"
#include "stats/combine.h"
#include "stats/rank_tests.h"
#include "stats/score_comparison.h"
#include "stats/t_test.h"
#include "stats/two_sample.h"

namespace patina::stats {
namespace {

constexpr std::int64_t kRepeats = 20'000;
constexpr double kImplausible = 1e-5;

enum class Law { kConservative, kUniform };

struct CalibrationCase {
  std::string name;
  Law law;
  std::size_t n;
  std::size_t m;
  std::function<double(const std::vector<double>&, const std::vector<double>&)> p_value;
  bool coarse = false;  ///< Scores rounded to a grid, so that there are ties.
};

std::vector<double> draw(std::size_t size, bool coarse, core::Rng& rng) {
  std::vector<double> values(size);
  for (double& value : values) {
    value = coarse ? std::round(2.0 * rng.normal()) : rng.normal();
  }
  return values;
}

class Calibration : public ::testing::TestWithParam<CalibrationCase> {};

TEST_P(Calibration, RejectsAsOftenAsAlphaSaysWhenBothSamplesShareALaw) {
  const CalibrationCase& example = GetParam();
  core::Rng rng = core::Rng(20250318).fork(example.name);
  std::vector<double> p_values;
  for (std::int64_t repeat = 0; repeat < kRepeats; ++repeat) {
    const std::vector<double> first = draw(example.n, example.coarse, rng);
    const std::vector<double> second = draw(example.m, example.coarse, rng);
    p_values.push_back(example.p_value(first, second));
  }
  for (const double alpha : {0.2, 0.05, 0.01, 0.001}) {
    BinomialCount rejections = {0, kRepeats};
    for (const double p : p_values) {
      rejections.successes += p <= alpha ? 1 : 0;
    }
    EXPECT_GT(binomial_at_least(rejections, alpha).p_value, kImplausible)
        << rejections.successes << " rejections at " << alpha;
    if (example.law == Law::kUniform) {
      EXPECT_GT(binomial_at_most(rejections, alpha).p_value, kImplausible)
          << rejections.successes << " rejections at " << alpha;
    }
  }
}

CalibrationCase ks_case(const std::string& name,
                        Alternative alternative,
                        PValueMethod method,
                        bool coarse = false) {
  const auto p_value = [alternative, method](const std::vector<double>& x,
                                             const std::vector<double>& y) {
    KSOptions options;
    options.alternative = alternative;
    options.method = method;
    return ks_two_sample({x, y}, options).p_value;
  };
  return {name, Law::kConservative, 13, 31, p_value, coarse};
}

CalibrationCase mann_whitney_case(const std::string& name, RankMethod method, bool coarse = false) {
  const auto p_value = [method](const std::vector<double>& x, const std::vector<double>& y) {
    RankOptions options;
    options.alternative = Shift::kFirstSmaller;
    options.method = method;
    return mann_whitney({x, y}, options).p_value;
  };
  return {name, Law::kConservative, 15, 25, p_value, coarse};
}

CalibrationCase wilcoxon_case(const std::string& name, RankMethod method) {
  const auto p_value = [method](const std::vector<double>& x, const std::vector<double>& y) {
    std::vector<double> differences;
    for (std::size_t i = 0; i < x.size(); ++i) {
      differences.push_back(x[i] - y[i]);
    }
    RankOptions options;
    options.method = method;
    return wilcoxon_signed_rank(differences, options).p_value;
  };
  return {name, Law::kConservative, 25, 25, p_value, false};
}

// Each of eight independent p-values comes from its own slice of the samples.
CalibrationCase combination_case(Combination combination) {
  const auto p_value = [combination](const std::vector<double>& x, const std::vector<double>&) {
    std::vector<double> parts;
    for (const double value : x) {
      parts.push_back(0.5 * std::erfc(value / std::sqrt(2.0)));
    }
    return combine_p_values(parts, combination).p_value;
  };
  std::string name = std::string("combine_") + to_string(combination);
  for (char& letter : name) {
    letter = letter == '-' ? '_' : letter;
  }
  return {name, Law::kUniform, 8, 1, p_value, false};
}

CalibrationCase binomial_case() {
  const auto p_value = [](const std::vector<double>& x, const std::vector<double>&) {
    BinomialCount count = {0, static_cast<std::int64_t>(x.size())};
    for (const double value : x) {
      count.successes += value > 0.0 ? 1 : 0;
    }
    return binomial_at_least(count, 0.5).p_value;
  };
  return {"binomial", Law::kConservative, 128, 1, p_value, false};
}

CalibrationCase welch_case(Shift shift) {
  const auto p_value = [shift](const std::vector<double>& x, const std::vector<double>& y) {
    return welch_t_test({x, y}, shift).p_value;
  };
  return {shift == Shift::kDifferent ? "welch_two_sided" : "welch_smaller",
          Law::kUniform,
          20,
          30,
          p_value,
          false};
}

CalibrationCase audit_case() {
  const auto p_value = [](const std::vector<double>& x, const std::vector<double>& y) {
    return compare_scores({x, y}).tests.front().p_value;
  };
  return {"audit_primary_test", Law::kConservative, 12, 20, p_value, true};
}

INSTANTIATE_TEST_SUITE_P(
    PValues,
    Calibration,
    ::testing::Values(
        ks_case("ks_exact_greater", Alternative::kGreater, PValueMethod::kExact),
        ks_case("ks_exact_two_sided", Alternative::kTwoSided, PValueMethod::kExact),
        ks_case("ks_exact_ignoring_ties", Alternative::kGreater, PValueMethod::kExact, true),
        ks_case("ks_ties_greater", Alternative::kGreater, PValueMethod::kExactWithTies, true),
        ks_case("ks_ties_two_sided", Alternative::kTwoSided, PValueMethod::kExactWithTies, true),
        mann_whitney_case("mann_whitney_exact", RankMethod::kExact),
        mann_whitney_case("mann_whitney_normal", RankMethod::kApproximate),
        mann_whitney_case("mann_whitney_normal_ties", RankMethod::kApproximate, true),
        wilcoxon_case("wilcoxon_exact", RankMethod::kExact),
        wilcoxon_case("wilcoxon_normal", RankMethod::kApproximate),
        welch_case(Shift::kDifferent),
        welch_case(Shift::kFirstSmaller),
        combination_case(Combination::kFisher),
        combination_case(Combination::kPearson),
        combination_case(Combination::kStouffer),
        combination_case(Combination::kTippett),
        binomial_case(),
        audit_case()),
    [](const auto& case_info) { return case_info.param.name; });

// Approximations may err a little to either side: a rate within a tenth of alpha, at common levels.
struct ApproximateCase {
  std::string name;
  std::function<double(const std::vector<double>&, const std::vector<double>&)> p_value;
  double slack;
};

class ApproximateCalibration : public ::testing::TestWithParam<ApproximateCase> {};

TEST_P(ApproximateCalibration, RejectsCloseToAlpha) {
  core::Rng rng = core::Rng(20250319).fork(GetParam().name);
  constexpr std::int64_t kFewer = 6000;
  BinomialCount rejections = {0, kFewer};
  for (std::int64_t repeat = 0; repeat < kFewer; ++repeat) {
    const std::vector<double> first = draw(90, false, rng);
    const std::vector<double> second = draw(110, false, rng);
    rejections.successes += GetParam().p_value(first, second) <= 0.05 ? 1 : 0;
  }
  const double slack = GetParam().slack;
  EXPECT_GT(binomial_at_least(rejections, 0.05 * (1.0 + slack)).p_value, kImplausible)
      << rejections.successes;
  EXPECT_GT(binomial_at_most(rejections, 0.05 * (1.0 - slack)).p_value, kImplausible)
      << rejections.successes;
}

double ks_asymptotic(const std::vector<double>& x,
                     const std::vector<double>& y,
                     Alternative alternative) {
  KSOptions options;
  options.alternative = alternative;
  options.method = PValueMethod::kAsymptotic;
  return ks_two_sample({x, y}, options).p_value;
}

INSTANTIATE_TEST_SUITE_P(
    Approximations,
    ApproximateCalibration,
    ::testing::Values(ApproximateCase{"ks_asymptotic_two_sided",
                                      [](const auto& x, const auto& y) {
                                        return ks_asymptotic(x, y, Alternative::kTwoSided);
                                      },
                                      0.1},
                      ApproximateCase{"ks_asymptotic_greater",
                                      [](const auto& x, const auto& y) {
                                        return ks_asymptotic(x, y, Alternative::kGreater);
                                      },
                                      0.1},
                      ApproximateCase{
                          "mudholkar_george",
                          [](const auto& x, const auto&) {
                            std::vector<double> parts;
                            for (std::size_t i = 0; i < 8; ++i) {
                              parts.push_back(0.5 * std::erfc(x[i] / std::sqrt(2.0)));
                            }
                            return combine_p_values(parts, Combination::kMudholkarGeorge).p_value;
                          },
                          0.1}),
    [](const auto& case_info) { return case_info.param.name; });

}  // namespace
}  // namespace patina::stats
