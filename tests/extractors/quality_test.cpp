// SPDX-License-Identifier: Apache-2.0
#include "extractors/quality/quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/rng.h"
#include "extractors/quality/ciede2000.h"
#include "images/pixels/image.h"

namespace patina::extractors {
namespace {

/// One plane of noise around a gradient.
std::vector<float> textured(int width_px, int height_px, double noise, std::uint64_t seed) {
  core::Rng rng(seed);
  std::vector<float> plane;
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      const double ramp = 0.2 + 0.5 * (x + y) / (width_px + height_px);
      plane.push_back(static_cast<float>(ramp + noise * rng.normal()));
    }
  }
  return plane;
}

images::Image filled(int width_px, int height_px, std::array<std::uint8_t, 3> color) {
  images::Image image = images::make_image(width_px, height_px);
  for (std::size_t i = 0; i < image.bytes.size(); ++i) image.bytes[i] = color[i % 3];
  return image;
}

/// Position beyond an edge, reflected about the edge of the outermost pixel.
int reflected(int i, int n) { return i < 0 ? -1 - i : (i >= n ? 2 * n - 1 - i : i); }

/// SSIM of one pixel by its definition: an 11x11 window of Gaussian weights, no filter, no band.
double ssim_at(const PlanesPair& pair, int x, int y) {
  double weight_sum = 0.0, mx = 0.0, my = 0.0, xx = 0.0, yy = 0.0, xy = 0.0;
  for (int i = -5; i <= 5; ++i) {
    for (int j = -5; j <= 5; ++j) {
      const double weight = std::exp(-(i * i + j * j) / (2.0 * 1.5 * 1.5));
      const int at = reflected(y + i, pair.height_px) * pair.width_px +
                     reflected(x + j, pair.width_px);
      const double a = static_cast<double>(pair.clean[at]);
      const double b = static_cast<double>(pair.coated[at]);
      weight_sum += weight;
      mx += weight * a;
      my += weight * b;
      xx += weight * a * a;
      yy += weight * b * b;
      xy += weight * a * b;
    }
  }
  mx /= weight_sum;
  my /= weight_sum;
  const double variances = xx / weight_sum - mx * mx + yy / weight_sum - my * my;
  const double covariance = xy / weight_sum - mx * my;
  return (2 * mx * my + 1e-4) * (2 * covariance + 9e-4) /
         ((mx * mx + my * my + 1e-4) * (variances + 9e-4));
}

template <class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const core::Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(MeasureQuality, OfIdenticalImagesIsPerfect) {
  const images::Image image = filled(40, 30, {200, 30, 90});
  const Quality quality = measure_quality(image, image);
  EXPECT_TRUE(std::isinf(quality.psnr_db));
  EXPECT_GT(quality.psnr_db, 0.0);
  EXPECT_NEAR(quality.ssim, 1.0, 1e-12);
  EXPECT_EQ(quality.delta_e_mean, 0.0);
  EXPECT_EQ(quality.delta_e_p99, 0.0);
}

TEST(MeasureQuality, OfOneStepEverywhereIs48Decibels) {
  const Quality quality = measure_quality(filled(20, 20, {10, 20, 30}),
                                          filled(20, 20, {11, 19, 31}));
  EXPECT_NEAR(quality.psnr_db, 20.0 * std::log10(255.0), 1e-5);
}

TEST(MeasureQuality, OfFlatImagesHasTheLuminanceTermAsSsim) {
  const Quality quality = measure_quality(filled(30, 20, {51, 51, 51}),
                                          filled(30, 20, {102, 102, 102}));
  EXPECT_NEAR(quality.ssim, (2 * 0.2 * 0.4 + 1e-4) / (0.2 * 0.2 + 0.4 * 0.4 + 1e-4), 1e-6);
}

TEST(MeasureQuality, OfFlatImagesHasTheColourDifferenceOfTheirColours) {
  const Quality quality = measure_quality(filled(30, 20, {51, 102, 204}),
                                          filled(30, 20, {61, 92, 204}));
  const double expected = ciede2000(lab_from_srgb({0.2, 0.4, 0.8}),
                                    lab_from_srgb({61 / 255.0, 92 / 255.0, 0.8}),
                                    {LabScale::kCie, 0.0});
  EXPECT_NEAR(quality.delta_e_mean, expected, 1e-5);
  EXPECT_NEAR(quality.delta_e_p99, expected, 2e-4);
}

TEST(MeasureQuality, HasTheValueThatOnePixelInAHundredExceedsAsPercentile) {
  const images::Image clean = filled(100, 100, {100, 100, 100});
  images::Image coated = clean;
  const auto mark = [&coated](std::size_t pixels, std::uint8_t value) {
    std::fill_n(coated.bytes.begin(), 3 * pixels, value);
  };
  mark(100, 200);
  EXPECT_EQ(measure_quality(clean, coated).delta_e_p99, 0.0);
  mark(101, 200);
  EXPECT_GT(measure_quality(clean, coated).delta_e_p99, 10.0);
}

TEST(MeasureQuality, WorksAlikeAtEightAndSixteenBits) {
  const images::Image clean = filled(25, 40, {30, 60, 90});
  const images::Image coated = filled(25, 40, {33, 58, 93});
  const auto widened = [](const images::Image& image) {
    images::Image wide = images::make_image(image.width_px, image.height_px, 16);
    for (std::size_t i = 0; i < image.bytes.size(); ++i) {
      wide.bytes[2 * i] = image.bytes[i];  // 257 v, in either byte order
      wide.bytes[2 * i + 1] = image.bytes[i];
    }
    return wide;
  };
  const Quality narrow = measure_quality(clean, coated);
  const Quality wide = measure_quality(widened(clean), widened(coated));
  EXPECT_NEAR(narrow.psnr_db, wide.psnr_db, 1e-5);
  EXPECT_NEAR(narrow.ssim, wide.ssim, 1e-9);
  EXPECT_NEAR(narrow.delta_e_mean, wide.delta_e_mean, 1e-5);
}

TEST(MeasureQuality, RefusesImagesOfDifferentSizes) {
  EXPECT_EQ(
      message_of([] { measure_quality(images::make_image(20, 30), images::make_image(30, 20)); }),
      "measure_quality: the clean image is 20x30 px, the coated one 30x20; compare an image "
      "with its own coated version.");
}

TEST(MeasureQuality, RefusesImagesSmallerThanTheWindow) {
  const images::Image image = images::make_image(400, 10);
  EXPECT_EQ(message_of([&image] { measure_quality(image, image); }),
            "ssim: the images are 400x10 px, under the window of 11 px; compare larger images.");
}

// 6001 px wide: a band holds 87 rows, and the last one 26.
TEST(SsimMap, AgreesWithTheDefinitionAcrossBandsAndAtTheBorders) {
  constexpr int kWidth = 6001;
  constexpr int kHeight = 200;
  const std::vector<float> clean = textured(kWidth, kHeight, 0.05, 1);
  std::vector<float> coated = textured(kWidth, kHeight, 0.05, 2);
  const PlanesPair pair{clean.data(), coated.data(), 1, kHeight, kWidth};
  const std::vector<float> map = ssim_map(pair);
  ASSERT_EQ(map.size(), clean.size());
  for (const int y : {0, 3, 5, 81, 82, 86, 87, 88, 92, 173, 174, 194, 199}) {
    for (const int x : {0, 4, 5, 100, 5995, 6000}) {
      EXPECT_NEAR(static_cast<double>(map[static_cast<std::size_t>(y * kWidth + x)]),
                  ssim_at(pair, x, y),
                  1e-6)
          << x << ',' << y;
    }
  }
}

TEST(Ssim, IsTheMeanOfTheMapWithoutItsOuterFivePixels) {
  constexpr int kWidth = 6001;
  constexpr int kHeight = 180;
  const std::vector<float> clean = textured(kWidth, kHeight, 0.05, 3);
  const std::vector<float> coated = textured(kWidth, kHeight, 0.05, 4);
  const PlanesPair pair{clean.data(), coated.data(), 1, kHeight, kWidth};
  const std::vector<float> map = ssim_map(pair);
  double sum = 0.0;
  for (int y = 5; y < kHeight - 5; ++y) {
    for (int x = 5; x < kWidth - 5; ++x) {
      sum += static_cast<double>(map[static_cast<std::size_t>(y * kWidth + x)]);
    }
  }
  EXPECT_NEAR(ssim(pair), sum / ((kHeight - 10.0) * (kWidth - 10.0)), 1e-7);
}

TEST(Psnr, CountsEveryValueOnceAcrossBands) {
  constexpr int kWidth = 6001;
  constexpr int kHeight = 200;
  const std::vector<float> clean(kWidth * kHeight, 0.5F);
  const std::vector<float> coated(kWidth * kHeight, 0.25F);
  EXPECT_NEAR(
      psnr_db({clean.data(), coated.data(), 1, kHeight, kWidth}), -10.0 * std::log10(0.0625), 1e-9);
}

}  // namespace
}  // namespace patina::extractors
