// SPDX-License-Identifier: Apache-2.0
// Randomness as a value. The same seed gives the same draws on every standard library: the
// generator (xoshiro256** seeded by SplitMix64, Blackman & Vigna 2018) and the transforms are
// written out here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace patina::core {

/// One step of SplitMix64.
std::uint64_t splitmix64_next(std::uint64_t& state);
/// One step of xoshiro256**; the state must not be all zero.
std::uint64_t xoshiro256ss_next(std::array<std::uint64_t, 4>& state);

/// Not for use by several threads at once. Each thread takes a fork() of its own.
class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  /// An independent stream named by a label: the same parent seed and label give the same stream,
  /// whatever was drawn from the parent before.
  Rng fork(std::string_view label) const;

  std::uint64_t next_u64();
  /// Uniform on [0,1), 53 bits.
  double uniform();
  double uniform(double low, double high);
  /// Uniform integer in [0, bound) without bias; bound >= 1.
  std::uint64_t below(std::uint64_t bound);
  /// Standard normal (Box-Muller, both values used in order).
  double normal();
  bool bernoulli(double probability);
  /// 0..n-1 in random order (Fisher-Yates).
  std::vector<std::size_t> permutation(std::size_t n);

  std::uint64_t seed() const { return seed_; }

 private:
  std::uint64_t seed_;
  std::array<std::uint64_t, 4> state_;
  double spare_normal_ = 0.0;
  bool has_spare_ = false;
};

/// 64 bits from the operating system. Throws Error{kResource} if it has none to give.
std::uint64_t entropy_seed();

}  // namespace patina::core
