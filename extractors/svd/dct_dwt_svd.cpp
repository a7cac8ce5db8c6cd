// SPDX-License-Identifier: Apache-2.0
#include "extractors/svd/dct_dwt_svd.h"

#include <cmath>

#include "core/error.h"
#include "core/rng.h"
#include "extractors/svd/svd_blocks.h"
#include "keys/key_tensors.h"

namespace patina::extractors {

namespace {

bool reads_as_one(const SvdBlock& block, double step) {
  return std::fmod(largest_singular(block).value, step) > 0.5 * step;
}

class SvdScorer : public keys::Extractor {
 public:
  SvdScorer(const keys::CoatKey& key, const keys::MethodRecord& method)
      : watermark_(read_svd_watermark(key.scoring)),
        info_(keys::describe_extractor(key, method, "float64")) {}

  std::vector<double> score(const std::vector<const images::Image*>& images) override {
    std::vector<double> scores;
    for (const images::Image* image : images) {
      scores.push_back(1.0 - block_agreement(*image, watermark_));
    }
    return scores;
  }

  keys::ExtractorInfo info() const override { return info_; }

 private:
  SvdWatermark watermark_;
  keys::ExtractorInfo info_;
};

}  // namespace

void require_usable(const images::Image& image, const SvdWatermark& watermark) {
  constexpr int kLeast = 8;
  if (image.width_px < kLeast || image.height_px < kLeast || watermark.bits.empty() ||
      watermark.step <= 0.0) {
    throw core::Error(core::ErrorKind::kInput,
                      "DCT-DWT-SVD watermark",
                      "needs an image of 8 pixels a side, a bit and a step above 0",
                      "use a larger image");
  }
}

double block_agreement(const images::Image& image, const SvdWatermark& watermark) {
  require_usable(image, watermark);
  std::size_t agree = 0, blocks = 0;
  for_each_block(yuv_from_image(image),
                 [&](std::size_t number, std::size_t, const SvdBlock& block) {
                   const bool bit = watermark.bits[number % watermark.bits.size()];
                   agree += reads_as_one(block, watermark.step) == bit ? 1 : 0;
                   ++blocks;
                 });
  return static_cast<double>(agree) / static_cast<double>(blocks);
}

SvdWatermark read_svd_watermark(const keys::KeyPart& scoring) {
  const std::vector<double> step = keys::read_values(scoring, "step");
  SvdWatermark watermark;
  for (const double bit : keys::read_values(scoring, "bits")) watermark.bits.push_back(bit > 0.5);
  if (step.size() != 1 || step[0] <= 0.0 || watermark.bits.empty()) {
    throw core::Error(core::ErrorKind::kInput,
                      "key",
                      "bits and step of its watermark are not usable",
                      "use the key as it was written");
  }
  watermark.step = step[0];
  return watermark;
}

std::unique_ptr<keys::Extractor> make_svd_scorer(const keys::CoatKey& key,
                                                 const keys::MethodRecord& method,
                                                 const ScorerOptions& /*options*/) {
  return std::make_unique<SvdScorer>(key, method);
}

}  // namespace patina::extractors
