// SPDX-License-Identifier: Apache-2.0
#include "extractors/frame/frame_plane.h"

#include <algorithm>
#include <cstddef>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "images/pixels/centre_square.h"
#include "images/pixels/luminance.h"

namespace patina::extractors {

namespace {

/// How a pixel is shared between the cell that it begins in and the next one.
struct Share {
  std::size_t cell = 0;
  double here = 1.0;
};

// Counted in parts of a pixel, `cells` to a pixel and `pixels` to a cell. Requires cells <= pixels.
std::vector<Share> shares(int pixels, int cells) {
  std::vector<Share> all;
  for (int i = 0; i < pixels; ++i) {
    const int begin = i * cells;
    const int cell = begin / pixels;
    const int room = (cell + 1) * pixels - begin;
    all.push_back(
        {static_cast<std::size_t>(cell), std::min(1.0, static_cast<double>(room) / cells)});
  }
  return all;
}

cv::Mat local_mean(const cv::Mat& plane) {
  const cv::Size window(5, 5);
  cv::Mat once, twice;
  cv::blur(plane, once, window, cv::Point(-1, -1), cv::BORDER_REFLECT);
  cv::blur(once, twice, window, cv::Point(-1, -1), cv::BORDER_REFLECT);
  return twice;
}

}  // namespace

FramePlane frame_plane(const images::Image& image, int cells) {
  const images::Rect frame = images::centre_square(image.width_px, image.height_px);
  const int side = std::min(cells, frame.width);
  const auto columns = static_cast<std::size_t>(side);
  const std::vector<Share> share = shares(frame.width, side);
  // One cell more each way, which the last pixel has no share of.
  std::vector<double> row(columns + 1);
  std::vector<double> sums((columns + 1) * (columns + 1));
  for (std::size_t y = 0; y < share.size(); ++y) {
    const std::vector<double> luminance = images::luminance_plane(
        image, {frame.x, frame.y + static_cast<int>(y), frame.width, 1});
    std::fill(row.begin(), row.end(), 0.0);
    for (std::size_t x = 0; x < luminance.size(); ++x) {
      row[share[x].cell] += share[x].here * luminance[x];
      row[share[x].cell + 1] += (1.0 - share[x].here) * luminance[x];
    }
    double* here = sums.data() + share[y].cell * (columns + 1);
    double* next = here + columns + 1;
    for (std::size_t i = 0; i < columns; ++i) {
      here[i] += share[y].here * row[i];
      next[i] += (1.0 - share[y].here) * row[i];
    }
  }
  const double pixels_a_cell = static_cast<double>(frame.width) / side;
  FramePlane plane{side, {}};
  for (std::size_t y = 0; y < columns; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      plane.values.push_back(sums[y * (columns + 1) + x] / (pixels_a_cell * pixels_a_cell));
    }
  }
  return plane;
}

FramePlane weighted_residual(const FramePlane& plane) {
  constexpr double kFloor = 0.01;  // Least local deviation that is divided by, unit range.
  FramePlane weighted = plane;
  cv::Mat residual(plane.side, plane.side, CV_64F, weighted.values.data());
  residual -= local_mean(residual);
  cv::Mat scale;
  cv::pow(local_mean(residual.mul(residual)) + kFloor * kFloor, 0.75, scale);
  residual /= scale;
  return weighted;
}

}  // namespace patina::extractors
