// SPDX-License-Identifier: Apache-2.0
// Where a warp reads each pixel, worked out by hand: strength / 2 pixels at 128 a side, in proportion
// elsewhere, and never outside the image.
#include <cmath>
#include <cstring>
#include <numeric>

#include <gtest/gtest.h>

#include "coat/warp/warp.h"
#include "keys/key_tensors.h"
#include "tests/core/caught.h"

namespace patina::coat::warp {
namespace {

/// The same displacement at all control points.
WarpField constant_field(double x, double y, double strength, int points = 4) {
  const auto count = static_cast<std::size_t>(points) * static_cast<std::size_t>(points);
  return {points, std::vector<double>(count, x), std::vector<double>(count, y), strength};
}

std::size_t index_of(int x, int y, int width) { return static_cast<std::size_t>(y * width + x); }

TEST(WarpPlaces, OfAConstantFieldAreShiftedByHalfTheStrength) {
  const WarpPlaces places = warp_places(constant_field(1.0, -1.0, 4.0), 128, 128);
  for (const auto& [x, y] : {std::pair(0, 64), std::pair(50, 70), std::pair(100, 127)}) {
    EXPECT_NEAR(places.x[index_of(x, y, 128)], x + 2.0, 1e-4) << x;
    EXPECT_NEAR(places.y[index_of(x, y, 128)], y - 2.0, 1e-4) << y;
  }
}

// A pixel at 128 a side is two at 256 and half of one at 64, each side by itself.
TEST(WarpPlaces, GrowInProportionToTheSides) {
  const WarpPlaces places = warp_places(constant_field(1.0, 1.0, 2.0), 256, 64);
  EXPECT_NEAR(places.x[index_of(100, 30, 256)], 102.0, 1e-4);
  EXPECT_NEAR(places.y[index_of(100, 30, 256)], 30.5, 1e-4);
}

TEST(WarpPlaces, AreDrawnInToTheEdge) {
  const WarpPlaces places = warp_places(constant_field(1.0, -1.0, 20.0), 128, 128);
  EXPECT_EQ(places.x[index_of(127, 0, 128)], 127.0F);
  EXPECT_EQ(places.x[index_of(120, 5, 128)], 127.0F);
  EXPECT_EQ(places.y[index_of(3, 4, 128)], 0.0F);
  EXPECT_NEAR(places.y[index_of(3, 10, 128)], 0.0, 1e-4);
}

// The corners of the image lie on the corner control points, which are met exactly.
TEST(WarpPlaces, MeetTheControlPointsAtTheCorners) {
  WarpField field = constant_field(0.0, 0.0, 2.0, 2);
  field.x = {0.5, -0.5, 0.25, -0.25};
  field.y = {1.0, 2.0, -3.0, -4.0};
  const WarpPlaces places = warp_places(field, 128, 128);
  EXPECT_NEAR(places.x[index_of(0, 0, 128)], 0.5, 1e-6);
  EXPECT_NEAR(places.x[index_of(127, 0, 128)], 126.5, 1e-5);
  EXPECT_NEAR(places.x[index_of(0, 127, 128)], 0.25, 1e-6);
  EXPECT_NEAR(places.y[index_of(0, 0, 128)], 1.0, 1e-6);
  EXPECT_NEAR(places.y[index_of(127, 0, 128)], 2.0, 1e-6);
  EXPECT_NEAR(places.y[index_of(0, 127, 128)], 124.0, 1e-4);
}

// Keys' cubic convolution with a = -3/4 halfway between the second and the third of four points
// weighs them -3/32, 19/32, 19/32, -3/32.
TEST(WarpPlaces, AreCubicBetweenControlPoints) {
  WarpField field = constant_field(0.0, 0.0, 2.0);
  for (std::size_t row = 0; row < 4; ++row) {
    for (const auto& [column, value] : {std::pair(0, 1.0), std::pair(1, 2.0), std::pair(2, 4.0)}) {
      field.x[4 * row + static_cast<std::size_t>(column)] = value;
    }
  }
  // Of 129 pixels the 65th lies in the middle; the reach is 129/128.
  const WarpPlaces places = warp_places(field, 129, 129);
  const double expected = (-3.0 * 1.0 + 19.0 * 2.0 + 19.0 * 4.0 - 3.0 * 0.0) / 32.0 * 129.0 / 128.0;
  EXPECT_NEAR(places.x[index_of(64, 20, 129)] - 64.0, expected, 1e-4);
}

TEST(WarpPlaces, CountOneForEveryPixel) {
  const WarpPlaces places = warp_places(draw_warp(3), 30, 17);
  EXPECT_EQ(places.x.size(), 510U);
  EXPECT_EQ(places.y.size(), 510U);
  for (std::size_t i = 0; i < places.x.size(); ++i) {
    ASSERT_TRUE(places.x[i] >= 0.0F && places.x[i] <= 29.0F);
    ASSERT_TRUE(places.y[i] >= 0.0F && places.y[i] <= 16.0F);
  }
}

/// Red runs from left to right, green from top to bottom, by two levels a pixel.
images::Image ramps(int bit_depth) {
  images::Image image = images::make_image(128, 128, bit_depth);
  auto* deep = reinterpret_cast<std::uint16_t*>(image.bytes.data());
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 128; ++x) {
      const std::size_t at = 3 * index_of(x, y, 128);
      for (std::size_t c = 0; c < 3; ++c) {
        const int value = c == 0 ? 2 * x : c == 1 ? 2 * y : 9;
        if (bit_depth == 16) {
          deep[at + c] = static_cast<std::uint16_t>(257 * value);
        } else {
          image.bytes[at + c] = static_cast<std::uint8_t>(value);
        }
      }
    }
  }
  return image;
}

// Half a pixel along a ramp of two levels a pixel is one level.
TEST(Warped, ReadsBetweenPixelsBilinearly) {
  const images::Image moved = warped(ramps(8), constant_field(0.5, -0.5, 2.0));
  const std::size_t at = 3 * index_of(40, 60, 128);
  EXPECT_EQ(moved.bytes[at], 81);
  EXPECT_EQ(moved.bytes[at + 1], 119);
  EXPECT_EQ(moved.bytes[at + 2], 9);
}

// A quarter of a pixel is half a level, which only 16 bits hold: 128.5 of 257.
TEST(Warped, KeepsSixteenBits) {
  const images::Image moved = warped(ramps(16), constant_field(0.25, 0.0, 2.0));
  ASSERT_EQ(moved.bit_depth, 16);
  std::uint16_t red = 0;
  std::memcpy(&red, moved.bytes.data() + 2 * 3 * index_of(40, 60, 128), sizeof red);
  EXPECT_NEAR(red, 257 * 80 + 128.5, 1.0);
}

TEST(DrawnWarp, IsFixedByItsSeedAndUnlikeAnothers) {
  EXPECT_EQ(draw_warp(5).x, draw_warp(5).x);
  EXPECT_EQ(draw_warp(5).y, draw_warp(5).y);
  EXPECT_NE(draw_warp(5).x, draw_warp(6).x);
  EXPECT_NE(draw_warp(5).x, draw_warp(5).y);
}

TEST(DrawnWarp, LeansToNoSide) {
  const WarpField field = draw_warp(5);
  // Uniform on [-2, 2] once its mean absolute value is 1: deviation 2/sqrt(3) over 32.
  for (const std::vector<double>* values : {&field.x, &field.y}) {
    const double mean = std::accumulate(values->begin(), values->end(), 0.0) / 1024.0;
    EXPECT_LT(std::abs(mean), 4.0 * 2.0 / std::sqrt(3.0) / 32.0);
  }
}

TEST(WarpInAKey, HasTheShapeOfItsDescription) {
  keys::KeyPart secret;
  put_warp(secret, draw_warp(5));
  EXPECT_EQ(secret.tensors.at("warp/field").shape, (std::vector<std::int64_t>{2, 32, 32}));
  EXPECT_EQ(secret.tensors.at("warp/strength").shape, (std::vector<std::int64_t>{1}));
  EXPECT_EQ(read_warp(secret).strength, 2.0);
}

TEST(WarpInAKey, ThatDoesNotGoTogetherIsRefused) {
  const std::string unusable =
      "key: the field of its warp is not usable; use the key as it was written.";
  // Too few points, no square, two strengths.
  const struct {
    std::size_t values, strengths;
  } cases[] = {{0, 1}, {2, 1}, {12, 1}, {9, 1}, {8, 2}, {8, 0}};
  for (const auto& [values, strengths] : cases) {
    keys::KeyPart secret;
    secret.tensors["warp/field"] = keys::blob_from_values(std::vector<double>(values),
                                                          {static_cast<std::int64_t>(values)});
    secret.tensors["warp/strength"] = keys::blob_from_values(
        std::vector<double>(strengths), {static_cast<std::int64_t>(strengths)});
    EXPECT_EQ(core::caught_text([&] { read_warp(secret); }), unusable) << values;
  }
  EXPECT_EQ(core::caught([] { read_warp({}); }).kind(), core::ErrorKind::kInput);
}

}  // namespace
}  // namespace patina::coat::warp
