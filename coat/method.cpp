// SPDX-License-Identifier: Apache-2.0
#include "coat/internal/method.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "coat/internal/key_making.h"
#include "coat/siren/frame_coater.h"
#include "coat/siren/hypersphere_torch.h"
#include "extractors/dct_dwt_svd.h"
#include "extractors/frame_key.h"
#include "extractors/scorer_torch.h"
#include "extractors/svd_key.h"
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

// What the watermark changes, so that the strength of the options gives just that.
siren::CoatingPattern svd_pattern(const core::Image& image,
                                  const extractors::SvdWatermark& watermark,
                                  double strength) {
  const core::Image marked = extractors::embed_bits(image, watermark);
  siren::CoatingPattern pattern{image.width_px, image.height_px, {}};
  pattern.steps.resize(image.sample_count());
  const core::Rect whole{0, 0, image.width_px, image.height_px};
  std::vector<float> before(image.sample_count()), after(image.sample_count());
  core::read_unit(image, whole, before.data());
  core::read_unit(marked, whole, after.data());
  const std::size_t pixels = image.sample_count() / 3;
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      const double steps =
          (after[c * pixels + i] - before[c * pixels + i]) / (strength * siren::kPatternStep);
      pattern.steps[3 * i + c] =
          static_cast<std::int8_t>(std::lround(std::clamp(steps, -127.0, 127.0)));
    }
  }
  return pattern;
}

KeyedCoating of_svd(const extractors::CoatKey& key, const CoatOptions& options) {
  const extractors::SvdWatermark watermark = extractors::svd_watermark(key);
  const double strength = options.strength;
  KeyedCoating coating;
  coating.pattern = [watermark, strength](const core::Image& image) {
    return svd_pattern(image, watermark, strength);
  };
  coating.read = [watermark](const core::Image& image) {
    const double agreement = extractors::block_agreement(image, watermark);
    return Reading{2.0 * agreement - 1.0, 1.0 - agreement};
  };
  coating.fixed_strength = true;
  return coating;
}

}  // namespace

extractors::ScorerOptions scorer_options(const CoatOptions& options) {
  return {options.precision, options.num_threads, options.max_tile_pixels, options.device};
}

KeyedCoating keyed_coating(const extractors::CoatKey& key, const CoatOptions& options) {
  if (key.method == "frame") return of_frame(key);
  if (key.method == "dct-dwt-svd") return of_svd(key, options);
  return of_networks(key, options);
}

}  // namespace patina::coat
