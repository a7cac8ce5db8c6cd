// SPDX-License-Identifier: Apache-2.0
// The Frechet distance of layouts, on flat images, whose layouts are their colours.
#include "evaluate/chain/layout.h"

#include <gtest/gtest.h>

#include "tests/core/caught.h"

namespace patina::evaluate {
namespace {

images::Image flat(int level) {
  images::Image image = images::make_image(64, 48);
  for (std::uint8_t& value : image.bytes) value = static_cast<std::uint8_t>(level);
  return image;
}

TEST(LayoutDistance, OfACollectionToItselfIsZero) {
  const std::vector<images::Image> images = {flat(10), flat(30), flat(80)};
  EXPECT_NEAR(layout_distance(images, images), 0.0, 1e-6);
}

// 16 cells of three colours, each 20 levels apart, and 16 deviations that are 0: 48 * 20^2. The
// covariances are the same.
TEST(LayoutDistance, OfAShiftIsItsSquareOverAllColours) {
  EXPECT_NEAR(layout_distance({flat(10), flat(30)}, {flat(30), flat(50)}), 48 * 400.0, 0.01);
}

// Every entry of the covariance of the 48 colours is v: its trace is 48 v, and so is that of its
// root's square. (sd 10 and 20, sample variance of two values 2 d^2): 48 (a - b)^2 with a = 14.142,
// b = 28.284 is 48 * 200.
TEST(LayoutDistance, SeesASpreadOfLevels) {
  EXPECT_NEAR(layout_distance({flat(90), flat(110)}, {flat(80), flat(120)}), 48 * 200.0, 0.01);
}

TEST(LayoutDistance, SeesDetailWithinACell) {
  images::Image striped = flat(100);
  for (std::size_t at = 0; at < striped.bytes.size(); ++at) {
    const std::size_t row = at / 3 / 64;
    striped.bytes[at] = (row / 3) % 2 == 0 ? 60 : 140;
  }
  EXPECT_GT(layout_distance({striped, striped}, {flat(100), flat(100)}), 16 * 20.0 * 20.0);
}

TEST(LayoutDistance, NeedsTwoImages) {
  EXPECT_EQ(core::caught([] {
              layout_distance({flat(1)}, {flat(1), flat(2)});
            }).kind(),
            core::ErrorKind::kInput);
}

}  // namespace
}  // namespace patina::evaluate
