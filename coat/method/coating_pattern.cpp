// SPDX-License-Identifier: Apache-2.0
#include "coat/method/coating_pattern.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace patina::coat {

namespace {

template <typename Sample>
void add_pattern(const images::Image& clean,
                 const CoatingPattern& pattern,
                 double strength,
                 images::Image& out) {
  const float levels = clean.bit_depth == 16 ? 65535.0F : 255.0F;
  const float gain = static_cast<float>(strength * kPatternStep) * levels;
  const auto* from = reinterpret_cast<const Sample*>(clean.bytes.data());
  auto* to = reinterpret_cast<Sample*>(out.bytes.data());
  for (std::size_t i = 0; i < clean.sample_count(); ++i) {
    const float value = static_cast<float>(from[i]) + gain * static_cast<float>(pattern.steps[i]);
    to[i] = static_cast<Sample>(std::clamp(value, 0.0F, levels) + 0.5F);
  }
}

}  // namespace

double pattern_rms(const CoatingPattern& pattern) {
  double sum = 0.0;
  for (const std::int8_t step : pattern.steps) sum += static_cast<double>(step) * step;
  return kPatternStep * std::sqrt(sum / static_cast<double>(pattern.steps.size()));
}

images::Image apply_pattern(const images::Image& clean,
                            const CoatingPattern& pattern,
                            double strength) {
  if (pattern.width_px != clean.width_px || pattern.height_px != clean.height_px) {
    throw core::Error(core::ErrorKind::kInternal, "coating", "pattern and image differ in size");
  }
  images::Image coated = images::make_image(clean.width_px, clean.height_px, clean.bit_depth);
  if (clean.bit_depth == 16) {
    add_pattern<std::uint16_t>(clean, pattern, strength, coated);
  } else {
    add_pattern<std::uint8_t>(clean, pattern, strength, coated);
  }
  return coated;
}

}  // namespace patina::coat
