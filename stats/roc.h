// SPDX-License-Identifier: Apache-2.0
// Detection quality of scores that are SMALLER for what is to be detected (coated images). Ties
// count half in the area and are never split by a threshold. All throw Error{kInput} for empty
// samples, NaN and infinities.
#pragma once

#include <vector>

namespace patina::stats {

/// Scores of what is to be detected and of what is not.
struct DetectionScores {
  const std::vector<double>& positives;
  const std::vector<double>& negatives;
};

/// Area under the curve: P(positive < negative) + P(equal)/2, in [0,1].
struct RocArea {
  double area = 0.5;
  /// [DeLong 1988]; where that gives 0 or needs a second value, the upper bound
  /// sqrt(area (1-area) / min(sizes)) [Birnbaum 1956].
  double standard_error = 0.0;
};
RocArea roc_area(const DetectionScores& scores);

/// Rates of "detected if score <= threshold".
struct RocPoint {
  double threshold = 0.0;
  double true_positive_rate = 0.0;
  double false_positive_rate = 0.0;
};

/// One point for every distinct score, by increasing threshold; the last is (1,1). The origin,
/// below every score, is left out.
std::vector<RocPoint> roc_curve(const DetectionScores& scores);

/// The point of largest true-positive rate whose false-positive rate is at most `largest_rate` in
/// [0,1]; rates 0 and threshold -infinity if there is none.
RocPoint best_point_at(const DetectionScores& scores, double largest_rate);

}  // namespace patina::stats
