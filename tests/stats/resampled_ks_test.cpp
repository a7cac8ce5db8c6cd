// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/rng.h"
#include "stats/two_sample.h"
#include "tests/core/caught.h"

namespace patina::stats {
namespace {

std::vector<double> normals(std::size_t size, double mean, std::uint64_t seed) {
  core::Rng rng(seed);
  std::vector<double> values(size);
  for (double& value : values) {
    value = mean + rng.normal();
  }
  return values;
}

// The draw as documented in two_sample.h, written the long way.
std::vector<double> documented_draw(const std::vector<double>& pool,
                                    std::size_t size,
                                    core::Rng& rng) {
  std::vector<double> order = pool;
  for (std::size_t k = 0; k < size; ++k) {
    std::swap(order[k], order[k + rng.below(order.size() - k)]);
  }
  order.resize(size);
  return order;
}

TEST(ResampledKS, EqualsTheTestOfEveryDocumentedDraw) {
  const std::vector<double> first = normals(100, -0.7, 1);
  const std::vector<double> second = normals(150, 0.0, 2);
  ResampledKSOptions options;
  options.repeats = 50;
  options.first_size = 12;
  options.second_size = 60;
  options.seed = 99;
  const ResampledKSResult result = resampled_ks({first, second}, options);

  core::Rng second_rng = core::Rng(99).fork("second");
  core::Rng first_rng = core::Rng(99).fork("first");
  const std::vector<double> benign = documented_draw(second, 60, second_rng);
  KSOptions test;
  test.alternative = Alternative::kGreater;
  test.method = PValueMethod::kExact;
  ASSERT_EQ(result.p_values.size(), 50U);
  for (const double p : result.p_values) {
    EXPECT_EQ(p, ks_two_sample({documented_draw(first, 12, first_rng), benign}, test).p_value);
  }
}

TEST(ResampledKS, HandlesTiesAsTheExactTestDoes) {
  std::vector<double> first = normals(80, -0.5, 3);
  std::vector<double> second = normals(80, 0.0, 4);
  for (std::vector<double>* pool : {&first, &second}) {
    for (double& value : *pool) {
      value = std::round(2.0 * value);
    }
  }
  ResampledKSOptions options;
  options.repeats = 30;
  options.first_size = 80;
  options.second_size = 80;
  const ResampledKSResult result = resampled_ks({first, second}, options);
  KSOptions test;
  test.alternative = Alternative::kGreater;
  test.method = PValueMethod::kExact;
  EXPECT_EQ(result.p_values.front(), ks_two_sample({first, second}, test).p_value)
      << "a draw of the whole pool is the pool";
}

TEST(ResampledKS, RejectedFractionsCountTheRepeatsBelowEachAlpha) {
  const std::vector<double> first = normals(200, -2.0, 5);
  const std::vector<double> second = normals(400, 0.0, 6);
  ResampledKSOptions options;
  options.repeats = 200;
  options.alphas = {0.9, 1e-3, 1e-40};
  const ResampledKSResult result = resampled_ks({first, second}, options);
  EXPECT_EQ(result.rejected_fraction.front(), 1.0);
  EXPECT_GT(result.rejected_fraction[1], 0.99);
  EXPECT_EQ(result.rejected_fraction[2], 0.0);
}

TEST(ResampledKS, SameSeedGivesTheSameDraws) {
  const std::vector<double> first = normals(100, 0.0, 7);
  const std::vector<double> second = normals(400, 0.0, 8);
  ResampledKSOptions options;
  options.repeats = 40;
  const std::vector<double> once = resampled_ks({first, second}, options).p_values;
  EXPECT_EQ(once, resampled_ks({first, second}, options).p_values);
  options.seed = 1;
  EXPECT_NE(once, resampled_ks({first, second}, options).p_values);
}

TEST(ResampledKS, MoreRepeatsContinueTheSameSequence) {
  const std::vector<double> first = normals(100, 0.0, 7);
  const std::vector<double> second = normals(400, 0.0, 8);
  ResampledKSOptions options;
  options.repeats = 10;
  const std::vector<double> few = resampled_ks({first, second}, options).p_values;
  options.repeats = 20;
  std::vector<double> many = resampled_ks({first, second}, options).p_values;
  many.resize(10);
  EXPECT_EQ(few, many);
}

TEST(ResampledKS, RefusesPoolsSmallerThanTheirDraw) {
  const std::vector<double> pool = normals(29, 0.0, 1);
  EXPECT_EQ(
      core::caught_text([&] {
        resampled_ks({pool, pool});
      }),
      "first pool: 29 values, a draw without replacement needs 30; add values or draw fewer.");
  ResampledKSOptions options;
  options.first_size = 5;
  EXPECT_EQ(
      core::caught_text([&] {
        resampled_ks({pool, pool}, options);
      }),
      "second pool: 29 values, a draw without replacement needs 300; add values or draw fewer.");
  options.second_size = 0;
  EXPECT_EQ(core::caught_text([&] {
              resampled_ks({pool, pool}, options);
            }),
            "size drawn from the second pool: value 0 is below 1; choose at least 1.");
  options.second_size = 5;
  options.repeats = 0;
  EXPECT_EQ(core::caught_text([&] {
              resampled_ks({pool, pool}, options);
            }),
            "repeats: value 0 is below 1; choose at least 1.");
  options.repeats = 1;
  options.alphas = {2.0};
  EXPECT_EQ(core::caught_text([&] {
              resampled_ks({pool, pool}, options);
            }),
            "alpha: value 2.000000 lies outside (0, 1); choose a number between 0 and 1.");
}

}  // namespace
}  // namespace patina::stats
