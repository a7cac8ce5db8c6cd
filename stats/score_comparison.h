// SPDX-License-Identifier: Apache-2.0
// What an audit computes from two lists of coating scores: the primary test, which the protocol
// names, its companions, the effect size with intervals. analyzer fills evidence from it and
// report's verify recomputes it. Entry point: compare_scores.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "stats/interval.h"
#include "stats/protocol.h"

namespace patina::stats {

/// Coating scores; smaller means more like a coated image.
struct ScoreSamples {
  std::vector<double> suspect;
  std::vector<double> benign;
  /// Mean key terms of the suspect's images, for key_signs_test(); empty for a key without signs.
  std::vector<double> key_terms = {};
};

struct ComparisonOptions {
  /// Reject H0 when the primary p-value is below alpha; (0,1). The false-positive rate of one test
  /// under H0 (independent scores of one law).
  double alpha = 1e-6;
  /// Hypersphere radius in score units (score of a feature at distance R); NaN = no share is
  /// computed.
  double radius_score = std::numeric_limits<double>::quiet_NaN();
  double confidence = 0.95;  ///< Confidence level of every interval, (0,1). Larger widens them.
};

struct NamedTest {
  std::string name;         ///< "Kolmogorov-Smirnov, one-sided", "Mann-Whitney U", ...
  bool primary = false;     ///< Exactly one test decides.
  std::string alternative;  ///< Plain sentence: "suspect scores are smaller".
  std::string method;       ///< "exact", "exact-ties", "asymptotic", ...
  double statistic = 0.0;
  double p_value = 1.0;
  double log10_p_value = 0.0;
  bool rejected = false;  ///< p_value < alpha.
};

struct EffectSize {
  /// P(suspect score < benign score) + P(equal)/2; 0.5 = no difference, 1 = complete separation.
  double superiority = 0.5;
  /// DeLong on the logit scale; at superiority 0 or 1 the Clopper-Pearson interval of min(sizes)
  /// draws.
  Interval superiority_interval;
  double median_suspect = 0.0;
  double median_benign = 0.0;
  /// Median of all suspect-minus-benign differences [Hodges 1963].
  double hodges_lehmann_shift = 0.0;
  /// Share of scores inside the hypersphere, with Wilson intervals; NaN without a radius.
  double share_inside_suspect = 0.0;
  Interval share_inside_suspect_interval;
  double share_inside_benign = 0.0;
  Interval share_inside_benign_interval;
};

struct ScoreComparison {
  Protocol protocol = Protocol::kScores;
  std::vector<NamedTest> tests;  ///< Primary first.
  EffectSize effect;
  /// Smallest p-value that the primary test can give at these sizes, or with these signs; if above
  /// alpha the audit cannot find evidence however strong the signal.
  double smallest_possible_p = 1.0;
  bool rejected = false;  ///< Whether the primary test rejects H0.
};

/// The test called `name`. Throws Error{kInternal} if there is none.
const NamedTest& test_called(const ScoreComparison& comparison, const std::string& name);

/// Runs the deciding test of the protocol, which is primary, and its companions: Kolmogorov-Smirnov
/// one-sided [Siren 2025, Eq. 8; exact, given ties] and two-sided, Mann-Whitney U one-sided, Welch t
/// one-sided; the last is left out where it is not defined, see t_test.h. Scores at the radius count
/// as inside. Throws Error{kInput} if a sample is empty or not finite, or alpha or confidence is
/// outside (0,1).
ScoreComparison compare_scores(const ScoreSamples& samples, const ComparisonOptions& options = {});

}  // namespace patina::stats
