// SPDX-License-Identifier: Apache-2.0
// The DCT-DWT-SVD watermark: what is embedded is read, what is not reads as chance.

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "coat/svd/embed_bits.h"
#include "core/files.h"
#include "core/rng.h"
#include "extractors/quality/quality.h"
#include "extractors/svd/dct_dwt_svd.h"
#include "images/image_io.h"
#include "tests/coat/photograph.h"
#include "tests/core/caught.h"

namespace patina::coat::svd {
namespace {

using extractors::block_agreement;
using extractors::measure_quality;
using extractors::SvdWatermark;

SvdWatermark watermark(std::uint64_t seed, std::size_t count = 32) {
  core::Rng rng(seed);
  SvdWatermark drawn;
  for (std::size_t i = 0; i < count; ++i) drawn.bits.push_back(rng.bernoulli(0.5));
  return drawn;
}

TEST(SvdWatermark, IsReadFromNearlyEveryBlock) {
  const SvdWatermark drawn = watermark(1);
  EXPECT_GT(block_agreement(embed_bits(photograph(), drawn), drawn), 0.95);
}

// Ten deviations above what chance does over the blocks of 8 by 8 pixels.
TEST(SvdWatermark, SurvivesMildCompression) {
  const SvdWatermark drawn = watermark(1);
  images::ImageFile file;
  file.image = embed_bits(photograph(), drawn);
  file.encoding = {images::ImageFormat::kJPEG, 90, false, false, false};
  const images::Image read = images::decode_image(images::encode_image(file), "jpeg").image;
  const double blocks = (read.width_px / 8) * (read.height_px / 8);
  EXPECT_GT(block_agreement(read, drawn), 0.5 + 10.0 * 0.5 / std::sqrt(blocks));
}

TEST(SvdWatermark, IsChanceInAnImageWithoutIt) {
  const images::Image image = photograph();
  double sum = 0.0;
  constexpr int kKeys = 60;
  for (int seed = 0; seed < kKeys; ++seed) {
    sum += block_agreement(image, watermark(static_cast<std::uint64_t>(seed) + 100));
  }
  EXPECT_NEAR(sum / kKeys, 0.5, 4.0 * 0.5 / std::sqrt(32.0 * kKeys));
}

// A block of constant U = c has approximations 2c and the largest singular value 8c: a step of 36
// moves c by at most 36 * 0.75 / 8 levels.
TEST(SvdWatermark, MovesAFlatBlockByNoMoreThanThreeQuartersOfAStep) {
  images::Image grey = images::make_image(8, 8);
  for (std::uint8_t& value : grey.bytes) value = 130;
  const images::Image marked = embed_bits(grey, watermark(2, 1));
  for (std::size_t i = 2; i < marked.bytes.size(); i += 3) {  // blue moves by U / 0.492
    EXPECT_LE(std::abs(marked.bytes[i] - 130), 36.0 * 0.75 / 8.0 / 0.492 + 1.0);
  }
}

TEST(SvdWatermark, OfASmallerStepIsFainter) {
  const images::Image image = photograph();
  SvdWatermark faint = watermark(1);
  faint.step = 12.0;
  EXPECT_GT(measure_quality(image, embed_bits(image, faint)).psnr_db,
            measure_quality(image, embed_bits(image, watermark(1))).psnr_db + 6.0);
}

TEST(SvdWatermark, NeedsABlock) {
  EXPECT_NE(core::caught_text([] {
              embed_bits(images::make_image(7, 30), watermark(1));
            }).find("needs an image of 8 pixels a side"),
            std::string::npos);
}

}  // namespace
}  // namespace patina::coat::svd
