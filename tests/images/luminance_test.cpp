// SPDX-License-Identifier: Apache-2.0
#include "images/pixels/luminance.h"

#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "images/pixels/centre_square.h"

namespace patina::images {
namespace {

// ITU-R BT.601-7, Sec. 2.5.1.
static_assert(luminance(1.0, 0.0, 0.0) == 0.299);
static_assert(luminance(0.0F, 1.0F, 0.0F) == 0.587F);
static_assert(luminance(0.0, 0.0, 1.0) == 0.114);

TEST(LuminancePlane, IsOfTheRegionRowByRow) {
  Image image = make_image(3, 2);
  const auto set = [&image](int x, int y, int channel) {
    image.bytes[static_cast<std::size_t>(3 * (3 * y + x) + channel)] = 255;
  };
  set(1, 0, 0);
  set(2, 0, 1);
  set(1, 1, 2);
  for (int channel = 0; channel < 3; ++channel) set(2, 1, channel);
  const auto near = [](double value) { return testing::DoubleNear(value, 1e-12); };
  EXPECT_THAT(luminance_plane(image, {1, 0, 2, 2}),
              testing::ElementsAre(near(0.299), near(0.587), near(0.114), near(1.0)));
}

TEST(CentreSquare, LeavesTheSmallerHalfOfAnOddRestBeforeIt) {
  const auto square = [](int width, int height) {
    const Rect rect = centre_square(width, height);
    EXPECT_EQ(rect.width, rect.height);
    return std::make_tuple(rect.x, rect.y, rect.width);
  };
  EXPECT_EQ(square(7, 4), std::make_tuple(1, 0, 4));
  EXPECT_EQ(square(4, 8), std::make_tuple(0, 2, 4));
  EXPECT_EQ(square(5, 5), std::make_tuple(0, 0, 5));
}

}  // namespace
}  // namespace patina::images
