// SPDX-License-Identifier: Apache-2.0
// A coating laid aside: what its steps are worth, and what an image and a pattern make together.
#include "coat/method/coating_pattern.h"

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "coat/method/coating.h"
#include "tests/core/caught.h"

namespace patina::coat {
namespace {

/// Two pixels of these six samples.
images::Image byte_image(std::vector<std::uint8_t> samples) {
  images::Image image = images::make_image(2, 1);
  image.bytes = std::move(samples);
  return image;
}

images::Image deep_image(const std::vector<std::uint16_t>& samples) {
  images::Image image = images::make_image(2, 1, 16);
  std::memcpy(image.bytes.data(), samples.data(), image.bytes.size());
  return image;
}

std::vector<std::uint16_t> deep_samples(const images::Image& image) {
  std::vector<std::uint16_t> samples(image.sample_count());
  std::memcpy(samples.data(), image.bytes.data(), image.bytes.size());
  return samples;
}

// A step is 1/12 byte level: +-127 steps are +-10.58 levels.
TEST(PatternStep, IsATwelfthOfAByteLevel) {
  EXPECT_DOUBLE_EQ(kPatternStep * 255.0 * 12.0, 1.0);
  EXPECT_EQ(
      apply_pattern(
          byte_image({100, 100, 100, 100, 100, 100}), {2, 1, {127, -127, 12, -12, 24, 0}}, 1.0)
          .bytes,
      (std::vector<std::uint8_t>{111, 89, 101, 99, 102, 100}));
}

TEST(PatternRms, IsTheRootOfTheMeanSquareInUnitRange) {
  const struct {
    std::vector<std::int8_t> steps;
    double root;  // In steps.
  } cases[] = {{{0, 0, 0}, 0.0},
               {{12, 12, 12}, 12.0},
               {{-5, 5, -5}, 5.0},
               {{3, 0, 4, 0, 0, 0}, 5.0 / std::sqrt(6.0)},
               {{-128, 127, 0}, std::sqrt((16384.0 + 16129.0) / 3.0)}};
  for (const auto& tested : cases) {
    EXPECT_DOUBLE_EQ(pattern_rms({static_cast<int>(tested.steps.size() / 3), 1, tested.steps}),
                     tested.root / (255.0 * 12.0));
  }
}

// -20 log10 of the root mean square is the PSNR of what is not clamped: one level in 255 is 48.13 dB.
TEST(PatternRms, GivesThePsnrOfACoatedImage) {
  EXPECT_NEAR(-20.0 * std::log10(pattern_rms({1, 1, {12, -12, 12}})), 48.1308, 1e-4);
}

TEST(ApplyPattern, GrowsWithTheStrength) {
  const images::Image clean = byte_image({100, 100, 100, 100, 100, 100});
  const CoatingPattern pattern{2, 1, {12, -12, 24, -24, 36, 0}};
  const std::pair<double, std::vector<std::uint8_t>> cases[] = {
      {0.0, {100, 100, 100, 100, 100, 100}},
      {1.0, {101, 99, 102, 98, 103, 100}},
      {2.0, {102, 98, 104, 96, 106, 100}},
      {-1.0, {99, 101, 98, 102, 97, 100}},
      {10.0, {110, 90, 120, 80, 130, 100}}};
  for (const auto& [strength, expected] : cases) {
    EXPECT_EQ(apply_pattern(clean, pattern, strength).bytes, expected) << strength;
  }
}

// 5/12 of a level is nothing and 7/12 is one, up as well as down.
TEST(ApplyPattern, RoundsToTheNearestLevel) {
  EXPECT_EQ(
      apply_pattern(byte_image({50, 50, 50, 50, 50, 50}), {2, 1, {5, 7, -5, -7, 17, -19}}, 1.0)
          .bytes,
      (std::vector<std::uint8_t>{50, 51, 50, 49, 51, 48}));
}

TEST(ApplyPattern, StaysWithinTheRangeOfEightBits) {
  EXPECT_EQ(apply_pattern(
                byte_image({0, 1, 254, 255, 255, 0}), {2, 1, {-120, -120, 120, 120, -12, 12}}, 1.0)
                .bytes,
            (std::vector<std::uint8_t>{0, 0, 255, 255, 254, 1}));
}

// At 16 bits a byte level is 65535 / 255 = 257.
TEST(ApplyPattern, AddsInProportionAtSixteenBits) {
  EXPECT_EQ(deep_samples(apply_pattern(deep_image({1000, 30000, 0, 65535, 100, 65500}),
                                       {2, 1, {12, -24, -12, 12, -12, 12}},
                                       1.0)),
            (std::vector<std::uint16_t>{1257, 29486, 0, 65535, 0, 65535}));
}

// A twelfth of a byte level, which 8 bits cannot hold, is 21.4 at 16.
TEST(ApplyPattern, KeepsAtSixteenBitsWhatEightCannotHold) {
  const CoatingPattern faint{2, 1, {1, -1, 1, -1, 1, -1}};
  EXPECT_EQ(apply_pattern(byte_image({9, 9, 9, 9, 9, 9}), faint, 1.0).bytes,
            (std::vector<std::uint8_t>{9, 9, 9, 9, 9, 9}));
  EXPECT_EQ(deep_samples(apply_pattern(deep_image({900, 900, 900, 900, 900, 900}), faint, 1.0)),
            (std::vector<std::uint16_t>{921, 879, 921, 879, 921, 879}));
}

TEST(ApplyPattern, LeavesTheCleanImageAsItIs) {
  const images::Image clean = byte_image({1, 2, 3, 4, 5, 6});
  const images::Image before = clean;
  apply_pattern(clean, {2, 1, {99, 99, 99, 99, 99, 99}}, 2.0);
  EXPECT_EQ(clean.bytes, before.bytes);
}

TEST(ApplyPattern, KeepsSizeAndDepth) {
  const images::Image coated = apply_pattern(
      images::make_image(3, 2, 16), {3, 2, std::vector<std::int8_t>(18)}, 1.0);
  EXPECT_EQ(coated.width_px, 3);
  EXPECT_EQ(coated.height_px, 2);
  EXPECT_EQ(coated.bit_depth, 16);
}

TEST(ApplyPattern, RefusesAPatternOfAnotherSize) {
  for (const auto& [width, height] : {std::pair(1, 2), std::pair(2, 2), std::pair(3, 1)}) {
    const CoatingPattern other{
        width, height, std::vector<std::int8_t>(static_cast<std::size_t>(3 * width * height))};
    const core::Error error = core::caught(
        [&] { apply_pattern(images::make_image(2, 1), other, 1.0); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kInternal);
    EXPECT_EQ(std::string(error.what()), "coating: pattern and image differ in size.");
  }
}

class FixedScore : public keys::Extractor {
 public:
  explicit FixedScore(double score) : score_(score) {}
  std::vector<double> score(const std::vector<const images::Image*>& images) override {
    return std::vector<double>(images.size(), score_);
  }
  keys::ExtractorInfo info() const override { return {}; }

 private:
  double score_;
};

// Chance is where clean images lie, position 0; what the key says is the centre, position 1.
TEST(ReadShares, PutsChanceAtNoughtAndTheKeysOwnAtOne) {
  for (const auto& [score, position] :
       {std::pair(0.5, 0.0), std::pair(0.0, 1.0), std::pair(0.25, 0.5), std::pair(1.0, -1.0)}) {
    const Reading reading = read_shares(std::make_shared<FixedScore>(score))(
        images::make_image(1, 1));
    EXPECT_EQ(reading.score, score);
    EXPECT_EQ(reading.position, position) << score;
  }
}

}  // namespace
}  // namespace patina::coat
