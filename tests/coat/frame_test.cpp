// SPDX-License-Identifier: Apache-2.0
// Making a frame mark: where it lies, that it hides, and that its key and no other reads it, from
// the file as released and after what happens to files.
#include "coat/frame/frame.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "coat/coat.h"
#include "coat/frame/frame_method.h"
#include "coat/frame/visibility.h"
#include "coat/methods.h"
#include "core/files.h"
#include "core/rng.h"
#include "extractors/frame/frame_key.h"
#include "images/image_io.h"
#include "keys/coat_key.h"
#include "tests/core/scratch_folder.h"

namespace patina::coat {
namespace {

using frame::FrameMark;

double rms(const std::vector<float>& values) {
  double sum = 0.0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

FrameMark mark(std::uint64_t seed) { return frame::draw_mark(frame::learnable_spectrum(16), seed); }

TEST(FrameSpectrum, IsEvenAcrossAndNarrowsWithU) {
  const frame::FrameSpectrum spectrum = frame::learnable_spectrum(16);
  for (const auto& [u, v] : spectrum.index) {
    EXPECT_EQ(u % 2, 0);
    EXPECT_LT(u, 16);
    EXPECT_GE(v, 15);  // Half a wave a latent ...
    EXPECT_LE(v, 45);  // ... to one and a half.
    if (u == 14) {
      EXPECT_NEAR(v, 31, 2);
    }
    EXPECT_FALSE(u == 0 && v == 32) << "a line that every decoder leaves";
  }
  // Two keys agree by chance as the root of this number says, and 2^-103 is the smallest p-value.
  EXPECT_EQ(spectrum.index.size(), 103U);
}

TEST(FrameMark, IsFixedByItsSeedAndUnlikeAnothers) {
  EXPECT_EQ(mark(3).amplitudes, mark(3).amplitudes);
  const std::vector<double> one = mark(3).amplitudes, other = mark(4).amplitudes;
  double agreement = 0.0;
  for (std::size_t k = 0; k < one.size(); ++k) agreement += one[k] * other[k] > 0.0 ? 1.0 : -1.0;
  EXPECT_LT(std::abs(agreement), 4.0 * std::sqrt(static_cast<double>(one.size())));
}

TEST(MarkPlane, HasUnitPowerOverTheFrame) {
  const images::Rect frame{0, 0, 128, 128};
  EXPECT_NEAR(rms(frame::mark_plane(mark(1), frame, frame)), 1.0, 1e-5);
}

TEST(MarkPlane, OfAPartIsThePartOfTheWhole) {
  const images::Rect frame{10, 0, 96, 96};
  const std::vector<float> whole = frame::mark_plane(mark(1), frame, {0, 0, 116, 96});
  const std::vector<float> part = frame::mark_plane(mark(1), frame, {7, 20, 30, 11});
  for (std::size_t y = 0; y < 11; ++y) {
    for (std::size_t x = 0; x < 30; ++x) {
      EXPECT_NEAR(part[y * 30 + x], whole[(y + 20) * 116 + x + 7], 1e-5);
    }
  }
}

TEST(HidingPlane, IsLargerInTextureThanInTheFlat) {
  images::Image image = images::make_image(128, 128);
  core::Rng rng(1);
  for (std::size_t i = 0; i < image.bytes.size(); ++i) {
    const bool right = (i / 3) % 128 >= 64;
    image.bytes[i] = static_cast<std::uint8_t>(right ? 90 + rng.below(80) : 130);
  }
  const std::vector<float> plane = frame::hiding_plane(image);
  EXPECT_GT(plane[64 * 128 + 96], 3.0F * plane[64 * 128 + 32]);
  // 3 levels at mid grey [Chou & Li 1995].
  EXPECT_NEAR(plane[64 * 128 + 20], 3.0 / 255.0, 0.1 / 255.0);
}

// Left half even, right half of squares of random grey.
images::Image half_busy(int side_px, int square_px) {
  images::Image image = images::make_image(side_px, side_px);
  const auto side = static_cast<std::size_t>(side_px), square = static_cast<std::size_t>(square_px);
  core::Rng rng(1);
  std::vector<std::uint8_t> squares(side * side);
  for (std::uint8_t& value : squares) value = static_cast<std::uint8_t>(60 + rng.below(140));
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) {
      const std::uint8_t value = x < side / 2 ? 130 : squares[side * (y / square) + x / square];
      for (std::size_t c = 0; c < 3; ++c) image.bytes[3 * (side * y + x) + c] = value;
    }
  }
  return image;
}

// 512 pixels and 16 latents: waves of 32 pixels, whose quarters are 8.
TEST(UnseenPlane, IsLargerAmongContentOfTheMarksOwnSizeThanInTheFlat) {
  const std::vector<float> plane = frame::unseen_plane(half_busy(512, 16), 16);
  EXPECT_GT(plane[256 * 512 + 400], 4.0F * plane[256 * 512 + 120]);
  EXPECT_NEAR(255.0 * plane[256 * 512 + 120], 0.45, 0.01);
}

TEST(UnseenPlane, TakesFinerTextureForWhatItLeavesOfTheWaves) {
  const std::vector<float> coarse = frame::unseen_plane(half_busy(512, 16), 16);
  const std::vector<float> fine = frame::unseen_plane(half_busy(512, 1), 16);
  EXPECT_LT(fine[256 * 512 + 400], 0.5F * coarse[256 * 512 + 400]);
}

TEST(UnseenPlane, TakesThePaperBesideALineAndASlopeForFlat) {
  images::Image image = images::make_image(128, 128);
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 128; ++x) {
      const int value = x >= 62 && x < 66 ? 0 : x < 62 ? 250 : 100 + x;
      for (int c = 0; c < 3; ++c) {
        image.bytes[static_cast<std::size_t>(3 * (128 * y + x) + c)] = static_cast<std::uint8_t>(
            value);
      }
    }
  }
  const std::vector<float> plane = frame::unseen_plane(image, 16);
  for (const int x : {2, 30, 50, 84, 110, 125}) {
    EXPECT_NEAR(255.0 * plane[static_cast<std::size_t>(64 * 128 + x)], 0.45, 0.01) << x;
  }
}

// 0.45 levels in the light; in the dark less, down to 0.6 of it, since a level is a larger share.
TEST(UnseenPlane, OfAnEvenImageDependsOnItsLightAlone) {
  const std::pair<std::uint8_t, double> cases[] = {
      {0, 0.27}, {24, 0.36}, {48, 0.45}, {127, 0.45}, {255, 0.45}};
  for (const auto& [level, hidden] : cases) {
    images::Image image = images::make_image(40, 40);
    std::fill(image.bytes.begin(), image.bytes.end(), level);
    for (const float value : frame::unseen_plane(image, 16)) {
      ASSERT_NEAR(255.0 * value, hidden, 1e-3) << int{level};
    }
  }
}

TEST(FrameMark, TellsItsLatents) {
  for (const int latents : {8, 16, 64}) {
    EXPECT_EQ(frame::latents_of(frame::draw_mark(frame::learnable_spectrum(latents), 1)), latents);
  }
}

class FrameCoating : public ::testing::Test {
 protected:
  CoatOptions options(std::uint64_t seed, const std::string& name) const {
    CoatOptions options;
    options.inputs = {core::data_file("photos/owner")};
    options.output = scratch_ / name;
    options.key_path = scratch_ / (name + ".key");
    options.seed = seed;
    return options;
  }
  static double statistic(const keys::CoatKey& key, const images::Image& image) {
    return extractors::read_frame_sphere(key.scoring).reader.statistic(image);
  }
  core::ScratchFolder scratch_;
};

TEST_F(FrameCoating, OfHighFidelityIsFainterAndStillRead) {
  CoatOptions high = options(1, "high");
  high.fidelity.level = Fidelity::kHigh;
  const CoatResult faint = coat_images(high), standard = coat_images(options(1, "standard"));
  EXPECT_GT(faint.mean_quality.psnr_db, standard.mean_quality.psnr_db + 3.0);
  EXPECT_EQ(faint.calibration.auc, 1.0);
  for (const CoatedImage& image : faint.images) EXPECT_LE(image.strength, 1.5);
}

TEST_F(FrameCoating, IsReadByItsKeyAndByNoOther) {
  const CoatResult result = coat_images(options(1, "one"));
  coat_images(options(2, "two"));
  EXPECT_GE(result.mean_quality.psnr_db, 38.0);
  EXPECT_LE(result.mean_quality.delta_e_mean, 1.5);
  EXPECT_EQ(result.calibration.auc, 1.0);
  const keys::CoatKey own = keys::read_coat_key(scratch_ / "one.key");
  const keys::CoatKey other = keys::read_coat_key(scratch_ / "two.key");
  double own_sum = 0.0, other_sum = 0.0;
  for (const CoatedImage& image : result.images) {
    const images::Image released = images::read_image(scratch_ / "one" / image.relative).image;
    own_sum += statistic(own, released);
    other_sum += statistic(other, released);
  }
  const auto n = static_cast<double>(result.images.size());
  EXPECT_GT(own_sum / n, 4.0);
  EXPECT_LT(std::abs(other_sum / n), 1.5);
}

TEST_F(FrameCoating, SurvivesJpegAndReduction) {
  const CoatResult result = coat_images(options(1, "one"));
  const keys::CoatKey key = keys::read_coat_key(scratch_ / "one.key");
  double released_sum = 0.0, jpeg_sum = 0.0, small_sum = 0.0;
  for (const CoatedImage& image : result.images) {
    images::ImageFile file = images::read_image(scratch_ / "one" / image.relative);
    released_sum += statistic(key, file.image);
    small_sum += statistic(key, images::resize(file.image, 96, 96));
    file.encoding = {images::ImageFormat::kJPEG, 50, true, false, false};
    jpeg_sum += statistic(key, images::decode_image(images::encode_image(file), "jpeg").image);
  }
  EXPECT_GT(jpeg_sum, 0.9 * released_sum);
  EXPECT_GT(small_sum, 0.9 * released_sum);
}

TEST_F(FrameCoating, TakesOneImage) {
  CoatOptions one = options(1, "one");
  one.inputs = {core::data_file("photos/owner/clock-00.jpg")};
  const CoatResult result = coat_images(one);
  ASSERT_EQ(result.images.size(), 1U);
  EXPECT_LT(result.images[0].score_coated, result.images[0].score_clean);
}

TEST_F(FrameCoating, OfOneImageIsInsideItsKeysRange) {
  CoatOptions one = options(1, "one");
  one.inputs = {core::data_file("photos/owner/clock-00.jpg")};
  const CoatResult result = coat_images(one);
  EXPECT_GT(result.radius, 0.0);
  EXPECT_LE(result.images[0].score_coated, result.radius_score);
  EXPECT_GT(result.images[0].score_clean, result.radius_score);
}

// Statistics of 1 to 20 under a centre of 25: a tenth, 1 and 2, may lie outside, so that the range
// reaches down to 3.
TEST(FrameRadius, LeavesTheShareNuOfTheCoatedImagesOutside) {
  std::vector<double> statistics;
  for (int i = 20; i >= 1; --i) statistics.push_back(i);
  EXPECT_DOUBLE_EQ(frame::coated_radius(statistics, 25.0, 0.1), 22.0);
  EXPECT_DOUBLE_EQ(frame::coated_radius(statistics, 25.0, 0.0), 24.0);
}

// A statistic varies by 1 over keys, whatever the image.
TEST(FrameRadius, IsNeverUnderOneDeviation) {
  EXPECT_DOUBLE_EQ(frame::coated_radius({9.0}, 9.0, 0.1), 1.0);
  EXPECT_DOUBLE_EQ(frame::coated_radius({9.0, 9.0, 9.0}, 9.0, 0.1), 1.0);
}

TEST_F(FrameCoating, IsTheSameForTheSameSeed) {
  EXPECT_EQ(coat_images(options(5, "one")).merkle_root, coat_images(options(5, "two")).merkle_root);
}

TEST_F(FrameCoating, IsReadByTheScoringPartOfItsKey) {
  coat_images(options(1, "one"));
  const keys::CoatKey key = keys::read_coat_key(scratch_ / "one.key");
  keys::write_extractor(scratch_ / "extractor.safetensors", key);
  const keys::CoatKey part = keys::read_extractor(scratch_ / "extractor.safetensors");
  EXPECT_EQ(part.seed, 0U) << "the seed stays secret";
  const images::Image image =
      images::read_image(core::data_file("photos/owner/clock-00.jpg")).image;
  EXPECT_EQ(make_scorer(part)->score({&image}), make_scorer(key)->score({&image}));
  EXPECT_EQ(make_scorer(part)->key_terms({&image}), make_scorer(key)->key_terms({&image}));
}

}  // namespace
}  // namespace patina::coat
