// SPDX-License-Identifier: Apache-2.0
#include "coat/internal/method.h"

#include <memory>

#include "coat/internal/key_making.h"
#include "coat/siren/frame_coater.h"
#include "coat/siren/hypersphere_torch.h"
#include "extractors/frame_key.h"
#include "extractors/scorer_torch.h"
#include "extractors/tensors_torch.h"

namespace patina::coat {

namespace {

/// The generator and extractor of a Siren key.
class Networks {
 public:
  Networks(const extractors::CoatKey& key, const CoatOptions& options)
      : pair_(pair_of(key)),
        coater_(pair_,
                key.message_hex,
                {options.precision, options.num_threads, options.max_tile_pixels, options.device}),
        features_(key, scorer_options(options)),
        center_(
            extractors::tensor_from_blob(key.tensors.at("center")).to(torch::kFloat64).flatten()) {}

  siren::CoatingPattern pattern(const core::Image& image) { return coater_.pattern(image); }

  Reading read(const core::Image& image) {
    const torch::Tensor feature = features_.features({&image})[0].to(torch::kFloat64);
    Reading reading;
    reading.position = (torch::dot(feature, center_) / torch::dot(center_, center_)).item<double>();
    reading.score = siren::coating_score((feature - center_).square().sum()).item<double>();
    return reading;
  }

 private:
  siren::Pair pair_;
  siren::Coater coater_;
  extractors::FeatureExtractor features_;
  torch::Tensor center_;  // [D] float64
};

KeyedCoating of_networks(const extractors::CoatKey& key, const CoatOptions& options) {
  const auto networks = std::make_shared<Networks>(key, options);
  return {[networks](const core::Image& image) { return networks->pattern(image); },
          [networks](const core::Image& image) { return networks->read(image); },
          true};
}

KeyedCoating of_frame(const extractors::CoatKey& key) {
  const siren::FrameMark mark = siren::mark_of(key);
  const extractors::FrameSphere sphere = extractors::frame_sphere(key);
  return {[mark](const core::Image& image) { return siren::frame_pattern(image, mark); },
          [sphere](const core::Image& image) {
            const double statistic = sphere.reader.statistic(image);
            return Reading{statistic / sphere.center,
                           extractors::frame_score(statistic, sphere.center)};
          },
          false};
}

}  // namespace

extractors::ScorerOptions scorer_options(const CoatOptions& options) {
  return {options.precision, options.num_threads, options.max_tile_pixels, options.device};
}

KeyedCoating keyed_coating(const extractors::CoatKey& key, const CoatOptions& options) {
  return key.method == "frame" ? of_frame(key) : of_networks(key, options);
}

}  // namespace patina::coat
