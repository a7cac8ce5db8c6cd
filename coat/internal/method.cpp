// SPDX-License-Identifier: Apache-2.0
#include "coat/internal/method.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "coat/fingerprint/fingerprint_torch.h"
#include "coat/frame/frame_coater.h"
#include "coat/internal/key_making.h"
#include "coat/siren/hypersphere_torch.h"
#include "coat/warp/warp.h"
#include "extractors/frame/frame_key.h"
#include "extractors/scorer.h"
#include "extractors/siren/scorer_torch.h"
#include "extractors/svd/dct_dwt_svd.h"
#include "extractors/svd/svd_key.h"
#include "tensors/blobs_torch.h"

namespace patina::coat {

namespace {

/// The generator and extractor of a Siren key.
class Networks {
 public:
  Networks(const keys::CoatKey& key, const CoatOptions& options)
      : pair_(pair_of(key)),
        coater_(pair_, key.message_hex, {options.compute, options.max_tile_pixels}),
        features_(key, scorer_options(options)),
        center_(tensors::tensor_from_blob(key.tensors.at("center")).to(torch::kFloat64).flatten()) {
  }

  siren::CoatingPattern pattern(const images::Image& image) { return coater_.pattern(image); }

  Reading read(const images::Image& image) {
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

KeyedCoating of_networks(const keys::CoatKey& key, const CoatOptions& options) {
  const auto networks = std::make_shared<Networks>(key, options);
  return {[networks](const images::Image& image) { return networks->pattern(image); },
          {},
          [networks](const images::Image& image) { return networks->read(image); },
          true};
}

KeyedCoating of_frame(const keys::CoatKey& key) {
  const siren::FrameMark mark = siren::mark_of(key);
  const extractors::FrameSphere sphere = extractors::frame_sphere(key);
  return {[mark](const images::Image& image) { return siren::frame_pattern(image, mark); },
          {},
          [sphere](const images::Image& image) {
            const double statistic = sphere.reader.statistic(image);
            return Reading{statistic / sphere.center,
                           extractors::frame_score(statistic, sphere.center)};
          },
          false};
}

KeyedCoating of_svd(const keys::CoatKey& key) {
  const extractors::SvdWatermark watermark = extractors::svd_watermark(key);
  KeyedCoating coating;
  coating.replaced = [watermark](const images::Image& image) {
    return extractors::embed_bits(image, watermark);
  };
  coating.read = [watermark](const images::Image& image) {
    const double agreement = extractors::block_agreement(image, watermark);
    return Reading{2.0 * agreement - 1.0, 1.0 - agreement};
  };
  return coating;
}

// Where 1/2 is chance and 0 what the key says.
std::function<Reading(const images::Image&)> read_shares(const keys::CoatKey& key) {
  const std::shared_ptr<keys::Extractor> scorer = extractors::make_scorer(key);
  return [scorer](const images::Image& image) {
    const double score = scorer->score({&image}).front();
    return Reading{1.0 - 2.0 * score, score};
  };
}

KeyedCoating of_fingerprint(const keys::CoatKey& key) {
  const auto coater = std::make_shared<baselines::FingerprintCoater>(key);
  KeyedCoating coating;
  coating.pattern = [coater](const images::Image& image) { return coater->pattern(image); };
  coating.read = read_shares(key);
  coating.stops_at_centre = false;
  return coating;
}

KeyedCoating of_warp(const keys::CoatKey& key) {
  const baselines::WarpField field = baselines::warp_of(key);
  KeyedCoating coating;
  coating.replaced = [field](const images::Image& image) {
    return baselines::warped(image, field);
  };
  coating.read = read_shares(key);
  return coating;
}

}  // namespace

extractors::ScorerOptions scorer_options(const CoatOptions& options) {
  return {options.compute, options.max_tile_pixels};
}

KeyedCoating keyed_coating(const keys::CoatKey& key, const CoatOptions& options) {
  if (key.method == "frame") return of_frame(key);
  if (key.method == "dct-dwt-svd") return of_svd(key);
  if (key.method == "fingerprint") return of_fingerprint(key);
  if (key.method == "warp") return of_warp(key);
  return of_networks(key, options);
}

}  // namespace patina::coat
