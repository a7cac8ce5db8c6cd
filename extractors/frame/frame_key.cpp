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

namespace {

class FrameScorer : public keys::Extractor {
 public:
  FrameScorer(const keys::CoatKey& key, const keys::MethodRecord& method)
      : sphere_(read_frame_sphere(key.scoring)),
        info_(keys::describe_extractor(key, method, "float64")) {}

  std::vector<double> score(const std::vector<const images::Image*>& images) override {
    std::vector<double> scores;
    for (const images::Image* image : images) {
      scores.push_back(frame_score(sphere_.reader.statistic(*image), sphere_.center));
    }
    return scores;
  }

  keys::ExtractorInfo info() const override { return info_; }

  std::vector<std::vector<double>> key_terms(
      const std::vector<const images::Image*>& images) override {
    std::vector<std::vector<double>> terms;
    for (const images::Image* image : images) terms.push_back(sphere_.reader.key_terms(*image));
    return terms;
  }

 private:
  FrameSphere sphere_;
  keys::ExtractorInfo info_;
};

}  // namespace

std::vector<FrameIndex> read_frame_index(const keys::KeyPart& scoring) {
  constexpr double kHighest = 4096;
  const std::vector<double> values = keys::read_values(scoring, "frame/index");
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

FrameSphere read_frame_sphere(const keys::KeyPart& scoring) {
  FrameSphere sphere;
  const std::vector<FrameIndex> index = read_frame_index(scoring);
  const std::vector<double> amplitudes = keys::read_values(scoring, "frame/amplitudes");
  const std::vector<double> center = keys::read_values(scoring, "center");
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

std::unique_ptr<keys::Extractor> make_frame_scorer(const keys::CoatKey& key,
                                                   const keys::MethodRecord& method,
                                                   const ScorerOptions& /*options*/) {
  return std::make_unique<FrameScorer>(key, method);
}

}  // namespace patina::extractors
