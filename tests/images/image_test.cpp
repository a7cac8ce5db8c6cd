// SPDX-License-Identifier: Apache-2.0
#include "images/pixels/image.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/core/caught.h"

namespace patina::images {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

Image image_of(int width, int height, const std::vector<std::uint8_t>& grey) {
  Image image = make_image(width, height);
  for (std::size_t i = 0; i < grey.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      image.bytes[3 * i + k] = grey[i];
    }
  }
  return image;
}

std::vector<std::uint8_t> reds(const Image& image) {
  std::vector<std::uint8_t> values;
  for (std::size_t i = 0; i < image.bytes.size(); i += 3) {
    values.push_back(image.bytes[i]);
  }
  return values;
}

const std::uint16_t* words(const Image& image) {
  return reinterpret_cast<const std::uint16_t*>(image.bytes.data());
}

TEST(MakeImage, IsBlackAndHoldsThreeSamplesAPixel) {
  EXPECT_EQ(make_image(4, 3).bytes, std::vector<std::uint8_t>(36, 0));
  EXPECT_EQ(make_image(4, 3, 16).bytes.size(), 72U);
}

TEST(MakeImage, RefusesWhatIsNoImage) {
  EXPECT_EQ(
      core::caught_text([] { make_image(0, 3); }),
      "image: 0x3 pixels of 8 bits cannot be held; give positive sides and a depth of 8 or 16.");
  EXPECT_EQ(core::caught([] { make_image(2, 3, 12); }).kind(), core::ErrorKind::kInput);
}

TEST(ReadUnit, GivesPlanesOfTheRegion) {
  Image image = make_image(3, 2);
  for (std::size_t i = 0; i < image.bytes.size(); ++i) {
    image.bytes[i] = static_cast<std::uint8_t>(51 * (i % 5));
  }
  std::vector<float> planar(6);
  read_unit(image, {1, 0, 1, 2}, planar.data());
  // Pixels (1,0) and (1,1) hold samples 3..5 and 12..14 of the row-major order.
  EXPECT_THAT(planar, ElementsAreArray({0.6F, 0.4F, 0.8F, 0.6F, 0.0F, 0.8F}));
}

TEST(ReadUnit, ReachesZeroAndOneAtBothDepths) {
  Image image = make_image(1, 1, 16);
  const std::uint16_t samples[] = {0, 65535, 13107};
  std::copy(samples, samples + 3, reinterpret_cast<std::uint16_t*>(image.bytes.data()));
  std::vector<float> planar(3);
  read_unit(image, {0, 0, 1, 1}, planar.data());
  EXPECT_THAT(planar, ElementsAre(0.0F, 1.0F, 0.2F));
}

TEST(WriteUnit, ClampsAndRoundsHalfUp) {
  struct Case {
    float unit;
    std::uint8_t byte;
  };
  const Case cases[] = {{-1.0F, 0},
                        {0.5F / 255.0F, 1},
                        {0.49F / 255.0F, 0},
                        {0.5F, 128},
                        {1.0F, 255},
                        {7.0F, 255},
                        {std::numeric_limits<float>::infinity(), 255},
                        {std::nanf(""), 0}};
  for (const Case& c : cases) {
    Image image = make_image(1, 1);
    const float planar[] = {c.unit, c.unit, c.unit};
    write_unit(image, {0, 0, 1, 1}, planar);
    EXPECT_EQ(image.bytes, std::vector<std::uint8_t>(3, c.byte)) << c.unit;
  }
}

TEST(WriteUnit, LeavesPixelsOutsideTheRegion) {
  Image image = image_of(3, 1, {7, 8, 9});
  const float planar[] = {1.0F, 1.0F, 1.0F};
  write_unit(image, {1, 0, 1, 1}, planar);
  EXPECT_THAT(reds(image), ElementsAre(7, 255, 9));
}

TEST(WriteUnit, UndoesReadUnitForEveryByte) {
  Image image = make_image(256, 1);
  for (std::size_t i = 0; i < image.bytes.size(); ++i) {
    image.bytes[i] = static_cast<std::uint8_t>(i / 3);
  }
  std::vector<float> planar(image.bytes.size());
  read_unit(image, {0, 0, 256, 1}, planar.data());
  Image again = make_image(256, 1);
  write_unit(again, {0, 0, 256, 1}, planar.data());
  EXPECT_EQ(again.bytes, image.bytes);
}

TEST(WriteUnit, UndoesReadUnitForEveryWord) {
  Image image = make_image(65536, 1, 16);
  auto* samples = reinterpret_cast<std::uint16_t*>(image.bytes.data());
  for (std::size_t i = 0; i < image.sample_count(); ++i) {
    samples[i] = static_cast<std::uint16_t>(i / 3);
  }
  std::vector<float> planar(image.sample_count());
  read_unit(image, {0, 0, 65536, 1}, planar.data());
  Image again = make_image(65536, 1, 16);
  write_unit(again, {0, 0, 65536, 1}, planar.data());
  EXPECT_EQ(again.bytes, image.bytes);
}

TEST(Resize, HalvesByAveragingBlocks) {
  const Image image = image_of(4,
                               2,
                               {0,
                                10,
                                100,
                                200,  //
                                20,
                                30,
                                100,
                                0});
  EXPECT_THAT(reds(resize(image, 2, 1)), ElementsAre(15, 100));
}

TEST(Resize, WeighsPartlyCoveredPixels) {
  // 3 -> 2: each output covers 1.5 inputs: (90 + 0.5*30)/1.5 and (0.5*30 + 210)/1.5.
  EXPECT_THAT(reds(resize(image_of(3, 1, {90, 30, 210}), 2, 1)), ElementsAre(70, 150));
}

TEST(Resize, EnlargesLinearlyBetweenCentres) {
  // 2 -> 4: centres fall at -0.25, 0.25, 0.75, 1.25 of the source grid, clamped at the edges.
  EXPECT_THAT(reds(resize(image_of(2, 1, {0, 100}), 4, 1)), ElementsAre(0, 25, 75, 100));
}

TEST(Resize, ReducesOneSideWhileEnlargingTheOther) {
  EXPECT_THAT(reds(resize(image_of(2, 2, {0, 100, 40, 140}), 4, 1)), ElementsAre(20, 45, 95, 120));
}

TEST(Resize, KeepsAConstantImageConstantAtEveryScale) {
  for (const int depth : {8, 16}) {
    Image image = make_image(37, 23, depth);
    std::fill(image.bytes.begin(), image.bytes.end(), std::uint8_t{255});
    for (const int side : {1, 5, 22, 24, 36, 64}) {
      const Image resized = resize(image, side, side + 1);
      EXPECT_EQ(resized.bytes, std::vector<std::uint8_t>(resized.bytes.size(), 255)) << side;
    }
  }
}

TEST(Resize, KeepsTheMeanWhenReducingByAWholeFactor) {
  Image image = make_image(60, 60, 16);
  auto* samples = reinterpret_cast<std::uint16_t*>(image.bytes.data());
  double before = 0.0;
  for (std::size_t i = 0; i < image.sample_count(); ++i) {
    samples[i] = static_cast<std::uint16_t>(i * 7919U % 65536U);
    before += samples[i];
  }
  const Image small = resize(image, 6, 6);
  double after = 0.0;
  for (std::size_t i = 0; i < small.sample_count(); ++i) {
    after += words(small)[i];
  }
  EXPECT_NEAR(after / 108.0, before / 10800.0, 0.5);
}

TEST(Resize, ToTheSameSizeIsTheIdentity) {
  const Image image = image_of(2, 2, {1, 2, 3, 4});
  EXPECT_EQ(resize(image, 2, 2).bytes, image.bytes);
}

}  // namespace
}  // namespace patina::images
