// SPDX-License-Identifier: Apache-2.0
// The crops that a key is trained on: how many windows an image gives, and what is left out.
#include <set>

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "coat/crops/training_pool_torch.h"
#include "core/error.h"
#include "tests/core/caught.h"

namespace patina::coat {
namespace {

images::Image even_grey(int width, int height, std::uint8_t level = 100) {
  images::Image image = images::make_image(width, height);
  std::fill(image.bytes.begin(), image.bytes.end(), level);
  return image;
}

KeyRequest request_of(std::size_t count, ImageAt image_at) {
  KeyRequest request;
  request.count = count;
  request.image_at = std::move(image_at);
  request.seed = 3;
  return request;
}

std::size_t windows_of(std::size_t count, int width, int height) {
  const images::Image image = even_grey(width, height);
  return training_pool(request_of(count, [&](std::size_t) { return image; })).size();
}

// A window has 512 pixels a side: an image gives one and another for each whole area of a window,
// but no more than 16.
TEST(TrainingPool, TakesAsManyWindowsAsAnImageHasAreas) {
  EXPECT_EQ(windows_of(1, 96, 80), 1U);
  EXPECT_EQ(windows_of(1, 511, 512), 1U);
  EXPECT_EQ(windows_of(1, 512, 512), 2U);
  EXPECT_EQ(windows_of(1, 1024, 512), 3U);
  EXPECT_EQ(windows_of(1, 2048, 2048), 16U);
  EXPECT_EQ(windows_of(3, 512, 512), 6U);
}

// 400 windows of 512 pixels a side are 300 MB, shared out fairly.
TEST(TrainingPool, IsBoundedHoweverLargeTheSetIs) {
  EXPECT_EQ(windows_of(400, 64, 64), 400U);
  EXPECT_EQ(windows_of(2000, 64, 64), 400U);
  EXPECT_EQ(windows_of(150, 1024, 600), 300U) << "two of each";
}

TEST(TrainingPool, ReadsNoMoreImagesThanItTakesAndEachOnce) {
  std::multiset<std::size_t> read;
  training_pool(request_of(1000, [&](std::size_t i) {
    read.insert(i);
    return even_grey(16, 16);
  }));
  EXPECT_EQ(read.size(), 400U);
  EXPECT_EQ(std::set<std::size_t>(read.begin(), read.end()).size(), 400U);
  EXPECT_LT(*read.rbegin(), 1000U);
  EXPECT_GT(*read.rbegin(), 900U) << "from all over the set";
}

images::Image unless_odd(std::size_t i) {
  if (i % 2 == 1) throw core::Error(core::ErrorKind::kInput, "image", "is damaged");
  return even_grey(32, 32);
}

TEST(TrainingPool, LeavesOutWhatCannotBeRead) {
  EXPECT_EQ(training_pool(request_of(7, unless_odd)).size(), 4U);
  KeyRequest preview = request_of(7, unless_odd);
  preview.train = false;
  EXPECT_EQ(training_pool(preview).size(), 4U);
}

TEST(TrainingPool, RefusesASetOfWhichNothingCanBeRead) {
  const ImageAt none = [](std::size_t) -> images::Image {
    throw core::Error(core::ErrorKind::kInput, "image", "is damaged");
  };
  for (const std::size_t count : {std::size_t{0}, std::size_t{3}}) {
    EXPECT_EQ(core::caught_text([&] { training_pool(request_of(count, none)); }),
              "IMAGES: none of the images can be read; check the files.");
    EXPECT_THROW(training_pool(request_of(count, none), {even_grey(16, 16)}), core::Error)
        << "a supplement does not stand for the set";
  }
}

TEST(TrainingPool, HasASupplementOnTop) {
  const transforms::CropPool pool = training_pool(
      request_of(2, [](std::size_t) { return even_grey(32, 32, 50); }),
      {even_grey(32, 32, 200), even_grey(32, 32, 201), even_grey(32, 32, 202)});
  EXPECT_EQ(pool.size(), 5U);
}

/// A diagonal ramp of 700 pixels a side, which a window of 512 cannot hold.
images::Image large_ramp() {
  images::Image image = images::make_image(700, 700);
  for (std::size_t i = 0; i < image.bytes.size(); ++i) {
    image.bytes[i] = static_cast<std::uint8_t>((i / 3 % 700 + i / 2100) * 255 / 1398);
  }
  return image;
}

/// Brightest and darkest level that crops of the given side show.
std::pair<double, double> levels_of(const transforms::CropPool& pool, int side) {
  core::Rng rng(1);
  const torch::Tensor crop = 255.0 * pool.draw(1, {side, 1.0, 1.0, false}, rng);
  return {crop.min().item<double>(), crop.max().item<double>()};
}

TEST(TrainingPool, TakesWholeImagesForAPreview) {
  KeyRequest preview = request_of(1, [](std::size_t) { return large_ramp(); });
  preview.train = false;
  const transforms::CropPool pool = training_pool(preview);
  EXPECT_EQ(pool.size(), 1U);
  const auto [darkest, brightest] = levels_of(pool, 700);
  EXPECT_NEAR(darkest, 0.0, 0.01);
  EXPECT_NEAR(brightest, 255.0, 0.01);
}

// Across a window's diagonal the ramp rises by 2 * 511 / 1398 of its range, 186 levels.
TEST(TrainingPool, CutsWindowsAtTheImagesOwnResolution) {
  const transforms::CropPool pool = training_pool(
      request_of(1, [](std::size_t) { return large_ramp(); }));
  EXPECT_EQ(pool.size(), 2U);
  const auto [darkest, brightest] = levels_of(pool, 512);
  EXPECT_NEAR(brightest - darkest, 186.4, 1.5);
}

TEST(TrainingPool, IsFixedByTheRequestsSeed) {
  const auto first_crops = [](std::uint64_t seed) {
    KeyRequest request = request_of(1, [](std::size_t) { return large_ramp(); });
    request.seed = seed;
    core::Rng rng(2);
    return training_pool(request).draw(3, {64, 1.0, 1.0, true}, rng);
  };
  EXPECT_TRUE(torch::equal(first_crops(5), first_crops(5)));
  EXPECT_FALSE(torch::equal(first_crops(5), first_crops(6)));
}

}  // namespace
}  // namespace patina::coat
