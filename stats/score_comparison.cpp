// SPDX-License-Identifier: Apache-2.0
#include "stats/score_comparison.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "stats/binomial.h"
#include "stats/internal/difference_quantile.h"
#include "stats/internal/named_test.h"
#include "stats/internal/ranks.h"
#include "stats/internal/requirements.h"
#include "stats/internal/special_functions.h"
#include "stats/rank_tests.h"
#include "stats/roc.h"
#include "stats/t_test.h"

namespace patina::stats {

namespace {

NamedTest named_ks_two_sided(const TwoSamples& samples) {
  const KSResult result = ks_two_sample(samples);
  NamedTest test = internal::named("Kolmogorov-Smirnov, two-sided",
                                   "suspect and benign scores are distributed differently",
                                   result);
  test.method = to_string(result.method);
  return test;
}

NamedTest named_mann_whitney(const TwoSamples& samples) {
  RankOptions options;
  options.alternative = Shift::kFirstSmaller;
  const RankTestResult result = mann_whitney(samples, options);
  NamedTest test = internal::named("Mann-Whitney U", internal::kSuspectSmaller, result);
  test.method = to_string(result.method);
  return test;
}

// Two values each, spread that is there, and squares that neither vanish nor overflow.
bool welch_is_defined(const TwoSamples& samples) {
  if (samples.first.size() < 2 || samples.second.size() < 2) {
    return false;
  }
  constexpr double kLargest = 1e150;
  constexpr double kLeastSpread = 1e-150;
  const auto [first_low, first_high] = std::minmax_element(samples.first.begin(),
                                                           samples.first.end());
  const auto [second_low, second_high] = std::minmax_element(samples.second.begin(),
                                                             samples.second.end());
  return std::min(*first_low, *second_low) > -kLargest &&
         std::max(*first_high, *second_high) < kLargest &&
         std::max(*first_high - *first_low, *second_high - *second_low) > kLeastSpread;
}

NamedTest named_welch(const TwoSamples& samples) {
  NamedTest test = internal::named(
      "Welch t", "the mean suspect score is smaller", welch_t_test(samples, Shift::kFirstSmaller));
  test.method = "student-t";
  return test;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : values[half - 1] / 2.0 + values[half] / 2.0;
}

Interval superiority_interval(const RocArea& roc, std::size_t smaller_size, double confidence) {
  const std::int64_t draws = static_cast<std::int64_t>(smaller_size);
  if (roc.area <= 0.0 || roc.area >= 1.0) {
    return clopper_pearson({roc.area >= 1.0 ? draws : 0, draws}, confidence);
  }
  const double z = internal::normal_upper_quantile(0.5 * (1.0 - confidence));
  const double logit = std::log(roc.area / (1.0 - roc.area));
  const double half = z * roc.standard_error / (roc.area * (1.0 - roc.area));
  return {1.0 / (1.0 + std::exp(half - logit)), 1.0 / (1.0 + std::exp(-half - logit))};
}

struct Share {
  double value = std::numeric_limits<double>::quiet_NaN();
  Interval interval = {std::numeric_limits<double>::quiet_NaN(),
                       std::numeric_limits<double>::quiet_NaN()};
};

Share share_inside(const std::vector<double>& scores, const ComparisonOptions& options) {
  if (std::isnan(options.radius_score)) {
    return {};
  }
  BinomialCount count;
  count.trials = static_cast<std::int64_t>(scores.size());
  count.successes = std::count_if(
      scores.begin(), scores.end(), [&](double score) { return score <= options.radius_score; });
  Share share;
  share.value = static_cast<double>(count.successes) / static_cast<double>(count.trials);
  share.interval = wilson(count, options.confidence);
  return share;
}

EffectSize effect_size(const ScoreSamples& samples, const ComparisonOptions& options) {
  const RocArea roc = roc_area({samples.suspect, samples.benign});
  EffectSize effect;
  effect.superiority = roc.area;
  effect.superiority_interval = superiority_interval(
      roc, std::min(samples.suspect.size(), samples.benign.size()), options.confidence);
  effect.median_suspect = median(samples.suspect);
  effect.median_benign = median(samples.benign);
  effect.hodges_lehmann_shift = internal::median_difference(samples.suspect, samples.benign);
  const Share suspect = share_inside(samples.suspect, options);
  effect.share_inside_suspect = suspect.value;
  effect.share_inside_suspect_interval = suspect.interval;
  const Share benign = share_inside(samples.benign, options);
  effect.share_inside_benign = benign.value;
  effect.share_inside_benign_interval = benign.interval;
  return effect;
}

AuditSizes sizes_of(const ScoreSamples& samples) {
  return {static_cast<std::int64_t>(samples.suspect.size()),
          static_cast<std::int64_t>(samples.benign.size()),
          static_cast<std::int64_t>(samples.key_terms.size())};
}

}  // namespace

ScoreComparison compare_scores(const ScoreSamples& samples, const ComparisonOptions& options) {
  internal::require_sample(samples.suspect, "suspect scores");
  internal::require_sample(samples.benign, "benign scores");
  internal::require_open_unit(options.alpha, "alpha");
  internal::require_open_unit(options.confidence, "confidence");
  const TwoSamples pair = {samples.suspect, samples.benign};
  ScoreComparison comparison;
  comparison.protocol = protocol_for(samples.key_terms.size());
  comparison.tests.push_back(deciding_test(comparison.protocol, samples));
  if (comparison.protocol != Protocol::kScores) {
    comparison.tests.push_back(deciding_test(Protocol::kScores, samples));
  }
  comparison.tests.push_back(named_ks_two_sided(pair));
  comparison.tests.push_back(named_mann_whitney(pair));
  if (welch_is_defined(pair)) {
    comparison.tests.push_back(named_welch(pair));
  }
  comparison.tests.front().primary = true;
  for (NamedTest& test : comparison.tests) {
    test.rejected = test.p_value < options.alpha;
  }
  comparison.effect = effect_size(samples, options);
  comparison.smallest_possible_p = smallest_possible_p(comparison.protocol, sizes_of(samples));
  comparison.rejected = comparison.tests.front().rejected;
  return comparison;
}

const NamedTest& test_called(const ScoreComparison& comparison, const std::string& name) {
  for (const NamedTest& test : comparison.tests) {
    if (test.name == name) return test;
  }
  throw core::Error(core::ErrorKind::kInternal, "comparison", "has no test " + name, "report it");
}

}  // namespace patina::stats
