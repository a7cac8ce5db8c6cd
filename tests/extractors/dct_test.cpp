// SPDX-License-Identifier: Apache-2.0
#include "extractors/dct.h"

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/rng.h"

namespace patina::extractors {
namespace {

using ::testing::DoubleNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

constexpr PlaneSize kSize{12, 17};
constexpr std::size_t kValues = 12 * 17;

std::vector<double> noise(std::uint64_t seed) {
  core::Rng rng(seed);
  std::vector<double> plane(kValues);
  for (double& value : plane) value = rng.uniform();
  return plane;
}

double inner_product(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

std::string message_of(void (*call)()) {
  try {
    call();
  } catch (const core::Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Dct2d, OfAConstantIsItsMeanTimesTheRootOfTheArea) {
  std::vector<double> expected(kValues, 0.0);
  expected[0] = 0.25 * std::sqrt(static_cast<double>(kValues));
  EXPECT_THAT(dct_2d(std::vector<double>(kValues, 0.25), kSize),
              Pointwise(DoubleNear(1e-12), expected));
}

TEST(Dct2d, OfAnImpulseIsTheProductOfTwoCosines) {
  std::vector<double> impulse(kValues, 0.0);
  impulse[5 * 17 + 3] = 1.0;
  const std::vector<double> actual = dct_2d(impulse, kSize);
  const double pi = std::acos(-1.0);
  EXPECT_NEAR(actual[2 * 17 + 4],
              std::sqrt(2.0 / 12) * std::cos(pi * 11 * 2 / 24) * std::sqrt(2.0 / 17) *
                  std::cos(pi * 7 * 4 / 34),
              1e-14);
}

TEST(Dct2d, IsUndoneByItsInverse) {
  const std::vector<double> plane = noise(1);
  EXPECT_THAT(inverse_dct_2d(dct_2d(plane, kSize), kSize), Pointwise(DoubleNear(1e-13), plane));
}

TEST(Dct2d, PreservesEnergy) {
  const std::vector<double> plane = noise(2);
  const std::vector<double> coefficients = dct_2d(plane, kSize);
  EXPECT_NEAR(inner_product(coefficients, coefficients), inner_product(plane, plane), 1e-11);
}

TEST(LowFrequencies, AreTheInverseOfTheTopLeftCoefficients) {
  const std::vector<double> plane = noise(3);
  std::vector<double> coefficients = dct_2d(plane, kSize);
  for (std::size_t i = 0; i < kValues; ++i) {
    const bool kept = i / 17 < 6 && i % 17 < 8;  // floor(0.5 * 12), floor(0.5 * 17)
    if (!kept) coefficients[i] = 0.0;
  }
  EXPECT_THAT(low_frequencies(plane, kSize, 0.5),
              Pointwise(DoubleNear(1e-13), inverse_dct_2d(coefficients, kSize)));
}

TEST(LowFrequencies, KeepEverythingAtOneAndNothingAtZero) {
  const std::vector<double> plane = noise(4);
  EXPECT_THAT(low_frequencies(plane, kSize, 1.0), Pointwise(DoubleNear(1e-13), plane));
  EXPECT_EQ(low_frequencies(plane, kSize, 0.0), std::vector<double>(kValues, 0.0));
}

TEST(LowFrequencies, AreAProjectionAndItsOwnAdjoint) {
  const std::vector<double> x = noise(5);
  const std::vector<double> y = noise(6);
  const std::vector<double> low = low_frequencies(x, kSize, 0.3);
  EXPECT_THAT(low_frequencies(low, kSize, 0.3), Pointwise(DoubleNear(1e-13), low));
  EXPECT_NEAR(inner_product(low, y), inner_product(x, low_frequencies(y, kSize, 0.3)), 1e-11);
}

TEST(Dct2d, RefusesAPlaneOfAnotherSize) {
  EXPECT_EQ(message_of([] {
              dct_2d({1.0, 2.0}, PlaneSize{2, 2});
            }),
            "dct_2d: 2 values for a plane of 2 x 2; pass height*width values, both at least 1.");
  EXPECT_THAT(message_of([] {
                inverse_dct_2d({}, PlaneSize{0, 3});
              }),
              HasSubstr("0 values for a plane of 0 x 3"));
}

TEST(LowFrequencies, RefuseARatioOutsideTheUnitRange) {
  for (const auto call : {+[] {
                            low_frequencies({1.0}, PlaneSize{1, 1}, 1.01);
                          },
                          +[] {
                            low_frequencies({1.0}, PlaneSize{1, 1}, std::nan(""));
                          }}) {
    EXPECT_THAT(message_of(call),
                HasSubstr("is outside [0, 1]; pass the share of a side to keep."));
  }
}

}  // namespace
}  // namespace patina::extractors
