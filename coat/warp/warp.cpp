// SPDX-License-Identifier: Apache-2.0
#include "coat/warp/warp.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/rng.h"
#include "extractors/frame/frame_key.h"
#include "keys/key_tensors.h"

namespace patina::coat::warp {

namespace {

constexpr double kReferenceSide = 128.0;

// Cubic convolution [Keys 1981] with a = -3/4, as bicubic resampling has it.
void cubic_weights(double t, double (&weights)[4]) {
  constexpr double a = -0.75;
  const auto near = [](double d) { return ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0; };
  const auto far = [](double d) { return ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a; };
  weights[0] = far(t + 1.0);
  weights[1] = near(t);
  weights[2] = near(1.0 - t);
  weights[3] = far(2.0 - t);
}

/// Control values read at `count` places from the first to the last of them.
class Axis {
 public:
  Axis(int points, int count) {
    for (int i = 0; i < count; ++i) {
      const double at = count == 1 ? 0.0 : static_cast<double>(i) * (points - 1) / (count - 1);
      const int base = std::min(static_cast<int>(at), points - 1);
      Place place;
      cubic_weights(at - base, place.weights);
      for (int k = 0; k < 4; ++k) place.index[k] = std::clamp(base - 1 + k, 0, points - 1);
      places_.push_back(place);
    }
  }

  struct Place {
    int index[4];
    double weights[4];
  };
  const Place& operator[](int i) const { return places_[static_cast<std::size_t>(i)]; }

 private:
  std::vector<Place> places_;
};

double interpolated(const std::vector<double>& values,
                    int points,
                    const Axis::Place& row,
                    const Axis::Place& column) {
  double sum = 0.0;
  for (int i = 0; i < 4; ++i) {
    double across = 0.0;
    for (int j = 0; j < 4; ++j) {
      across += column.weights[j] *
                values[static_cast<std::size_t>(row.index[i] * points + column.index[j])];
    }
    sum += row.weights[i] * across;
  }
  return sum;
}

template <typename Sample>
void resample(const images::Image& from, const WarpField& field, images::Image& to) {
  const int width = from.width_px, height = from.height_px;
  const WarpPlaces places = warp_places(field, width, height);
  const auto* source = reinterpret_cast<const Sample*>(from.bytes.data());
  auto* target = reinterpret_cast<Sample*>(to.bytes.data());
  const auto offset = [width](int row, int column) {
    return 3 * (static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
                static_cast<std::size_t>(column));
  };
  for (std::size_t i = 0; i < places.x.size(); ++i) {
    const int x0 = static_cast<int>(places.x[i]), y0 = static_cast<int>(places.y[i]);
    const int x1 = std::min(x0 + 1, width - 1), y1 = std::min(y0 + 1, height - 1);
    const float fx = places.x[i] - static_cast<float>(x0);
    const float fy = places.y[i] - static_cast<float>(y0);
    for (std::size_t c = 0; c < 3; ++c) {
      const auto at = [&](int row, int column) {
        return static_cast<float>(source[offset(row, column) + c]);
      };
      const float upper = (1.0F - fx) * at(y0, x0) + fx * at(y0, x1);
      const float lower = (1.0F - fx) * at(y1, x0) + fx * at(y1, x1);
      target[3 * i + c] = static_cast<Sample>(std::lround((1.0F - fy) * upper + fy * lower));
    }
  }
}

std::vector<double> drawn(core::Rng& rng, std::size_t count) {
  std::vector<double> values(count);
  for (double& value : values) value = rng.uniform(-1.0, 1.0);
  return values;
}

}  // namespace

WarpField draw_warp(std::uint64_t seed, int points, double strength) {
  core::Rng rng = core::Rng(seed).fork("warp");
  const auto count = static_cast<std::size_t>(points) * static_cast<std::size_t>(points);
  WarpField field{points, drawn(rng, count), drawn(rng, count), strength};
  double sum = 0.0;
  for (const std::vector<double>* values : {&field.x, &field.y}) {
    for (const double value : *values) sum += std::abs(value);
  }
  const double mean = sum / (2.0 * static_cast<double>(count));
  for (std::vector<double>* values : {&field.x, &field.y}) {
    for (double& value : *values) value /= mean;
  }
  return field;
}

WarpPlaces warp_places(const WarpField& field, int width_px, int height_px) {
  const Axis rows(field.points, height_px), columns(field.points, width_px);
  const double reach_x = field.strength / 2.0 * width_px / kReferenceSide;
  const double reach_y = field.strength / 2.0 * height_px / kReferenceSide;
  WarpPlaces places;
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      const double dx = reach_x * interpolated(field.x, field.points, rows[y], columns[x]);
      const double dy = reach_y * interpolated(field.y, field.points, rows[y], columns[x]);
      places.x.push_back(static_cast<float>(std::clamp(x + dx, 0.0, width_px - 1.0)));
      places.y.push_back(static_cast<float>(std::clamp(y + dy, 0.0, height_px - 1.0)));
    }
  }
  return places;
}

images::Image warped(const images::Image& image, const WarpField& field) {
  images::Image out = image;
  if (image.bit_depth == 16) {
    resample<std::uint16_t>(image, field, out);
  } else {
    resample<std::uint8_t>(image, field, out);
  }
  return out;
}

WarpField read_warp(const keys::KeyPart& secret) {
  const std::vector<double> values = keys::read_values(secret, "warp/field");
  const std::vector<double> strength = keys::read_values(secret, "warp/strength");
  const std::size_t half = values.size() / 2;
  const auto points = static_cast<int>(std::lround(std::sqrt(static_cast<double>(half))));
  if (points < 2 ||
      2 * static_cast<std::size_t>(points) * static_cast<std::size_t>(points) != values.size() ||
      strength.size() != 1) {
    throw core::Error(core::ErrorKind::kInput,
                      "key",
                      "the field of its warp is not usable",
                      "use the key as it was written");
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(half);
  return {points, {values.begin(), middle}, {middle, values.end()}, strength[0]};
}

void put_warp(keys::KeyPart& secret, const WarpField& field) {
  std::vector<double> values = field.x;
  values.insert(values.end(), field.y.begin(), field.y.end());
  secret.tensors["warp/field"] = keys::blob_from_values(values, {2, field.points, field.points});
  secret.tensors["warp/strength"] = keys::blob_from_values({field.strength}, {1});
}

}  // namespace patina::coat::warp
