// SPDX-License-Identifier: Apache-2.0
#include "extractors/frame/frame_key.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "keys/key_tensors.h"

namespace patina::extractors {

using core::Error;
using core::ErrorKind;

std::vector<FrameIndex> frame_index(const keys::CoatKey& key) {
  constexpr double kHighest = 4096;
  const std::vector<double> values = keys::values_of(key, "frame/index");
  std::vector<FrameIndex> index;
  for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
    for (const std::size_t j : {i, i + 1}) {
      if (values[j] >= 0.0 && values[j] <= kHighest && values[j] == std::floor(values[j])) continue;
      throw Error(ErrorKind::kInput,
                  "key",
                  "frame/index holds " + std::to_string(values[j]),
                  "use the key as it was written");
    }
    index.push_back({static_cast<int>(values[i]), static_cast<int>(values[i + 1])});
  }
  return index;
}

FrameSphere frame_sphere(const keys::CoatKey& key) {
  FrameSphere sphere;
  const std::vector<FrameIndex> index = frame_index(key);
  const std::vector<double> amplitudes = keys::values_of(key, "frame/amplitudes");
  const std::vector<double> center = keys::values_of(key, "center");
  if (index.empty() || amplitudes.size() != index.size() || center.size() != 1 ||
      center[0] <= 0.0) {
    throw Error(ErrorKind::kInput,
                "key",
                "frame/index, frame/amplitudes and center do not go together",
                "use the key as it was written");
  }
  sphere.reader = frame_reader(index, amplitudes);
  sphere.center = center[0];
  return sphere;
}

double frame_score(double statistic, double center) {
  const double distance = std::max(0.0, center - statistic);
  const double squared = distance * distance;
  return squared / (std::sqrt(squared + 1.0) + 1.0);
}

}  // namespace patina::extractors
