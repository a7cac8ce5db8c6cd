// SPDX-License-Identifier: Apache-2.0
#include "extractors/quality/ciede2000.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "extractors/quality/internal/ciede2000_table.h"
#include "tests/extractors/image_pair.h"
#include "tests/extractors/sharma_table.h"

namespace patina::extractors {
namespace {

const Ciede2000Options kExact{LabScale::kCie, 0.0};

template <class T>
std::vector<T> map_of(const ImagePair<T>& pair, const Ciede2000Options& options) {
  std::vector<T> map(static_cast<std::size_t>(pair.pixels()));
  ciede2000_map(pair.view(), pair.all(), options, map.data());
  return map;
}

template <class T>
std::vector<T> gradient_of(const ImagePair<T>& pair, const Ciede2000Options& options) {
  std::vector<T> gradient(pair.coated.size());
  ciede2000_squared_sum(pair.view(), pair.all(), options, gradient.data());
  return gradient;
}

template <class T>
bool all_finite(const std::vector<T>& values) {
  return std::all_of(values.begin(), values.end(), [](T v) { return std::isfinite(v); });
}

template <class T>
double largest(const std::vector<T>& values) {
  double result = 0.0;
  for (const T v : values) result = std::max(result, std::abs(static_cast<double>(v)));
  return result;
}

template <class T, class U>
double largest_gap(const std::vector<T>& a, const std::vector<U>& b) {
  double result = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    result = std::max(result, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return result;
}

/// Derivative of the sum of squared differences with respect to one value of the coated image.
double central_difference(ImagePair<double> pair, std::size_t at, const Ciede2000Options& options) {
  constexpr double kStep = 1e-6;
  const double value = pair.coated[at];
  pair.coated[at] = value + kStep;
  const double above = ciede2000_squared_sum(pair.view(), pair.all(), options, nullptr);
  pair.coated[at] = value - kStep;
  const double below = ciede2000_squared_sum(pair.view(), pair.all(), options, nullptr);
  return (above - below) / (2.0 * kStep);
}

TEST(Ciede2000, AgreesWithThePublishedPairsToTheirLastDigit) {
  const std::vector<SharmaPair> pairs = read_sharma_pairs();
  ASSERT_EQ(pairs.size(), 34U);
  for (const SharmaPair& pair : pairs) {
    EXPECT_NEAR(ciede2000(pair.first, pair.second, kExact), pair.delta_e, 5e-5)
        << "pair " << pair.number;
  }
}

TEST(Ciede2000, IsSymmetric) {
  for (const SharmaPair& pair : read_sharma_pairs()) {
    for (const double stabiliser : {0.0, 1e-4}) {
      const Ciede2000Options options{LabScale::kCie, stabiliser};
      EXPECT_DOUBLE_EQ(ciede2000(pair.first, pair.second, options),
                       ciede2000(pair.second, pair.first, options))
          << "pair " << pair.number;
    }
  }
}

TEST(Ciede2000, IsZeroOnlyForEqualColours) {
  for (const SharmaPair& pair : read_sharma_pairs()) {
    EXPECT_EQ(ciede2000(pair.first, pair.first), 0.0);
    EXPECT_EQ(ciede2000(pair.second, pair.second, kExact), 0.0);
    EXPECT_GT(ciede2000(pair.first, pair.second), 0.0);
  }
}

TEST(Ciede2000, RefusesAStabiliserOutsideItsRange) {
  for (const double value : {-1e-9, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    try {
      ciede2000({}, {}, Ciede2000Options{LabScale::kCie, value});
      FAIL() << value << " was accepted";
    } catch (const core::Error& error) {
      EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
      EXPECT_THAT(error.what(), ::testing::HasSubstr("Ciede2000Options.stabiliser: "));
      EXPECT_THAT(error.what(), ::testing::HasSubstr("is outside [0, 1]; use 0"));
    }
  }
}

TEST(Ciede2000, AcceptsItsDefaultOptions) { EXPECT_NO_THROW(validate(Ciede2000Options{})); }

// CIELAB of the sRGB primaries as tabulated for D65 (Lindbloom), to the two digits given there.
TEST(LabFromSrgb, AgreesWithTabulatedColours) {
  struct Case {
    Srgb rgb;
    Lab lab;
  };
  const std::vector<Case> cases = {{{1, 1, 1}, {100.0, 0.0, 0.0}},
                                   {{0, 0, 0}, {0.0, 0.0, 0.0}},
                                   {{1, 0, 0}, {53.24, 80.09, 67.20}},
                                   {{0, 1, 0}, {87.73, -86.18, 83.18}},
                                   {{0, 0, 1}, {32.30, 79.19, -107.86}},
                                   {{0.5, 0.5, 0.5}, {53.39, 0.0, 0.0}}};
  for (const Case& c : cases) {
    const Lab lab = lab_from_srgb(c.rgb);
    EXPECT_NEAR(lab.l, c.lab.l, 0.01) << c.rgb.r << ' ' << c.rgb.g << ' ' << c.rgb.b;
    EXPECT_NEAR(lab.a, c.lab.a, 0.01) << c.rgb.r << ' ' << c.rgb.g << ' ' << c.rgb.b;
    EXPECT_NEAR(lab.b, c.lab.b, 0.01) << c.rgb.r << ' ' << c.rgb.g << ' ' << c.rgb.b;
  }
}

TEST(LabFromSrgb, MakesWhiteDarkAtThePublishedScale) {
  EXPECT_NEAR(lab_from_srgb({1, 1, 1}, LabScale::kPublished).l, 8.99, 0.01);
  EXPECT_NEAR(lab_from_srgb({1, 0, 0}, LabScale::kPublished).a, 8.62, 0.01);
}

TEST(Ciede2000Map, IsTheDifferenceOfTheTwoColours) {
  const ImagePair<double> pair = noisy_pair<double>(300, 0.1, 1);
  const std::vector<double> map = map_of(pair, kExact);
  for (std::size_t i = 0; i < 300; ++i) {
    const Lab first = lab_from_srgb({pair.clean[i], pair.clean[300 + i], pair.clean[600 + i]});
    const Lab second = lab_from_srgb({pair.coated[i], pair.coated[300 + i], pair.coated[600 + i]});
    EXPECT_DOUBLE_EQ(map[i], ciede2000(first, second, kExact));
  }
}

TEST(Ciede2000Map, IsZeroExactlyWhereTheImagesAgree) {
  const ImagePair<float> pair = grid_pair<float>({0.0, 1.0 / 255, 0.2, 0.5, 0.9, 1.0});
  const std::vector<float> map = map_of(pair, kExact);
  const std::size_t n = map.size();
  for (std::size_t i = 0; i < n; ++i) {
    const bool equal = pair.clean[i] == pair.coated[i] && pair.clean[n + i] == pair.coated[n + i] &&
                       pair.clean[2 * n + i] == pair.coated[2 * n + i];
    ASSERT_EQ(map[i] == 0.0F, equal) << i;
  }
}

// Values near a kink of the formula (opposite hues) may fall on either side of it in float.
TEST(Ciede2000Map, AgreesInFloatAndDouble) {
  const std::vector<double> levels = {0.0, 0.01, 0.03, 0.1, 0.3, 0.55, 0.8, 1.0};
  for (const LabScale scale : {LabScale::kCie, LabScale::kPublished}) {
    const Ciede2000Options options{scale, 1e-4};
    const std::vector<double> expected = map_of(grid_pair<double>(levels), options);
    const std::vector<float> actual = map_of(grid_pair<float>(levels), options);
    std::size_t apart = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double gap = std::abs(static_cast<double>(actual[i]) - expected[i]);
      if (gap > 1e-5 + 1e-5 * expected[i]) ++apart;
    }
    EXPECT_LT(apart, expected.size() / 1000);
  }
}

TEST(Ciede2000Map, WritesOnlyItsRangeAndDoesNotDependOnIt) {
  const ImagePair<float> pair = noisy_pair<float>(1000, 0.05, 2);
  const std::vector<float> whole = map_of(pair, {});
  std::vector<float> part(1000, -1.0F);
  ciede2000_map(pair.view(), PixelRange{301, 777}, {}, part.data());
  for (std::size_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(part[i], i >= 301 && i < 777 ? whole[i] : -1.0F) << i;
  }
}

TEST(Ciede2000SquaredSum, IsTheSumOfTheSquaredMap) {
  const ImagePair<double> pair = noisy_pair<double>(777, 0.2, 3);
  double expected = 0.0;
  for (const double delta_e : map_of(pair, {})) expected += delta_e * delta_e;
  const double actual = ciede2000_squared_sum(pair.view(), pair.all(), {}, nullptr);
  EXPECT_NEAR(actual, expected, 1e-12 * expected);
}

TEST(Ciede2000SquaredSum, DoesNotDependOnWhetherTheGradientIsAsked) {
  const ImagePair<float> pair = noisy_pair<float>(777, 0.2, 4);
  std::vector<float> gradient(pair.coated.size());
  EXPECT_NEAR(ciede2000_squared_sum(pair.view(), pair.all(), {}, nullptr) /
                  ciede2000_squared_sum(pair.view(), pair.all(), {}, gradient.data()),
              1.0,
              1e-6);
}

struct GradientCase {
  const char* name;
  LabScale scale;
  double strength;
};

class Ciede2000Gradient : public ::testing::TestWithParam<GradientCase> {};

TEST_P(Ciede2000Gradient, AgreesWithCentralDifferences) {
  const Ciede2000Options options{GetParam().scale, 1e-4};
  const ImagePair<double> pair = noisy_pair<double>(64, GetParam().strength, 5);
  const std::vector<double> gradient = gradient_of(pair, options);
  const double scale = largest(gradient);
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    EXPECT_NEAR(gradient[i], central_difference(pair, i, options), 1e-6 * scale) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Strengths,
                         Ciede2000Gradient,
                         ::testing::Values(GradientCase{"Coating", LabScale::kCie, 0.03},
                                           GradientCase{"Strong", LabScale::kCie, 0.5},
                                           GradientCase{"Published", LabScale::kPublished, 0.03}),
                         [](const auto& test) { return test.param.name; });

TEST(Ciede2000Gradient, AgreesInFloatAndDouble) {
  const Ciede2000Options options;
  const std::vector<double> expected = gradient_of(noisy_pair<double>(4096, 0.04, 6), options);
  const std::vector<float> actual = gradient_of(noisy_pair<float>(4096, 0.04, 6), options);
  EXPECT_LT(largest_gap(actual, expected), 1e-4 * largest(expected));
}

TEST(Ciede2000Gradient, IsZeroForEqualImages) {
  ImagePair<float> pair = noisy_pair<float>(500, 0.0, 7);
  EXPECT_EQ(largest(gradient_of(pair, {})), 0.0);
  EXPECT_EQ(largest(gradient_of(pair, kExact)), 0.0);
}

class Ciede2000Finite : public ::testing::TestWithParam<double> {};

// Grey, black, white, one step of 8 and 16 bits, and values outside the unit range.
TEST_P(Ciede2000Finite, MapAndGradientAreFiniteForEveryPairOfAGrid) {
  const std::vector<double> levels = {-3.0, 0.0, 1.0 / 65535, 1.0 / 255, 0.5, 1.0};
  const std::vector<double> fine = {
      -3.0, -0.06, 0.0, 1.0 / 65535, 1.0 / 255, 0.04045, 0.5, 1.0, 40.0};
  for (const LabScale scale : {LabScale::kCie, LabScale::kPublished}) {
    const Ciede2000Options options{scale, GetParam()};
    const ImagePair<float> single = grid_pair<float>(fine);
    const ImagePair<double> twice = grid_pair<double>(levels);
    EXPECT_TRUE(all_finite(map_of(single, options)));
    EXPECT_TRUE(all_finite(map_of(twice, options)));
    EXPECT_TRUE(all_finite(gradient_of(single, options)));
    EXPECT_TRUE(all_finite(gradient_of(twice, options)));
  }
}

INSTANTIATE_TEST_SUITE_P(Stabilisers, Ciede2000Finite, ::testing::Values(0.0, 1e-4));

TEST(Ciede2000Finite, TheSmallestNumbersHaveAFiniteGradient) {
  const double tiny = static_cast<double>(std::numeric_limits<float>::min());
  const ImagePair<float> pair = grid_pair<float>(
      {-tiny, 0.0, tiny, 1e-30, 1e-18, 1e-12, 1e-6, 0.7});
  for (const double stabiliser : {0.0, 1e-4}) {
    EXPECT_TRUE(all_finite(gradient_of(pair, {LabScale::kPublished, stabiliser})));
  }
}

TEST(Ciede2000Finite, ANaNInTheImageIsNotHidden) {
  ImagePair<float> pair = noisy_pair<float>(20, 0.1, 8);
  pair.coated[13] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(ciede2000_squared_sum(pair.view(), pair.all(), {}, nullptr)));
  const std::vector<float> map = map_of(pair, {});
  EXPECT_TRUE(std::isnan(map[13]));
  EXPECT_TRUE(std::isfinite(map[12]));
}

TEST(Ciede2000Kernels, AgreeBetweenInstructionSets) {
  SCOPED_TRACE(ciede2000_instruction_set());
  const ImagePair<float> pair = noisy_pair<float>(4096, 0.05, 9);
  const Ciede2000Kernels portable = ciede2000_kernels_portable();
  std::vector<float> expected(pair.coated.size());
  const double sum = portable.squared_sum(pair.view(), pair.all(), {}, expected.data());
  std::vector<float> actual(pair.coated.size());
  EXPECT_NEAR(ciede2000_squared_sum(pair.view(), pair.all(), {}, actual.data()), sum, 1e-6 * sum);
  EXPECT_LT(largest_gap(actual, expected), 1e-4 * largest(expected));
  std::vector<float> map(4096);
  portable.map(pair.view(), pair.all(), {}, map.data());
  EXPECT_LT(largest_gap(map_of(pair, {}), map), 1e-4);
}

}  // namespace
}  // namespace patina::extractors
