// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "tensors/images_torch.h"
#include "tests/core/caught.h"
#include "transforms/crop_pool_torch.h"

namespace patina::transforms {
namespace {

/// Red is the column, green the row, blue the number of the image: a crop shows where it lies.
images::Image mapped_image(int width, int height, int number = 0) {
  images::Image image = images::make_image(width, height);
  std::size_t next = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const int value : {x, y, number}) {
        image.bytes[next++] = static_cast<std::uint8_t>(value);
      }
    }
  }
  return image;
}

/// A crop in byte levels, [3,size,size].
torch::Tensor draw_one(const CropPool& pool, const CropPool::Options& options, core::Rng& rng) {
  return (pool.draw(1, options, rng)[0] * 255.0).round();
}

float at(const torch::Tensor& crop, int channel, int y, int x) {
  return crop[channel][y][x].item<float>();
}

TEST(CropPool, GivesBatchesInUnitRange) {
  core::Rng rng(1);
  const CropPool pool({mapped_image(40, 30), mapped_image(64, 20, 200)});
  const torch::Tensor batch = pool.draw(5, {16, 1.0, 1.0, true}, rng);
  EXPECT_EQ(pool.size(), 2U);
  EXPECT_EQ(batch.sizes(), (std::vector<std::int64_t>{5, 3, 16, 16}));
  EXPECT_EQ(batch.scalar_type(), torch::kFloat32);
  EXPECT_GE(batch.min().item<float>(), 0.0F);
  EXPECT_LE(batch.max().item<float>(), 1.0F);
}

TEST(CropPool, TakesConnectedPixelsAtTheirOwnResolution) {
  core::Rng rng(2);
  const CropPool pool({mapped_image(40, 30)});
  for (int draw = 0; draw < 20; ++draw) {
    const torch::Tensor crop = draw_one(pool, {12, 1.0, 1.0, false}, rng);
    const float left = at(crop, 0, 0, 0), top = at(crop, 1, 0, 0);
    EXPECT_LE(left, 40 - 12);
    EXPECT_LE(top, 30 - 12);
    for (int i = 0; i < 12; ++i) {
      EXPECT_EQ(at(crop, 0, 3, i), left + static_cast<float>(i));
      EXPECT_EQ(at(crop, 1, i, 3), top + static_cast<float>(i));
    }
  }
}

TEST(CropPool, ReachesBothEndsOfAnImage) {
  core::Rng rng(3);
  const CropPool pool({mapped_image(11, 10)});
  std::set<float> lefts, tops;
  for (int draw = 0; draw < 100; ++draw) {
    const torch::Tensor crop = draw_one(pool, {9, 1.0, 1.0, false}, rng);
    lefts.insert(at(crop, 0, 0, 0));
    tops.insert(at(crop, 1, 0, 0));
  }
  EXPECT_EQ(lefts, (std::set<float>{0.0F, 1.0F, 2.0F}));
  EXPECT_EQ(tops, (std::set<float>{0.0F, 1.0F}));
}

TEST(CropPool, DrawsTheSameFromTheSameSeedAndOthersFromAnother) {
  const CropPool pool({mapped_image(60, 50), mapped_image(50, 60, 90)});
  const CropPool::Options options{16, 0.8, 1.5, true};
  core::Rng one(7), again(7), other(8);
  const torch::Tensor drawn = pool.draw(6, options, one);
  EXPECT_TRUE(torch::equal(pool.draw(6, options, again), drawn));
  EXPECT_FALSE(torch::equal(pool.draw(6, options, other), drawn));
  EXPECT_FALSE(torch::equal(pool.draw(6, options, one), drawn)) << "draws go on";
}

TEST(CropPool, MirrorsAboutHalfOfTheCropsLeftToRightAndNoneUpsideDown) {
  core::Rng rng(4);
  const CropPool pool({mapped_image(30, 30)});
  int mirrored = 0;
  constexpr int kDraws = 200;
  for (int draw = 0; draw < kDraws; ++draw) {
    const torch::Tensor crop = draw_one(pool, {8, 1.0, 1.0, true}, rng);
    mirrored += at(crop, 0, 0, 0) > at(crop, 0, 0, 7) ? 1 : 0;
    EXPECT_LT(at(crop, 1, 0, 0), at(crop, 1, 7, 0));
  }
  EXPECT_NEAR(mirrored, kDraws / 2, 4.0 * std::sqrt(kDraws / 4.0));  // Four deviations.
}

TEST(CropPool, MirrorsNoneWhereToldNotTo) {
  core::Rng rng(4);
  const CropPool pool({mapped_image(30, 30)});
  for (int draw = 0; draw < 30; ++draw) {
    const torch::Tensor crop = draw_one(pool, {8, 1.0, 1.0, false}, rng);
    EXPECT_LT(at(crop, 0, 0, 0), at(crop, 0, 0, 7));
  }
}

// A crop of 16 pixels at zoom z shows 16/z pixels of the image: neighbours differ by 1/z columns.
TEST(CropPool, ShowsSoManyPixelsAsTheZoomSays) {
  core::Rng rng(5);
  const CropPool pool({mapped_image(120, 120)});
  for (const auto& [zoom, step] : {std::pair(0.5, 2.0), std::pair(1.0, 1.0), std::pair(2.0, 0.5)}) {
    const torch::Tensor crop = pool.draw(1, {16, zoom, zoom, false}, rng)[0] * 255.0;
    EXPECT_NEAR((at(crop, 0, 8, 12) - at(crop, 0, 8, 4)) / 8.0, step, 0.07) << zoom;
    EXPECT_NEAR((at(crop, 1, 12, 8) - at(crop, 1, 4, 8)) / 8.0, step, 0.07) << zoom;
  }
}

TEST(CropPool, ZoomsBetweenItsBounds) {
  core::Rng rng(6);
  const CropPool pool({mapped_image(200, 200)});
  double least = 100.0, most = 0.0;
  for (int draw = 0; draw < 60; ++draw) {
    const torch::Tensor crop = pool.draw(1, {32, 0.5, 2.0, false}, rng)[0] * 255.0;
    const double step = (at(crop, 0, 16, 24) - at(crop, 0, 16, 8)) / 16.0;
    least = std::min(least, step);
    most = std::max(most, step);
  }
  EXPECT_GE(least, 0.5 - 0.07);
  EXPECT_LE(most, 2.0 + 0.07);
  EXPECT_LT(least, 0.7) << "comes near zoom 2";
  EXPECT_GT(most, 1.5) << "comes near zoom 1/2";
}

TEST(CropPool, EnlargesAnImageThatIsSmallerThanACrop) {
  core::Rng rng(7);
  const CropPool pool({mapped_image(10, 10)});
  const torch::Tensor crop = draw_one(pool, {40, 1.0, 1.0, false}, rng);
  EXPECT_EQ(at(crop, 0, 20, 0), 0.0F);
  EXPECT_EQ(at(crop, 0, 20, 39), 9.0F);
  EXPECT_EQ(at(crop, 1, 39, 20), 9.0F);
}

TEST(CropPool, DrawsFromAllItsImages) {
  core::Rng rng(8);
  const CropPool pool({mapped_image(9, 9, 10), mapped_image(9, 9, 20), mapped_image(9, 9, 30)});
  std::set<float> seen;
  for (int draw = 0; draw < 60; ++draw) {
    seen.insert(at(draw_one(pool, {8, 1.0, 1.0, true}, rng), 2, 0, 0));
  }
  EXPECT_EQ(seen, (std::set<float>{10.0F, 20.0F, 30.0F}));
}

TEST(CropPool, ReadsSixteenBitsAsUnitRangeToo) {
  images::Image deep = images::make_image(12, 12, 16);
  auto* samples = reinterpret_cast<std::uint16_t*>(deep.bytes.data());
  std::fill_n(samples, deep.sample_count(), std::uint16_t{13107});  // 65535 / 5.
  core::Rng rng(9);
  const torch::Tensor crop = CropPool({deep}).draw(1, {8, 1.0, 1.0, true}, rng);
  EXPECT_LT((crop - 0.2).abs().max().item<float>(), 1e-6F);
}

TEST(CropPool, RefusesNoImages) {
  EXPECT_EQ(core::caught_text([] { CropPool({}); }), "training images: none given.");
}

}  // namespace
}  // namespace patina::transforms
