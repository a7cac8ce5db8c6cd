// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/numbers.h"
#include "report/verify/verify_steps.h"

namespace patina::report {
namespace {

using core::exact_text;

// Differences that another compiler or maths library may cause.
constexpr double kRelativeTolerance = 1e-9;
constexpr double kPValueFloor = 1e-300;
constexpr double kFloor = 1e-9;

bool agree(double claimed, double found, double floor) {
  if (!std::isfinite(claimed) || !std::isfinite(found)) {
    return std::isfinite(claimed) == std::isfinite(found);
  }
  const double larger = std::max(std::fabs(claimed), std::fabs(found));
  return std::fabs(claimed - found) <= std::max(floor, kRelativeTolerance * larger);
}

struct Claim {
  std::string what;
  double claimed;
  double found;
  double floor = kFloor;
};

void check(const Claim& claim, Findings& findings) {
  if (agree(claim.claimed, claim.found, claim.floor)) return;
  findings.add(claim.what, core::exact_text(claim.claimed), core::exact_text(claim.found));
}

std::string decision_word(bool rejected) { return rejected ? "H0 rejected" : "H0 not rejected"; }

void check_test(const stats::NamedTest& claimed,
                const stats::NamedTest& found,
                Findings& findings) {
  ++findings.result().tests_recomputed;
  findings.compare("name of test " + found.name, claimed.name, found.name);
  findings.compare("role of " + found.name,
                   claimed.primary ? "primary" : "companion",
                   found.primary ? "primary" : "companion");
  findings.compare("alternative of " + found.name, claimed.alternative, found.alternative);
  findings.compare("method of " + found.name, claimed.method, found.method);
  check({"statistic of " + found.name, claimed.statistic, found.statistic}, findings);
  check({"p-value of " + found.name, claimed.p_value, found.p_value, kPValueFloor}, findings);
  check({"log10 p-value of " + found.name, claimed.log10_p_value, found.log10_p_value}, findings);
  findings.compare(
      "decision of " + found.name, decision_word(claimed.rejected), decision_word(found.rejected));
}

void check_interval(const std::string& what,
                    const stats::Interval& claimed,
                    const stats::Interval& found,
                    Findings& findings) {
  check({"lower end of " + what, claimed.low, found.low}, findings);
  check({"upper end of " + what, claimed.high, found.high}, findings);
}

void check_effect(const stats::EffectSize& claimed,
                  const stats::EffectSize& found,
                  Findings& findings) {
  check({"superiority", claimed.superiority, found.superiority}, findings);
  check({"median suspect score", claimed.median_suspect, found.median_suspect}, findings);
  check({"median benign score", claimed.median_benign, found.median_benign}, findings);
  check({"Hodges-Lehmann shift", claimed.hodges_lehmann_shift, found.hodges_lehmann_shift},
        findings);
  check(
      {"share of suspect images inside", claimed.share_inside_suspect, found.share_inside_suspect},
      findings);
  check({"share of benign images inside", claimed.share_inside_benign, found.share_inside_benign},
        findings);
  check_interval("superiority", claimed.superiority_interval, found.superiority_interval, findings);
  check_interval("share of suspect images inside",
                 claimed.share_inside_suspect_interval,
                 found.share_inside_suspect_interval,
                 findings);
  check_interval("share of benign images inside",
                 claimed.share_inside_benign_interval,
                 found.share_inside_benign_interval,
                 findings);
}

std::vector<double> scores_of(const SampleSet& set) {
  std::vector<double> scores;
  scores.reserve(set.samples.size());
  for (const ScoredSample& sample : set.samples) scores.push_back(sample.score);
  return scores;
}

}  // namespace

void check_statistics(const Evidence& evidence, Findings& findings) {
  check({"radius of the key in score units",
         evidence.options.radius_score,
         evidence.key.extractor.method.radius_score},
        findings);
  const stats::ScoreComparison& claimed = evidence.comparison;
  stats::ScoreComparison found;
  try {
    found = stats::compare_scores(
        {scores_of(evidence.suspect), scores_of(evidence.benign), evidence.key_terms},
        evidence.options);
  } catch (const core::Error& error) {
    findings.add("tests", std::to_string(claimed.tests.size()) + " tests", error.what());
    return;
  }
  findings.compare(
      "protocol", stats::facts_of(claimed.protocol).name, stats::facts_of(found.protocol).name);
  findings.compare(
      "number of tests", std::to_string(claimed.tests.size()), std::to_string(found.tests.size()));
  const std::size_t both = std::min(claimed.tests.size(), found.tests.size());
  for (std::size_t i = 0; i < both; ++i) check_test(claimed.tests[i], found.tests[i], findings);
  check_effect(claimed.effect, found.effect, findings);
  check({"smallest possible p-value",
         claimed.smallest_possible_p,
         found.smallest_possible_p,
         kPValueFloor},
        findings);
  const Verdict verdict = make_verdict(found,
                                       evidence.options,
                                       static_cast<std::int64_t>(evidence.suspect.samples.size()),
                                       static_cast<std::int64_t>(evidence.benign.samples.size()));
  findings.compare(
      "verdict", stats::to_string(evidence.verdict.decision), stats::to_string(verdict.decision));
  findings.compare("verdict headline", evidence.verdict.headline, verdict.headline);
  findings.compare("verdict explanation", evidence.verdict.explanation, verdict.explanation);
}

void check_wording(const Evidence& evidence, Findings& findings) {
  const stats::Protocol protocol = evidence.comparison.protocol;
  findings.compare(
      "null hypothesis", evidence.null_hypothesis, stats::facts_of(protocol).null_hypothesis);
  for (const std::string& limit : standing_limits(protocol)) {
    const bool stated = std::find(evidence.limits.begin(), evidence.limits.end(), limit) !=
                        evidence.limits.end();
    if (!stated)
      findings.add("limit \"" + limit + "\"", "not stated", "a standing limit of the method");
  }
}

}  // namespace patina::report
