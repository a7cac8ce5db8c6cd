// SPDX-License-Identifier: Apache-2.0
#include "core/rng.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "tests/core/caught.h"

namespace patina::core {
namespace {

using Words = std::vector<std::uint64_t>;

Words draw(Rng rng, int count) {
  Words words;
  words.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    words.push_back(rng.next_u64());
  }
  return words;
}

// Vigna's splitmix64.c, seeds 0 and 1234567 (the latter also printed at Rosetta Code,
// "Pseudo-random numbers/Splitmix64").
TEST(SplitMix64, GivesThePublishedSequences) {
  std::uint64_t zero = 0;
  EXPECT_EQ(splitmix64_next(zero), 0xE220A8397B1DCDAFULL);
  EXPECT_EQ(splitmix64_next(zero), 0x6E789E6AA1B965F4ULL);
  EXPECT_EQ(splitmix64_next(zero), 0x06C45D188009454FULL);
  std::uint64_t state = 1234567;
  for (const std::uint64_t expected : {6457827717110365317ULL,
                                       3203168211198807973ULL,
                                       9817491932198370423ULL,
                                       4593380528125082431ULL,
                                       16408922859458223821ULL}) {
    EXPECT_EQ(splitmix64_next(state), expected);
  }
}

// The reference implementation from state {1,2,3,4}, as asserted by Rust's rand_xoshiro.
TEST(Xoshiro256StarStar, GivesThePublishedSequence) {
  std::array<std::uint64_t, 4> state{1, 2, 3, 4};
  for (const std::uint64_t expected : {11520ULL,
                                       0ULL,
                                       1509978240ULL,
                                       1215971899390074240ULL,
                                       1216172134540287360ULL,
                                       607988272756665600ULL,
                                       16172922978634559625ULL,
                                       8476171486693032832ULL,
                                       10595114339597558777ULL,
                                       2904607092377533576ULL}) {
    EXPECT_EQ(xoshiro256ss_next(state), expected);
  }
}

// Golden values of this and the next two tests: a Python transcription of the definitions, with
// hashlib and math (CPython 3.11).
TEST(Rng, IsXoshiroSeededBySplitMix) {
  EXPECT_EQ(draw(Rng(42), 4),
            (Words{1546998764402558742ULL,
                   6990951692964543102ULL,
                   12544586762248559009ULL,
                   17057574109182124193ULL}));
  EXPECT_EQ(Rng(42).seed(), 42U);
}

TEST(Rng, NormalUsesBothBoxMullerValuesInOrder) {
  Rng rng(42);
  for (const double expected :
       {-0.303263064678738, 0.28846173882942383, 1.3438117634372806, -0.6879751798977497}) {
    EXPECT_NEAR(rng.normal(), expected, 1e-14);
  }
}

TEST(Rng, ForkSeedIsDerivedFromParentSeedAndLabel) {
  EXPECT_EQ(Rng(7).fork("prompts").seed(), 6219662181979074584ULL);
}

TEST(Rng, ForkIgnoresWhatTheParentDrew) {
  Rng drawn(7);
  draw(drawn, 3);
  drawn.next_u64();
  drawn.normal();
  EXPECT_EQ(draw(drawn.fork("prompts"), 5), draw(Rng(7).fork("prompts"), 5));
}

TEST(Rng, ForksDifferByLabelSeedAndLevel) {
  const Rng parent(7);
  const std::set<Words> streams{draw(parent, 3),
                                draw(parent.fork(""), 3),
                                draw(parent.fork("a"), 3),
                                draw(parent.fork("b"), 3),
                                draw(parent.fork("a").fork("a"), 3),
                                draw(Rng(8).fork("a"), 3)};
  EXPECT_EQ(streams.size(), 6U);
}

double chi_square(const std::vector<int>& counts) {
  const double expected = std::accumulate(counts.begin(), counts.end(), 0.0) /
                          static_cast<double>(counts.size());
  return std::accumulate(counts.begin(), counts.end(), 0.0, [expected](double sum, int count) {
    return sum + (count - expected) * (count - expected) / expected;
  });
}

TEST(Rng, UniformFillsTheUnitIntervalEvenly) {
  Rng rng(1);
  std::vector<int> counts(256);
  for (int i = 0; i < 256 * 400; ++i) {
    const double value = rng.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    ++counts[static_cast<std::size_t>(value * 256.0)];
  }
  EXPECT_LT(chi_square(counts), 348.0);  // 0.9999 quantile at 255 degrees of freedom
}

TEST(Rng, UniformBetweenBoundsScales) {
  Rng scaled(3);
  Rng unit(3);
  for (int i = 0; i < 100; ++i) {
    EXPECT_DOUBLE_EQ(scaled.uniform(-2.0, 6.0), -2.0 + 8.0 * unit.uniform());
  }
}

TEST(Rng, BelowIsEvenOverItsRange) {
  Rng rng(2);
  std::vector<int> counts(10);
  for (int i = 0; i < 100000; ++i) {
    ++counts.at(rng.below(10));
  }
  EXPECT_LT(chi_square(counts), 33.73);  // 0.9999 quantile at 9 degrees of freedom
}

// A plain remainder would put half of all draws under 2^62.
TEST(Rng, BelowHasNoBiasForHugeBounds) {
  Rng rng(4);
  std::vector<int> counts(3);
  for (int i = 0; i < 30000; ++i) {
    ++counts.at(rng.below(3ULL << 62) >> 62);
  }
  EXPECT_LT(chi_square(counts), 18.43);  // 0.9999 quantile at 2 degrees of freedom
}

TEST(Rng, BelowOneIsZeroAndBelowZeroIsABug) {
  EXPECT_EQ(Rng(5).below(1), 0U);
  EXPECT_EQ(caught([] { Rng(5).below(0); }).kind(), ErrorKind::kInternal);
}

TEST(Rng, NormalHasStandardMomentsAndTails) {
  constexpr int kDraws = 100000;
  Rng rng(6);
  double sum = 0.0;
  double squares = 0.0;
  int inside = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double z = rng.normal();
    sum += z;
    squares += z * z;
    inside += std::abs(z) < 1.959963984540054 ? 1 : 0;
  }
  // Four standard errors each.
  EXPECT_NEAR(sum / kDraws, 0.0, 4.0 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0, 4.0 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(inside / double{kDraws}, 0.95, 4.0 * std::sqrt(0.95 * 0.05 / kDraws));
}

TEST(Rng, BernoulliFollowsItsProbability) {
  Rng rng(8);
  int hits = 0;
  for (int i = 0; i < 40000; ++i) {
    hits += rng.bernoulli(0.25) ? 1 : 0;
    EXPECT_FALSE(rng.bernoulli(0.0));
    EXPECT_TRUE(rng.bernoulli(1.0));
  }
  EXPECT_NEAR(hits, 10000, 4 * 87);  // standard error sqrt(40000 * 0.25 * 0.75) = 86.6
}

TEST(Rng, PermutationHoldsEveryIndexOnce) {
  for (const std::size_t n : {0U, 1U, 2U, 1000U}) {
    std::vector<std::size_t> order = Rng(9).permutation(n);
    std::sort(order.begin(), order.end());
    std::vector<std::size_t> identity(n);
    std::iota(identity.begin(), identity.end(), std::size_t{0});
    EXPECT_EQ(order, identity);
  }
}

TEST(Rng, PermutationsAreEquallyLikely) {
  Rng rng(10);
  std::vector<int> counts(9);
  for (int i = 0; i < 24000; ++i) {
    const std::vector<std::size_t> order = rng.permutation(3);
    ++counts[order[0] * 3 + order[1]];
  }
  counts.erase(std::remove(counts.begin(), counts.end(), 0), counts.end());
  EXPECT_EQ(counts.size(), 6U);
  EXPECT_LT(chi_square(counts), 25.75);  // 0.9999 quantile at 5 degrees of freedom
}

TEST(EntropySeed, DiffersFromCallToCall) { EXPECT_NE(entropy_seed(), entropy_seed()); }

}  // namespace
}  // namespace patina::core
