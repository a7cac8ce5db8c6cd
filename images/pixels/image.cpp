// SPDX-License-Identifier: Apache-2.0
#include "images/pixels/image.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/error.h"

namespace patina::images {
namespace {

float max_value(const Image& image) { return image.bit_depth == 16 ? 65535.0F : 255.0F; }

template <typename Sample>
Sample* samples_of(Image& image) {
  return reinterpret_cast<Sample*>(image.bytes.data());
}

template <typename Sample>
const Sample* samples_of(const Image& image) {
  return reinterpret_cast<const Sample*>(image.bytes.data());
}

std::size_t index_of(const Image& image, int x, int y) {
  return 3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width_px) +
              static_cast<std::size_t>(x));
}

constexpr std::array<float, 256> byte_to_unit() {
  std::array<float, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(i) / 255.0F;
  return table;
}

std::array<float*, 3> planes(float* planar, const Rect& rect) {
  const std::size_t area = static_cast<std::size_t>(rect.width) *
                           static_cast<std::size_t>(rect.height);
  return {planar, planar + area, planar + 2 * area};
}

template <typename Sample, typename ToUnit>
void read_rows(const Image& image, const Rect& rect, float* planar, const ToUnit& to_unit) {
  auto [red, green, blue] = planes(planar, rect);
  for (int y = 0; y < rect.height; ++y) {
    const Sample* in = samples_of<Sample>(image) + index_of(image, rect.x, rect.y + y);
    for (int x = 0; x < rect.width; ++x, in += 3) {
      *red++ = to_unit(in[0]);
      *green++ = to_unit(in[1]);
      *blue++ = to_unit(in[2]);
    }
  }
}

/// Clamps, scales, rounds half up; NaN counts as 0.
template <typename Sample>
Sample to_sample(float unit, float scale) {
  const float clamped = unit > 0.0F ? std::min(unit, 1.0F) : 0.0F;
  return static_cast<Sample>(clamped * scale + 0.5F);
}

template <typename Sample>
void write_rows(Image& image, const Rect& rect, const float* planar) {
  const float scale = max_value(image);
  const std::size_t area = static_cast<std::size_t>(rect.width) *
                           static_cast<std::size_t>(rect.height);
  const float* red = planar;
  const float* green = planar + area;
  const float* blue = planar + 2 * area;
  for (int y = 0; y < rect.height; ++y) {
    Sample* out = samples_of<Sample>(image) + index_of(image, rect.x, rect.y + y);
    for (int x = 0; x < rect.width; ++x, out += 3) {
      out[0] = to_sample<Sample>(*red++, scale);
      out[1] = to_sample<Sample>(*green++, scale);
      out[2] = to_sample<Sample>(*blue++, scale);
    }
  }
}

/// Source samples and weights of one output sample along an axis; the weights sum to 1.
struct Tap {
  int first = 0;
  std::vector<float> weights;
};

/// Reduction: each output sample averages the source interval it covers, partial samples by the
/// part covered. Enlargement: linear between the two nearest sample centres, clamped at the edges.
std::vector<Tap> axis_taps(int source, int target) {
  std::vector<Tap> taps(static_cast<std::size_t>(target));
  const double ratio = static_cast<double>(source) / target;
  for (int i = 0; i < target; ++i) {
    Tap& tap = taps[static_cast<std::size_t>(i)];
    if (ratio < 1.0) {
      const double centre = std::clamp((i + 0.5) * ratio - 0.5, 0.0, source - 1.0);
      tap.first = std::min(static_cast<int>(centre), std::max(source - 2, 0));
      const auto fraction = static_cast<float>(centre - tap.first);
      tap.weights = source > 1 ? std::vector<float>{1.0F - fraction, fraction}
                               : std::vector<float>{1.0F};
      continue;
    }
    const double begin = i * ratio;
    const double end = std::min((i + 1) * ratio, static_cast<double>(source));
    tap.first = static_cast<int>(begin);
    for (int j = tap.first; j < source && j < end; ++j) {
      const double covered = std::min(end, j + 1.0) - std::max(begin, static_cast<double>(j));
      tap.weights.push_back(static_cast<float>(covered / (end - begin)));
    }
  }
  return taps;
}

template <typename Sample>
void resize_row(const Sample* in, const std::vector<Tap>& taps, float* out) {
  for (const Tap& tap : taps) {
    std::array<float, 3> sum{};
    const Sample* source = in + 3 * static_cast<std::size_t>(tap.first);
    for (const float weight : tap.weights) {
      sum[0] += weight * static_cast<float>(source[0]);
      sum[1] += weight * static_cast<float>(source[1]);
      sum[2] += weight * static_cast<float>(source[2]);
      source += 3;
    }
    *out++ = sum[0];
    *out++ = sum[1];
    *out++ = sum[2];
  }
}

/// Rows of the source already resized along x, kept only while a tap along y needs them.
template <typename Sample>
class ResizedRows {
 public:
  ResizedRows(const Image& source, const std::vector<Tap>& taps)
      : source_(source), taps_(taps), row_(3 * taps.size()) {}

  void accumulate(const Tap& tap, std::vector<float>& sum) {
    std::fill(sum.begin(), sum.end(), 0.0F);
    for (std::size_t i = 0; i < tap.weights.size(); ++i) {
      const std::vector<float>& row = at(tap.first + static_cast<int>(i));
      const float weight = tap.weights[i];
      for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += weight * row[k];
    }
  }

 private:
  const std::vector<float>& at(int y) {
    const std::size_t slot = static_cast<std::size_t>(y) % 2;
    if (held_[slot] != y) {
      rows_[slot].resize(row_);
      resize_row(samples_of<Sample>(source_) + index_of(source_, 0, y), taps_, rows_[slot].data());
      held_[slot] = y;
    }
    return rows_[slot];
  }

  const Image& source_;
  const std::vector<Tap>& taps_;
  std::size_t row_;
  std::array<std::vector<float>, 2> rows_;
  std::array<int, 2> held_ = {-1, -1};
};

template <typename Sample>
void resize_samples(const Image& source, Image& target) {
  const std::vector<Tap> columns = axis_taps(source.width_px, target.width_px);
  const std::vector<Tap> lines = axis_taps(source.height_px, target.height_px);
  ResizedRows<Sample> rows(source, columns);
  std::vector<float> sum(3 * columns.size());
  const float limit = max_value(source);  // Weights sum to 1 only within rounding.
  for (int y = 0; y < target.height_px; ++y) {
    rows.accumulate(lines[static_cast<std::size_t>(y)], sum);
    Sample* out = samples_of<Sample>(target) + index_of(target, 0, y);
    for (const float value : sum) *out++ = static_cast<Sample>(std::min(value + 0.5F, limit));
  }
}

}  // namespace

Image make_image(int width_px, int height_px, int bit_depth) {
  if (width_px < 1 || height_px < 1 || (bit_depth != 8 && bit_depth != 16)) {
    throw core::Error(core::ErrorKind::kInput,
                      "image",
                      std::to_string(width_px) + "x" + std::to_string(height_px) + " pixels of " +
                          std::to_string(bit_depth) + " bits cannot be held",
                      "give positive sides and a depth of 8 or 16");
  }
  Image image{width_px, height_px, bit_depth, {}};
  image.bytes.resize(image.sample_count() * (bit_depth == 16 ? 2 : 1));
  return image;
}

void read_unit(const Image& image, const Rect& rect, float* planar) {
  if (image.bit_depth == 16) {
    read_rows<std::uint16_t>(image, rect, planar, [](std::uint16_t value) {
      return static_cast<float>(value) / 65535.0F;
    });
    return;
  }
  static constexpr std::array<float, 256> kTable = byte_to_unit();
  read_rows<std::uint8_t>(image, rect, planar, [](std::uint8_t value) { return kTable[value]; });
}

void write_unit(Image& image, const Rect& rect, const float* planar) {
  if (image.bit_depth == 16) {
    write_rows<std::uint16_t>(image, rect, planar);
  } else {
    write_rows<std::uint8_t>(image, rect, planar);
  }
}

Image resize(const Image& image, int width_px, int height_px) {
  Image target = make_image(width_px, height_px, image.bit_depth);
  if (width_px == image.width_px && height_px == image.height_px) {
    target.bytes = image.bytes;
  } else if (image.bit_depth == 16) {
    resize_samples<std::uint16_t>(image, target);
  } else {
    resize_samples<std::uint8_t>(image, target);
  }
  return target;
}

}  // namespace patina::images
