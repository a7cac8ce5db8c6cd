// SPDX-License-Identifier: Apache-2.0
// Empirical distribution functions of both samples as a vector plot: steps, the largest distance
// between them (the Kolmogorov-Smirnov statistic) as a vertical bar, the radius of the key as a
// dashed line.
#pragma once

#include <vector>

#include "report/evidence/evidence.h"
#include "report/pdf/pdf_canvas.h"

namespace patina::report::pdf {

/// Corners of an empirical distribution function F(x) = #{scores <= x}/n, from (low, 0) to (high,
/// 1).
std::vector<Point> ecdf_corners(std::vector<double> scores, double low, double high);

/// Place where the suspects' function is furthest above the benign one.
struct LargestGap {
  double score = 0.0;
  double suspect_share = 0.0;
  double benign_share = 0.0;
};
LargestGap largest_gap(std::vector<double> suspect, std::vector<double> benign);

/// Draws the plot with legend and axes into the box.
void draw_ecdf_plot(Canvas& canvas, const Box& box, const Evidence& evidence);

}  // namespace patina::report::pdf
