// SPDX-License-Identifier: Apache-2.0
#include "coat/frame/frame_coater.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/rng.h"
#include "extractors/frame/frame_key.h"
#include "images/pixels/centre_square.h"
#include "images/pixels/image.h"
#include "keys/key_tensors.h"

namespace patina::coat::siren {

using core::Error;
using core::ErrorKind;
using keys::CoatKey;

namespace {

// Brings the standard strength of 1.5 to about 38 dB on paintings.
constexpr double kFrameGain = 0.15;

double rms_of(const CoatingPattern& pattern) {
  double sum = 0.0;
  for (const std::int8_t step : pattern.steps) sum += static_cast<double>(step) * step;
  return kPatternStep * std::sqrt(sum / static_cast<double>(pattern.steps.size()));
}

/// Statistics of the images with the mark.
std::vector<double> measure(const FrameMark& mark,
                            const std::vector<std::size_t>& order,
                            const ImageAt& image_at,
                            const FrameKeyOptions& options) {
  const extractors::FrameReader reader = extractors::frame_reader(mark.index, mark.amplitudes);
  std::vector<double> statistics;
  for (const std::size_t i : order) {
    if (statistics.size() == options.images) break;
    try {
      const images::Image image = image_at(i);
      const CoatingPattern pattern = frame_pattern(image, mark);
      const double strength = std::pow(10.0, -options.psnr_db / 20.0) /
                              std::max(rms_of(pattern), 1e-9);
      statistics.push_back(reader.statistic(apply_pattern(image, pattern, strength)));
    } catch (const Error&) {
      continue;  // Reported, with its reason, when its turn to be coated comes.
    }
  }
  return statistics;
}

}  // namespace

FrameMark mark_of(const CoatKey& key) {
  FrameMark mark;
  mark.index = extractors::frame_index(key);
  mark.amplitudes = keys::values_of(key, "frame/amplitudes");
  if (mark.amplitudes.size() != mark.index.size()) {
    throw Error(ErrorKind::kInput,
                "key",
                "frame/index and frame/amplitudes do not go together",
                "use the key as it was written");
  }
  return mark;
}

CoatingPattern frame_pattern(const images::Image& image, const FrameMark& mark) {
  CoatingPattern pattern{image.width_px, image.height_px, {}};
  pattern.steps.resize(image.sample_count());
  const images::Rect frame = images::centre_square(image.width_px, image.height_px);
  const std::vector<float> hiding = hiding_plane(image);
  constexpr int kStripRows = 64;
  std::size_t next = 0;
  for (int y = 0; y < image.height_px; y += kStripRows) {
    const int rows = std::min(kStripRows, image.height_px - y);
    for (const float value : mark_plane(mark, frame, {0, y, image.width_px, rows})) {
      const double steps = kFrameGain / kPatternStep * hiding[next] * value;
      const auto step = static_cast<std::int8_t>(std::lround(std::clamp(steps, -127.0, 127.0)));
      std::fill_n(pattern.steps.begin() + static_cast<std::ptrdiff_t>(3 * next), 3, step);
      ++next;
    }
  }
  return pattern;
}

void make_frame_key(CoatKey& key,
                    std::size_t count,
                    const ImageAt& image_at,
                    const FrameKeyOptions& options) {
  const FrameMark mark = draw_mark(learnable_spectrum(options.latents), key.seed);
  core::Rng rng = core::Rng(key.seed).fork("frame images");
  std::vector<double> statistics = measure(mark, rng.permutation(count), image_at, options);
  if (statistics.empty()) {
    throw Error(ErrorKind::kInput, "IMAGES", "none of the images can be read", "check the files");
  }
  double sum = 0.0, squares = 0.0;
  for (const double statistic : statistics) {
    sum += statistic;
    squares += statistic * statistic;
  }
  const auto n = static_cast<double>(statistics.size());
  const double mean = sum / n;
  const double deviation = std::sqrt(std::max(0.0, squares / n - mean * mean));
  const double center = std::max(1.0, mean + 2.0 * deviation);
  std::sort(statistics.begin(), statistics.end());
  const auto outside = static_cast<std::size_t>(options.nu * n);
  key.method = "frame";
  key.radius = std::max(0.0, center - statistics[outside]);
  std::vector<double> index;
  for (const extractors::FrameIndex& at : mark.index) {
    index.push_back(at[0]);
    index.push_back(at[1]);
  }
  const auto K = static_cast<std::int64_t>(mark.index.size());
  key.tensors["frame/index"] = keys::blob_of_values(index, {K, 2});
  key.tensors["frame/amplitudes"] = keys::blob_of_values(mark.amplitudes, {K});
  key.tensors["center"] = keys::blob_of_values({center}, {1});
}

}  // namespace patina::coat::siren
