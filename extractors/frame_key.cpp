// SPDX-License-Identifier: Apache-2.0
#include "extractors/frame_key.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"

namespace patina::extractors {

using core::Error;
using core::ErrorKind;

core::TensorBlob blob_of_values(const std::vector<double>& values,
                                const std::vector<std::int64_t>& shape) {
  core::TensorBlob blob{core::DType::kF32, shape, {}};
  blob.bytes.resize(values.size() * sizeof(float));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<float>(values[i]);
    std::memcpy(blob.bytes.data() + i * sizeof value, &value, sizeof value);
  }
  return blob;
}

std::vector<double> values_of(const CoatKey& key, const std::string& name) {
  const auto found = key.tensors.find(name);
  if (found == key.tensors.end() || found->second.dtype != core::DType::kF32) {
    throw Error(ErrorKind::kInput,
                "key",
                "tensor " + name + " is missing or not F32",
                "use the key as it was written");
  }
  const std::vector<std::uint8_t>& bytes = found->second.bytes;
  std::vector<double> values(bytes.size() / sizeof(float));
  for (std::size_t i = 0; i < values.size(); ++i) {
    float value = 0.0F;
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    values[i] = static_cast<double>(value);
  }
  return values;
}

std::vector<FrameIndex> frame_index(const CoatKey& key) {
  constexpr double kHighest = 4096;
  const std::vector<double> values = values_of(key, "frame/index");
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

FrameSphere frame_sphere(const CoatKey& key) {
  FrameSphere sphere;
  const std::vector<FrameIndex> index = frame_index(key);
  const std::vector<double> amplitudes = values_of(key, "frame/amplitudes");
  const std::vector<double> center = values_of(key, "center");
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
