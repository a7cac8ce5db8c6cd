// SPDX-License-Identifier: Apache-2.0
#include "report/pdf/pdf_plot.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/numbers.h"
#include "report/pdf/axis_ticks.h"

namespace patina::report::pdf {
namespace {

// Told apart by colour-blind readers and, through the line width, in black and white [Okabe and Ito
// 2008].
constexpr Colour kSuspectColour = {0.80, 0.33, 0.00};
constexpr Colour kBenignColour = {0.00, 0.36, 0.62};
constexpr Stroke kSuspectStroke = {1.8, kSuspectColour, false};
constexpr Stroke kBenignStroke = {1.0, kBenignColour, false};
constexpr Stroke kRadiusStroke = {0.8, kInk, true};
constexpr Stroke kGapStroke = {2.2, kInk, false};
constexpr TextStyle kAxisText = {8.5, Face::kRegular, kInk};

/// Maps data to the page.
struct Scale {
  Box area;
  double low = 0.0;
  double high = 1.0;
  double x(double score) const { return area.x + area.width * (score - low) / (high - low); }
  double y(double share) const { return area.y + area.height * (1.0 - share); }
};

std::vector<double> finite_scores(const SampleSet& set) {
  std::vector<double> scores;
  for (const ScoredSample& sample : set.samples) {
    if (std::isfinite(sample.score)) scores.push_back(sample.score);
  }
  return scores;
}

struct Range {
  double low = 0.0;
  double high = 1.0;
};

Range score_range(const std::vector<double>& suspect,
                  const std::vector<double>& benign,
                  double radius) {
  std::vector<double> all = suspect;
  all.insert(all.end(), benign.begin(), benign.end());
  if (std::isfinite(radius)) all.push_back(radius);
  if (all.empty()) return {};
  const auto [low, high] = std::minmax_element(all.begin(), all.end());
  return {*low, *high};
}

void draw_grid(Canvas& canvas, const Scale& scale, const Ticks& ticks) {
  for (int percent = 0; percent <= 100; percent += 20) {
    const double y = scale.y(percent / 100.0);
    canvas.line({scale.area.x, y}, {scale.area.x + scale.area.width, y}, {0.4, kRule});
    canvas.text_right({scale.area.x - 5.0, y + 3.0}, std::to_string(percent) + " %", kAxisText);
  }
  const double bottom = scale.area.y + scale.area.height;
  for (std::size_t i = 0; i < ticks.positions.size(); ++i) {
    const double x = scale.x(ticks.positions[i]);
    canvas.line({x, bottom}, {x, bottom + 3.5}, {0.6, kInk});
    canvas.text_centred({x, bottom + 13.0}, ticks.labels[i], kAxisText);
  }
  canvas.frame(scale.area, {0.6, kInk});
}

std::vector<Point> to_page(const std::vector<Point>& corners, const Scale& scale) {
  constexpr double kInvisible = 0.02;  // Points; thousands of scores need no finer line.
  std::vector<Point> points;
  for (const Point& corner : corners) {
    const Point point{scale.x(corner.x), scale.y(corner.y)};
    const bool merge = points.size() > 1 && std::fabs(point.x - points.back().x) < kInvisible &&
                       std::fabs(points[points.size() - 2].x - point.x) < kInvisible;
    if (merge) {
      points.back() = point;
    } else {
      points.push_back(point);
    }
  }
  return points;
}

void draw_gap(Canvas& canvas, const Scale& scale, const LargestGap& gap, double statistic) {
  if (gap.suspect_share <= gap.benign_share) return;
  const double x = scale.x(gap.score);
  const double top = scale.y(gap.suspect_share);
  const double bottom = scale.y(gap.benign_share);
  canvas.line({x, top}, {x, bottom}, kGapStroke);
  canvas.line({x - 3.0, top}, {x + 3.0, top}, {1.2, kInk});
  canvas.line({x - 3.0, bottom}, {x + 3.0, bottom}, {1.2, kInk});
  const TextStyle style{9.0, Face::kBold, kInk};
  const std::string label = "D = " + core::number_text(statistic, 3);
  const double width = canvas.text_width(label, style);
  const bool fits_right = x + 8.0 + width < scale.area.x + scale.area.width - 3.0;
  const double left = fits_right ? x + 7.0 : x - 7.0 - width;
  const double middle = 0.5 * (top + bottom);
  canvas.fill({left - 2.0, middle - 7.0, width + 4.0, 14.0}, kWhite);
  canvas.text({left, middle + 3.2}, label, style);
}

struct LegendEntry {
  std::string text;
  Stroke stroke;
};

/// One row where it fits, else several. Returns the y below.
double draw_legend(Canvas& canvas, const Box& box, const std::vector<LegendEntry>& entries) {
  constexpr double kSampleWidth = 20.0;
  constexpr double kRowHeight = 14.0;
  double x = box.x;
  double y = box.y + 9.0;
  for (const LegendEntry& entry : entries) {
    const double width = kSampleWidth + 5.0 + canvas.text_width(entry.text, kAxisText);
    if (x > box.x && x + width > box.x + box.width) {
      x = box.x;
      y += kRowHeight;
    }
    canvas.line({x, y - 3.0}, {x + kSampleWidth, y - 3.0}, entry.stroke);
    canvas.text({x + kSampleWidth + 5.0, y}, entry.text, kAxisText);
    x += width + 16.0;
  }
  return y + 6.0;
}

std::vector<LegendEntry> legend_of(const Evidence& evidence) {
  const auto count = [](const SampleSet& set) {
    return core::count_text(static_cast<std::int64_t>(set.samples.size()));
  };
  std::vector<LegendEntry> entries = {
      {"suspect images (n = " + count(evidence.suspect) + ")", kSuspectStroke},
      {"benign images (m = " + count(evidence.benign) + ")", kBenignStroke}};
  const double radius = evidence.options.radius_score;
  if (std::isfinite(radius)) {
    entries.push_back({"radius of the key " + core::number_text(radius), kRadiusStroke});
  }
  return entries;
}

double scores_statistic(const Evidence& evidence) {
  for (const stats::NamedTest& test : evidence.comparison.tests) {
    if (test.name == stats::kScoresTest) return test.statistic;
  }
  return std::nan("");
}

}  // namespace

std::vector<Point> ecdf_corners(std::vector<double> scores, double low, double high) {
  std::sort(scores.begin(), scores.end());
  std::vector<Point> corners = {{low, 0.0}};
  const auto n = static_cast<double>(scores.size());
  for (std::size_t i = 0; i < scores.size();) {
    const auto next = std::upper_bound(scores.begin(), scores.end(), scores[i]) - scores.begin();
    corners.push_back({scores[i], static_cast<double>(i) / n});
    corners.push_back({scores[i], static_cast<double>(next) / n});
    i = static_cast<std::size_t>(next);
  }
  corners.push_back({high, scores.empty() ? 0.0 : 1.0});
  return corners;
}

LargestGap largest_gap(std::vector<double> suspect, std::vector<double> benign) {
  std::sort(suspect.begin(), suspect.end());
  std::sort(benign.begin(), benign.end());
  const auto share_below = [](const std::vector<double>& sorted, double score) {
    const auto below = std::upper_bound(sorted.begin(), sorted.end(), score) - sorted.begin();
    return static_cast<double>(below) / static_cast<double>(sorted.size());
  };
  LargestGap best;
  if (suspect.empty() || benign.empty()) return best;
  for (const double score : suspect) {
    const LargestGap here{score, share_below(suspect, score), share_below(benign, score)};
    if (here.suspect_share - here.benign_share > best.suspect_share - best.benign_share)
      best = here;
  }
  return best;
}

void draw_ecdf_plot(Canvas& canvas, const Box& box, const Evidence& evidence) {
  const std::vector<double> suspect = finite_scores(evidence.suspect);
  const std::vector<double> benign = finite_scores(evidence.benign);
  const LargestGap gap = largest_gap(suspect, benign);
  const double statistic = scores_statistic(evidence);
  const bool gap_drawn = gap.suspect_share > gap.benign_share && std::isfinite(statistic);
  const double radius = evidence.options.radius_score;

  const double legend_end = draw_legend(canvas, box, legend_of(evidence));
  canvas.text({box.x, legend_end + 10.0}, "share of images scoring at most this much", kAxisText);
  constexpr double kLeft = 38.0;
  constexpr double kBelow = 32.0;
  const double top = legend_end + 18.0;
  Scale scale;
  scale.area = {box.x + kLeft, top, box.width - kLeft - 14.0, box.y + box.height - kBelow - top};
  const Range range = score_range(suspect, benign, radius);
  const Ticks ticks = nice_ticks(range.low, range.high, 8);
  scale.low = ticks.low;
  scale.high = ticks.high;

  draw_grid(canvas, scale, ticks);
  canvas.text_centred({scale.area.x + 0.5 * scale.area.width, box.y + box.height - 6.0},
                      "coating score (no unit; smaller = more like a coated image)",
                      kAxisText);
  if (std::isfinite(radius)) {
    canvas.line({scale.x(radius), top}, {scale.x(radius), top + scale.area.height}, kRadiusStroke);
  }
  if (!benign.empty()) {
    canvas.polyline(to_page(ecdf_corners(benign, ticks.low, ticks.high), scale), kBenignStroke);
  }
  if (!suspect.empty()) {
    canvas.polyline(to_page(ecdf_corners(suspect, ticks.low, ticks.high), scale), kSuspectStroke);
  }
  if (gap_drawn) draw_gap(canvas, scale, gap, statistic);
}

}  // namespace patina::report::pdf
