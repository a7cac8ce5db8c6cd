// SPDX-License-Identifier: Apache-2.0
#include "extractors/frame/frame.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>

#include "core/error.h"
#include "core/pi.h"
#include "images/pixels/centre_square.h"

namespace patina::extractors {

namespace {

using core::kPi;
constexpr double kWhitening = 0.8;

// Row k of an orthonormal DCT-II of `side` points, divided by sqrt(side).
std::vector<double> cosine(int k, int side) {
  const double scale = std::sqrt(k == 0 ? 1.0 : 2.0) / side;
  std::vector<double> values(static_cast<std::size_t>(side));
  for (int i = 0; i < side; ++i) {
    values[static_cast<std::size_t>(i)] = scale * std::cos(kPi * k * (i + 0.5) / side);
  }
  return values;
}

// Cosines for the wave numbers that occur, each with its place in the order of numbers.
struct Cosines {
  std::map<int, std::size_t> place;
  std::vector<std::vector<double>> rows;
};

Cosines cosines_for(const std::vector<FrameIndex>& index, std::size_t axis, int side) {
  Cosines cosines;
  for (const FrameIndex& at : index) cosines.place.emplace(at[axis], 0);
  for (auto& [k, place] : cosines.place) {
    place = cosines.rows.size();
    cosines.rows.push_back(cosine(k, side));
  }
  return cosines;
}

int highest_of(const std::vector<FrameIndex>& index) {
  int highest = 0;
  for (const FrameIndex& at : index) highest = std::max({highest, at[0], at[1]});
  return highest;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

std::vector<double> frame_coefficients(const FramePlane& plane,
                                       const std::vector<FrameIndex>& index) {
  const Cosines across = cosines_for(index, 0, plane.side);
  const Cosines down = cosines_for(index, 1, plane.side);
  const auto side = static_cast<std::size_t>(plane.side);
  std::vector<std::vector<double>> sums(down.rows.size(), std::vector<double>(across.rows.size()));
  std::vector<double> of_row(across.rows.size());
  for (std::size_t y = 0; y < side; ++y) {
    const double* row = plane.values.data() + y * side;
    for (std::size_t i = 0; i < across.rows.size(); ++i) {
      of_row[i] = std::inner_product(row, row + side, across.rows[i].begin(), 0.0);
    }
    for (std::size_t j = 0; j < down.rows.size(); ++j) {
      for (std::size_t i = 0; i < of_row.size(); ++i) sums[j][i] += down.rows[j][y] * of_row[i];
    }
  }
  std::vector<double> coefficients;
  coefficients.reserve(index.size());
  for (const FrameIndex& at : index) {
    coefficients.push_back(sums[down.place.at(at[1])][across.place.at(at[0])]);
  }
  return coefficients;
}

std::vector<double> frame_features(const images::Image& image,
                                   const std::vector<FrameIndex>& index) {
  const int highest = highest_of(index);
  const images::Rect frame = images::centre_square(image.width_px, image.height_px);
  if (frame.width <= highest) {
    throw core::Error(
        core::ErrorKind::kInput,
        "image of " + std::to_string(image.width_px) + "x" + std::to_string(image.height_px),
        "a frame mark needs more than " + std::to_string(highest) + " pixels a side",
        "use the image at its full size");
  }
  int cells = 1;
  while (cells < 2 * highest) cells *= 2;
  return whitened(frame_coefficients(weighted_residual(frame_plane(image, cells)), index), index);
}

std::vector<double> whitened(const std::vector<double>& coefficients,
                             const std::vector<FrameIndex>& index) {
  std::vector<double> z(coefficients);
  for (std::size_t k = 0; k < z.size(); ++k) {
    z[k] *= std::pow(std::hypot(index[k][0], index[k][1]), kWhitening);
  }
  return z;
}

double frame_statistic(const std::vector<double>& z, const std::vector<double>& weights) {
  const std::vector<double> terms = frame_terms(z, weights);
  return std::accumulate(terms.begin(), terms.end(), 0.0);
}

std::vector<double> frame_terms(const std::vector<double>& z, const std::vector<double>& a) {
  const double norms = std::sqrt(dot(z, z) * dot(a, a));
  const double scale = norms > 0.0 ? std::sqrt(static_cast<double>(z.size())) / norms : 0.0;
  std::vector<double> terms(z.size());
  for (std::size_t k = 0; k < z.size(); ++k) terms[k] = scale * z[k] * a[k];
  return terms;
}

double FrameReader::statistic(const images::Image& image) const {
  return frame_statistic(frame_features(image, index), weights);
}

std::vector<double> FrameReader::key_terms(const images::Image& image) const {
  return frame_terms(frame_features(image, index), weights);
}

FrameReader frame_reader(const std::vector<FrameIndex>& index,
                         const std::vector<double>& amplitudes) {
  return {index, whitened(amplitudes, index)};
}

}  // namespace patina::extractors
