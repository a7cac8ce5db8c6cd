// SPDX-License-Identifier: Apache-2.0
// With V_i = P(positive_i < negative) + P(equal)/2 over the negatives and W_j likewise over the
// positives, area = mean V = mean W and variance = var(V)/n + var(W)/m [DeLong 1988, Eqs. 4-6].
#include "stats/roc.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/error.h"
#include "stats/internal/ranks.h"
#include "stats/internal/requirements.h"

namespace patina::stats {

namespace {

// For every value, the share of `sorted` that lies below it, counting ties half.
std::vector<double> placements(const std::vector<double>& values,
                               const std::vector<double>& sorted) {
  std::vector<double> shares;
  shares.reserve(values.size());
  for (const double value : values) {
    const auto range = std::equal_range(sorted.begin(), sorted.end(), value);
    const double below = static_cast<double>(range.first - sorted.begin());
    const double equal = static_cast<double>(range.second - range.first);
    shares.push_back((below + 0.5 * equal) / static_cast<double>(sorted.size()));
  }
  return shares;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) {
    sum += value;
  }
  return sum / static_cast<double>(values.size());
}

double variance_of_mean(const std::vector<double>& values) {
  const double mean = mean_of(values);
  const double size = static_cast<double>(values.size());
  double squares = 0.0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return squares / (size - 1.0) / size;
}

double standard_error(const std::vector<double>& positive_placements,
                      const std::vector<double>& negative_placements,
                      double area) {
  const std::size_t smaller = std::min(positive_placements.size(), negative_placements.size());
  if (smaller >= 2) {
    const double variance = variance_of_mean(positive_placements) +
                            variance_of_mean(negative_placements);
    if (variance > 0.0) {
      return std::sqrt(variance);
    }
  }
  return std::sqrt(area * (1.0 - area) / static_cast<double>(smaller));
}

void require_scores(const DetectionScores& scores) {
  internal::require_sample(scores.positives, "positive scores");
  internal::require_sample(scores.negatives, "negative scores");
}

}  // namespace

RocArea roc_area(const DetectionScores& scores) {
  require_scores(scores);
  const std::vector<double> below_positive = placements(scores.positives,
                                                        internal::sorted(scores.negatives));
  const std::vector<double> below_negative = placements(scores.negatives,
                                                        internal::sorted(scores.positives));
  RocArea result;
  result.area = mean_of(below_negative);
  result.standard_error = standard_error(below_positive, below_negative, result.area);
  return result;
}

std::vector<RocPoint> roc_curve(const DetectionScores& scores) {
  require_scores(scores);
  const std::vector<double> positives = internal::sorted(scores.positives);
  const std::vector<double> negatives = internal::sorted(scores.negatives);
  std::vector<RocPoint> curve;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < positives.size() || j < negatives.size()) {
    const bool take_positive = j == negatives.size() ||
                               (i < positives.size() && positives[i] <= negatives[j]);
    RocPoint point;
    point.threshold = take_positive ? positives[i] : negatives[j];
    while (i < positives.size() && positives[i] <= point.threshold) {
      ++i;
    }
    while (j < negatives.size() && negatives[j] <= point.threshold) {
      ++j;
    }
    point.true_positive_rate = static_cast<double>(i) / static_cast<double>(positives.size());
    point.false_positive_rate = static_cast<double>(j) / static_cast<double>(negatives.size());
    curve.push_back(point);
  }
  return curve;
}

RocPoint best_point_at(const DetectionScores& scores, double largest_rate) {
  if (!(largest_rate >= 0.0 && largest_rate <= 1.0)) {
    throw core::Error(core::ErrorKind::kInput,
                      "false-positive rate",
                      "value " + std::to_string(largest_rate) + " lies outside [0, 1]",
                      "choose a number between 0 and 1");
  }
  RocPoint best;
  best.threshold = -std::numeric_limits<double>::infinity();
  for (const RocPoint& point : roc_curve(scores)) {
    if (point.false_positive_rate > largest_rate) {
      break;
    }
    if (point.true_positive_rate > best.true_positive_rate) {
      best = point;
    }
  }
  return best;
}

}  // namespace patina::stats
