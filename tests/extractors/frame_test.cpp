// SPDX-License-Identifier: Apache-2.0
// Reading a frame mark: coefficients against cosines whose amplitude is known, noise that counts
// the less the stronger it is, and a statistic that says nothing where there is no mark.
#include "extractors/frame/frame.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "core/rng.h"
#include "extractors/frame/frame_key.h"
#include "images/image_io.h"
#include "images/pixels/centre_square.h"
#include "keys/key_tensors.h"
#include "tests/core/caught.h"

namespace patina::extractors {
namespace {

constexpr double kPi = 3.14159265358979323846;

/// Grey at 1/2 plus `amplitude` times one cosine of the frame, 16 bits a sample.
images::Image cosine_image(int width, int height, const FrameIndex& at, double amplitude) {
  images::Image image = images::make_image(width, height, 16);
  const images::Rect frame = images::centre_square(width, height);
  const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  std::vector<float> planar(3 * pixels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double value = 0.5 + amplitude *
                                     std::cos(kPi * at[0] * (x - frame.x + 0.5) / frame.width) *
                                     std::cos(kPi * at[1] * (y - frame.y + 0.5) / frame.width);
      const auto i = static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                     static_cast<std::size_t>(x);
      for (std::size_t c = 0; c < 3; ++c) planar[c * pixels + i] = static_cast<float>(value);
    }
  }
  images::write_unit(image, {0, 0, width, height}, planar.data());
  return image;
}

images::Image mirrored(const images::Image& image) {
  images::Image other = image;
  const auto width = static_cast<std::size_t>(image.width_px);
  const std::size_t sample = image.bit_depth == 16 ? 2 : 1;
  for (std::size_t y = 0; y < static_cast<std::size_t>(image.height_px); ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      for (std::size_t b = 0; b < 3 * sample; ++b) {
        other.bytes[(y * width + x) * 3 * sample + b] =
            image.bytes[(y * width + width - 1 - x) * 3 * sample + b];
      }
    }
  }
  return other;
}

images::Image photograph(const std::string& name) {
  return images::read_image(core::data_file("photos/" + name)).image;
}

std::vector<FrameIndex> some_index() {
  std::vector<FrameIndex> index;
  for (int v = 1; v < 10; ++v) {
    for (int u = 16; u < 36; u += 2) index.push_back({u, v});
  }
  return index;
}

FramePlane plane_of(const images::Image& image) { return frame_plane(image, image.width_px); }

TEST(FramePlane, HoldsMeansOverAreas) {
  images::Image image = images::make_image(3, 3);
  // Luminance 0, 100 and 200 from left to right.
  for (std::size_t i = 0; i < image.bytes.size(); ++i) {
    image.bytes[i] = static_cast<std::uint8_t>(100 * (i / 3 % 3));
  }
  const FramePlane two = frame_plane(image, 2);
  ASSERT_EQ(two.side, 2);
  for (const std::size_t row : {0U, 2U}) {
    EXPECT_NEAR(two.values[row], (0.0 + 100.0 / 2.0) / 1.5 / 255.0, 1e-6);
    EXPECT_NEAR(two.values[row + 1], (100.0 / 2.0 + 200.0) / 1.5 / 255.0, 1e-6);
  }
  EXPECT_NEAR(frame_plane(image, 1).values[0], 100.0 / 255.0, 1e-6);
}

TEST(FramePlane, IsNeverFinerThanTheImage) {
  EXPECT_EQ(frame_plane(images::make_image(70, 50), 64).side, 50);
}

TEST(FramePlane, IsOfTheCentreSquare) {
  for (const auto& [width, height] : {std::pair(200, 120), std::pair(96, 171)}) {
    const FramePlane wide = frame_plane(cosine_image(width, height, {4, 7}, 0.1), 64);
    const int side = std::min(width, height);
    const FramePlane square = frame_plane(cosine_image(side, side, {4, 7}, 0.1), 64);
    for (std::size_t i = 0; i < square.values.size(); ++i) {
      EXPECT_NEAR(wide.values[i], square.values[i], 1e-4);
    }
  }
}

TEST(WeightedResidual, OfAFlatPlaneIsNothing) {
  const FramePlane flat{16, std::vector<double>(256, 0.7)};
  for (const double value : weighted_residual(flat).values) EXPECT_NEAR(value, 0.0, 1e-9);
}

// r / v^(3/4): twice the contrast is 2 / 4^(3/4) as much.
TEST(WeightedResidual, ShrinksWithTheRootOfTheContrast) {
  core::Rng rng(5);
  FramePlane noise{32, {}}, twice{32, {}};
  for (int i = 0; i < 32 * 32; ++i) {
    noise.values.push_back(rng.normal());
    twice.values.push_back(3.0 + 2.0 * noise.values.back());
  }
  const FramePlane one = weighted_residual(noise), other = weighted_residual(twice);
  for (std::size_t i = 0; i < one.values.size(); ++i) {
    EXPECT_NEAR(
        other.values[i], one.values[i] / std::sqrt(2.0), 1e-3 * std::fabs(one.values[i]) + 1e-6);
  }
}

// Over the unit square, cos^2 cos^2 has mean 1/4, and the orthonormal cosine is twice the plain
// one.
TEST(FrameCoefficients, OfACosineAreHalfItsAmplitude) {
  const FramePlane plane = plane_of(cosine_image(128, 128, {6, 9}, 0.1));
  const std::vector<double> found = frame_coefficients(plane, {{6, 9}, {6, 8}, {4, 9}, {9, 6}});
  EXPECT_NEAR(found[0], 0.05, 1e-5);
  for (std::size_t k = 1; k < found.size(); ++k) EXPECT_NEAR(found[k], 0.0, 1e-5);
}

TEST(FrameCoefficients, DoNotDependOnResolution) {
  for (const int side : {64, 100, 257, 512}) {
    const FramePlane plane = plane_of(cosine_image(side, side, {10, 3}, 0.2));
    EXPECT_NEAR(frame_coefficients(plane, {{10, 3}})[0], 0.1, 1e-5);
  }
}

TEST(FrameFeatures, HardlyDependOnResolution) {
  const double at_64 = frame_features(cosine_image(64, 64, {10, 3}, 0.2), {{10, 3}})[0];
  for (const int side : {100, 257, 512}) {
    EXPECT_NEAR(
        frame_features(cosine_image(side, side, {10, 3}, 0.2), {{10, 3}})[0], at_64, 0.05 * at_64);
  }
}

TEST(FrameFeatures, OfEvenNumbersAcrossSurviveMirroring) {
  const images::Image image = photograph("owner/clock-00.jpg");
  const std::vector<double> one = frame_features(image, some_index());
  const std::vector<double> other = frame_features(mirrored(image), some_index());
  for (std::size_t k = 0; k < one.size(); ++k) {
    EXPECT_NEAR(one[k], other[k], 1e-9 * std::fabs(one[k]) + 1e-12);
  }
}

// The same mark over both halves of a picture, one with 25 times the noise of the other.
TEST(FrameFeatures, ReadAMarkWhereThePictureIsCalm) {
  const std::vector<FrameIndex> index = some_index();
  core::Rng rng(11);
  std::vector<double> signs;
  images::Image image = images::make_image(128, 128, 16);
  std::vector<float> planar(3 * 128 * 128);
  for (std::size_t k = 0; k < index.size(); ++k) signs.push_back(rng.bernoulli(0.5) ? 1.0 : -1.0);
  for (std::size_t y = 0; y < 128; ++y) {
    for (std::size_t x = 0; x < 128; ++x) {
      double value = 0.5 + (x < 64 ? 0.004 : 0.1) * rng.normal();
      for (std::size_t k = 0; k < index.size(); ++k) {
        value += 0.0004 * signs[k] *
                 std::cos(kPi * index[k][0] * (static_cast<double>(x) + 0.5) / 128.0) *
                 std::cos(kPi * index[k][1] * (static_cast<double>(y) + 0.5) / 128.0);
      }
      for (std::size_t c = 0; c < 3; ++c) {
        planar[(c * 128 + y) * 128 + x] = static_cast<float>(value);
      }
    }
  }
  images::write_unit(image, {0, 0, 128, 128}, planar.data());
  const double plain = frame_statistic(frame_coefficients(plane_of(image), index), signs);
  EXPECT_GT(frame_statistic(frame_features(image, index), signs), 2.0 * plain);
  EXPECT_LT(plain, 3.0);
}

TEST(FrameFeatures, NeedMorePixelsThanHalfWaves) {
  const std::string said = core::caught_text([] {
    frame_features(images::make_image(40, 30), {{2, 30}});
  });
  EXPECT_NE(said.find("image of 40x30"), std::string::npos) << said;
  EXPECT_NE(said.find("more than 30 pixels a side"), std::string::npos) << said;
  EXPECT_NE(said.find("use the image at its full size"), std::string::npos) << said;
}

// Var over keys is 1 where the signs of the weights are fair coins and sizes are equal, whatever
// the image.
TEST(FrameStatistic, HasMeanZeroAndVarianceOneOverKeys) {
  const std::vector<FrameIndex> index = some_index();
  const std::vector<double> z = frame_features(photograph("owner/clock-00.jpg"), index);
  core::Rng rng(1);
  constexpr int kKeys = 4000;
  double sum = 0.0, squares = 0.0;
  for (int key = 0; key < kKeys; ++key) {
    std::vector<double> weights;
    for (std::size_t k = 0; k < z.size(); ++k) weights.push_back(rng.bernoulli(0.5) ? 1.0 : -1.0);
    const double s = frame_statistic(z, weights);
    sum += s;
    squares += s * s;
  }
  EXPECT_NEAR(sum / kKeys, 0.0, 4.0 / std::sqrt(kKeys));
  EXPECT_NEAR(squares / kKeys, 1.0, 4.0 * std::sqrt(2.0 / kKeys));
}

TEST(FrameStatistic, IsAtMostTheRootOfTheNumberOfCosines) {
  EXPECT_DOUBLE_EQ(frame_statistic({1.0, -2.0, 3.0, 0.5}, {2.0, -4.0, 6.0, 1.0}), 2.0);
  EXPECT_DOUBLE_EQ(frame_statistic({1.0, -2.0, 3.0, 0.5}, {-2.0, 4.0, -6.0, -1.0}), -2.0);
}

TEST(FrameTerms, SumToTheCosineOfTheAngleTimesTheRootOfTheirNumber) {
  core::Rng rng(3);
  std::vector<double> z, a;
  for (int k = 0; k < 20; ++k) {
    z.push_back(rng.normal());
    a.push_back(rng.normal());
  }
  double products = 0.0, z_squares = 0.0, a_squares = 0.0;
  for (std::size_t k = 0; k < z.size(); ++k) {
    products += z[k] * a[k];
    z_squares += z[k] * z[k];
    a_squares += a[k] * a[k];
  }
  EXPECT_NEAR(
      frame_statistic(z, a), std::sqrt(20.0) * products / std::sqrt(z_squares * a_squares), 1e-12);
  EXPECT_EQ(frame_terms(z, a).size(), z.size());
  for (const double term : frame_terms(std::vector<double>(20, 0.0), a)) EXPECT_EQ(term, 0.0);
}

TEST(FrameStatistic, OfAFlatImageIsZero) {
  FrameReader reader{some_index(), std::vector<double>(some_index().size(), 1.0)};
  EXPECT_NEAR(reader.statistic(images::make_image(64, 64)), 0.0, 1e-9);
}

TEST(FrameScore, FallsTowardsTheCentreAndIsZeroBeyondIt) {
  EXPECT_GT(frame_score(0.0, 5.0), frame_score(3.0, 5.0));
  EXPECT_DOUBLE_EQ(frame_score(2.0, 5.0), std::sqrt(10.0) - 1.0);  // sqrt(3^2 + 1) - 1
  EXPECT_EQ(frame_score(5.0, 5.0), 0.0);
  EXPECT_EQ(frame_score(9.0, 5.0), 0.0);
}

TEST(FrameKeys, ThatDoNotHoldAMarkAreRefused) {
  keys::KeyPart part;
  const auto problem = [&part] { return core::caught_text([&] { read_frame_sphere(part); }); };
  EXPECT_NE(problem().find("frame/index is missing"), std::string::npos);
  part.tensors["frame/index"] = keys::blob_from_values({2, 16.5}, {1, 2});
  EXPECT_NE(problem().find("frame/index holds 16.5"), std::string::npos);
  part.tensors["frame/index"] = keys::blob_from_values({2, 16}, {1, 2});
  part.tensors["frame/amplitudes"] = keys::blob_from_values({1, 1}, {2});
  part.tensors["center"] = keys::blob_from_values({4}, {1});
  EXPECT_NE(problem().find("do not go together"), std::string::npos);
}

}  // namespace
}  // namespace patina::extractors
