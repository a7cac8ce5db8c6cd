// SPDX-License-Identifier: Apache-2.0
// Against SciPy 1.10, statsmodels 0.13 and exact rational arithmetic. Cases, columns and keys are
// discovered in the set at hand; see tests/golden/golden_set.h for where it is looked for.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stats/binomial.h"
#include "stats/combine.h"
#include "stats/rank_tests.h"
#include "stats/t_test.h"
#include "stats/two_sample.h"
#include "tests/golden/golden_set.h"
#include "tests/stats/matching_digits.h"

namespace patina::stats {
namespace {

using golden::doubles;
using golden::groups;
using nlohmann::json;

constexpr double kExactDigits = 10.0;
constexpr double kDigits = 9.0;

// A tensor of rows with the named columns of its description.
struct Table {
  std::vector<std::map<std::string, double>> rows;
};

class StatsGolden : public ::testing::Test {
 protected:
  void SetUp() override {
    set_ = golden::open_golden_set("siren");
    if (!set_ || !set_->has("stats.safetensors") || !set_->has("stats.json")) {
      GTEST_SKIP() << "no golden set with stats.safetensors and stats.json";
    }
    RecordProperty("golden_set", set_->folder().string());
    tensors_ = set_->file("stats.safetensors");
    results_ = set_->json("stats.json");
  }

  std::vector<double> tensor(const std::string& name) const { return doubles(*tensors_, name); }

  Table table(const std::string& name) const {
    const json columns = set_->index()["files"]["stats.safetensors"][name + " columns"];
    const std::vector<double> values = tensor(name);
    Table table;
    for (std::size_t i = 0; i + columns.size() <= values.size(); i += columns.size()) {
      std::map<std::string, double> row;
      for (std::size_t column = 0; column < columns.size(); ++column) {
        row[columns[column].get<std::string>()] = values[i + column];
      }
      table.rows.push_back(row);
    }
    return table;
  }

  // Name of the sample group of a result, zero-padded as in the file.
  std::string group_of(const std::string& prefix, const json& result) const {
    for (const std::string& group : groups(*tensors_, prefix)) {
      if (std::stol(group) == result["id"].get<long>()) {
        return prefix + group;
      }
    }
    ADD_FAILURE() << "no samples " << prefix << result["id"];
    return {};
  }

  std::optional<golden::GoldenSet> set_;
  std::optional<core::SafetensorsFile> tensors_;
  json results_;
};

void expect_digits(double actual, double expected, double digits) {
  EXPECT_GE(matching_digits(actual, expected), digits)
      << std::scientific << "actual " << actual << ", expected " << expected;
}

const std::map<std::string, Alternative> kAlternatives = {{"two", Alternative::kTwoSided},
                                                          {"greater", Alternative::kGreater},
                                                          {"less", Alternative::kLess}};

const std::map<std::string, Shift> kShifts = {{"two-sided", Shift::kDifferent},
                                              {"less", Shift::kFirstSmaller},
                                              {"greater", Shift::kFirstLarger}};

KSResult ks(const TwoSamples& samples, Alternative alternative, PValueMethod method) {
  KSOptions options;
  options.alternative = alternative;
  options.method = method;
  return ks_two_sample(samples, options);
}

// Beyond 140 SciPy itself is approximate: Miller's tail from n d^2 = 2.2 on, and the expansion of
// Pelz and Good below, "at least 5 digits" [Simard 2011].
double asymptotic_digits(const KSStatistic& sizes, Alternative alternative) {
  const double effective = static_cast<double>(sizes.n) * static_cast<double>(sizes.m) /
                           static_cast<double>(sizes.n + sizes.m);
  const double scaled_square = effective * sizes.two_sided() * sizes.two_sided();
  const bool scipy_approximates = effective > 140.0 && scaled_square < 5.0;
  return alternative == Alternative::kTwoSided && scipy_approximates ? 5.0 : kDigits;
}

TEST_F(StatsGolden, KolmogorovSmirnovAgreesWithLatticeCountsAndSciPy) {
  const Table results = table("ks/results");
  const std::vector<std::string> cases = groups(*tensors_, "ks/");
  ASSERT_FALSE(cases.empty());
  ASSERT_EQ(cases.size(), results.rows.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE("ks/" + cases[i]);
    const std::vector<double> x = tensor("ks/" + cases[i] + "/x");
    const std::vector<double> y = tensor("ks/" + cases[i] + "/y");
    const TwoSamples samples = {x, y};
    const std::map<std::string, double>& row = results.rows[i];
    const KSStatistic sizes = ks_statistic(samples);
    // The column says how the samples were drawn: coarse grids may still give distinct values.
    EXPECT_TRUE(!sizes.has_ties || row.at("ties") != 0.0);
    for (const auto& [name, alternative] : kAlternatives) {
      SCOPED_TRACE(name);
      const KSResult exact = ks(samples, alternative, PValueMethod::kExact);
      expect_digits(exact.statistic, row.at("D_" + name), 12.0);
      expect_digits(exact.p_value, row.at("p_int_" + name), kExactDigits);
      expect_digits(exact.p_value, row.at("p_exact_" + name), kExactDigits);
      expect_digits(std::pow(10.0, exact.log10_p_value), row.at("p_int_" + name), kExactDigits);
      expect_digits(ks(samples, alternative, PValueMethod::kExactWithTies).p_value,
                    row.at("p_tie_" + name),
                    kExactDigits);
      expect_digits(ks(samples, alternative, PValueMethod::kAuto).p_value,
                    row.at("p_tie_" + name),
                    kExactDigits);
      expect_digits(ks(samples, alternative, PValueMethod::kAsymptotic).p_value,
                    row.at("p_asymp_" + name),
                    asymptotic_digits(sizes, alternative));
    }
  }
}

TEST_F(StatsGolden, CriticalValuesAgree) {
  const std::vector<double> rows = tensor("ks/critical_c_alpha");
  for (std::size_t i = 0; i + 3 <= rows.size(); i += 3) {
    SCOPED_TRACE(rows[i]);
    expect_digits(ks_critical_value(2, 2, rows[i]), rows[i + 1], 14.0);
  }
}

TEST_F(StatsGolden, CompleteSeparationHasTheSmallestP) {
  const std::vector<double> rows = tensor("ks/smallest_one_sided_p");
  for (std::size_t i = 0; i + 3 <= rows.size(); i += 3) {
    const std::int64_t n = std::llround(rows[i]);
    const std::int64_t m = std::llround(rows[i + 1]);
    SCOPED_TRACE(std::to_string(n) + " and " + std::to_string(m));
    expect_digits(ks_exact_p_value(n, m, n * m, Alternative::kGreater), rows[i + 2], 13.0);
  }
}

std::vector<double> picked(const std::vector<double>& values,
                           const std::vector<double>& indices,
                           std::size_t begin,
                           std::size_t count) {
  std::vector<double> chosen;
  for (std::size_t i = begin; i < begin + count; ++i) {
    chosen.push_back(values.at(static_cast<std::size_t>(indices.at(i))));
  }
  return chosen;
}

TEST_F(StatsGolden, VerificationRunOfThePublishedScriptIsReproduced) {
  const std::vector<double> coated = tensor("verify/coated_scores");
  const std::vector<double> clean_index = tensor("verify/clean_index");
  const std::vector<double> clean = picked(
      tensor("verify/clean_scores"), clean_index, 0, clean_index.size());
  const std::vector<double> coated_index = tensor("verify/coated_index");
  const std::vector<double> expected = tensor("verify/p_values");
  ASSERT_FALSE(expected.empty());
  const std::size_t size = coated_index.size() / expected.size();
  std::vector<double> p_values;
  for (std::size_t repeat = 0; repeat < expected.size(); ++repeat) {
    SCOPED_TRACE("repeat " + std::to_string(repeat));
    const std::vector<double> suspect = picked(coated, coated_index, repeat * size, size);
    p_values.push_back(ks({suspect, clean}, Alternative::kGreater, PValueMethod::kExact).p_value);
    expect_digits(p_values.back(), expected[repeat], kExactDigits);
  }
  const std::vector<double> thresholds = tensor("verify/thresholds");
  const std::vector<double> fractions = tensor("verify/fraction_below");
  for (std::size_t i = 0; i < thresholds.size(); ++i) {
    const auto below = std::count_if(
        p_values.begin(), p_values.end(), [&](double p) { return p < thresholds[i]; });
    EXPECT_EQ(static_cast<double>(below) / static_cast<double>(p_values.size()), fractions[i]);
  }
}

TEST_F(StatsGolden, MannWhitneyAgreesWithSciPy) {
  ASSERT_FALSE(results_["two_sample"].empty());
  for (const json& result : results_["two_sample"]) {
    const std::string group = group_of("two_sample/", result);
    const std::vector<double> x = tensor(group + "/x");
    const std::vector<double> y = tensor(group + "/y");
    for (const auto& [name, shift] : kShifts) {
      for (const std::string form : {"mwu_", "mwu_nocc_", "mwu_exact_"}) {
        if (!result.contains(form + name)) {
          continue;
        }
        SCOPED_TRACE(group + " " + form + name);
        RankOptions options;
        options.alternative = shift;
        options.method = form == "mwu_exact_" ? RankMethod::kExact : RankMethod::kApproximate;
        options.continuity_correction = form == "mwu_";
        const RankTestResult actual = mann_whitney({x, y}, options);
        expect_digits(actual.statistic, result[form + name][0].get<double>(), 14.0);
        expect_digits(actual.p_value,
                      result[form + name][1].get<double>(),
                      form == "mwu_exact_" ? kExactDigits : kDigits);
      }
    }
  }
}

TEST_F(StatsGolden, WelchAgreesWithSciPy) {
  for (const json& result : results_["two_sample"]) {
    const std::string group = group_of("two_sample/", result);
    const std::vector<double> x = tensor(group + "/x");
    const std::vector<double> y = tensor(group + "/y");
    for (const auto& [name, shift] : kShifts) {
      SCOPED_TRACE(group + " " + name);
      const WelchResult actual = welch_t_test({x, y}, shift);
      expect_digits(actual.statistic, result["welch_" + name][0].get<double>(), kDigits);
      expect_digits(actual.degrees_of_freedom, result["welch_df"].get<double>(), kDigits);
      expect_digits(actual.p_value, result["welch_" + name][1].get<double>(), kDigits);
    }
  }
}

TEST_F(StatsGolden, WilcoxonAgreesWithSciPy) {
  for (const json& result : results_["wilcoxon"]) {
    const std::string group = group_of("wilcoxon/", result);
    const std::vector<double> differences = tensor(group + "/d");
    for (const auto& [name, shift] : kShifts) {
      for (const std::string form : {"approx_", "approx_cc_", "exact_"}) {
        if (!result.contains(form + name)) {
          continue;
        }
        SCOPED_TRACE(group + " " + form + name);
        RankOptions options;
        options.alternative = shift;
        options.method = form == "exact_" ? RankMethod::kExact : RankMethod::kApproximate;
        options.continuity_correction = form == "approx_cc_";
        const RankTestResult actual = wilcoxon_signed_rank(differences, options);
        expect_digits(actual.statistic, result[form + name][0].get<double>(), 14.0);
        expect_digits(actual.p_value,
                      result[form + name][1].get<double>(),
                      form == "exact_" ? kExactDigits : kDigits);
      }
    }
  }
}

TEST_F(StatsGolden, CombinedPValuesAgreeWithSciPy) {
  const std::map<std::string, Combination> combinations = {
      {"fisher", Combination::kFisher},
      {"pearson", Combination::kPearson},
      {"stouffer", Combination::kStouffer},
      {"tippett", Combination::kTippett},
      {"mudholkar_george", Combination::kMudholkarGeorge}};
  for (const json& result : results_["combine"]) {
    const std::string group = group_of("combine/", result);
    const std::vector<double> p = tensor(group + "/p");
    for (const auto& [name, combination] : combinations) {
      SCOPED_TRACE(group + " " + name);
      const TestResult actual = combine_p_values(p, combination);
      expect_digits(actual.statistic, result[name][0].get<double>(), kDigits);
      expect_digits(actual.p_value, result[name][1].get<double>(), kDigits);
    }
    const TestResult weighted = combine_weighted(p, tensor(group + "/w"));
    expect_digits(weighted.statistic, result["stouffer_weighted"][0].get<double>(), kDigits);
    expect_digits(weighted.p_value, result["stouffer_weighted"][1].get<double>(), kDigits);
  }
}

TEST_F(StatsGolden, AdjustedPValuesAgreeWithStatsmodels) {
  const std::map<std::string, Correction> corrections = {
      {"bonferroni", Correction::kBonferroni},
      {"holm", Correction::kHolm},
      {"hommel", Correction::kHommel},
      {"simes-hochberg", Correction::kHochberg},
      {"fdr_bh", Correction::kBenjaminiHochberg},
      {"fdr_by", Correction::kBenjaminiYekutieli}};
  for (const json& result : results_["combine"]) {
    const std::string group = group_of("combine/", result);
    const std::vector<double> p = tensor(group + "/p");
    for (const auto& [name, correction] : corrections) {
      SCOPED_TRACE(group + " " + name);
      const std::vector<double> actual = adjusted_p_values(p, correction);
      const std::vector<double> expected = result[name].get<std::vector<double>>();
      ASSERT_EQ(actual.size(), expected.size());
      for (std::size_t i = 0; i < actual.size(); ++i) {
        expect_digits(actual[i], expected[i], 12.0);
      }
    }
  }
}

TEST_F(StatsGolden, BinomialTailsAgreeWithRationalsAndSciPy) {
  const std::vector<double> rows = tensor("binomial");
  for (std::size_t i = 0; i + 6 <= rows.size(); i += 6) {
    const BinomialCount count = {std::llround(rows[i + 2]), std::llround(rows[i])};
    SCOPED_TRACE(std::to_string(count.successes) + " of " + std::to_string(count.trials));
    const TailProbability upper = binomial_at_least(count, rows[i + 1]);
    if (rows[i + 4] >= 0.0) {
      expect_digits(upper.p_value, rows[i + 4], 12.0);
    }
    // SciPy's incomplete beta function loses digits far in the tail of many trials.
    expect_digits(upper.p_value, rows[i + 3], kDigits);
    expect_digits(binomial_at_most(count, rows[i + 1]).p_value, rows[i + 5], kDigits);
  }
}

}  // namespace
}  // namespace patina::stats
