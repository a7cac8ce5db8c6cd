// SPDX-License-Identifier: Apache-2.0
// xoshiro256** [Blackman & Vigna 2018, "Scrambled linear pseudorandom number generators"]:
//   result = rotl(s1 * 5, 7) * 9;  t = s1 << 17;
//   s2 ^= s0; s3 ^= s1; s1 ^= s2; s0 ^= s3; s2 ^= t; s3 = rotl(s3, 45).
// SplitMix64 [Steele, Lea & Flood 2014] spreads a 64-bit seed over the four state words, as the
// authors of xoshiro advise.
#include "core/rng.h"

#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/hash.h"

namespace patina::core {
namespace {

constexpr double kTwoPi = 6.283185307179586476925286766559;
constexpr double kTwoToMinus53 = 1.0 / 9007199254740992.0;

std::uint64_t rotate_left(std::uint64_t word, int count) {
  return (word << count) | (word >> (64 - count));
}

std::uint64_t from_little_endian(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  for (int i = 7; i >= 0; --i) {
    word = (word << 8) | bytes[i];
  }
  return word;
}

}  // namespace

std::uint64_t splitmix64_next(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

std::uint64_t xoshiro256ss_next(std::array<std::uint64_t, 4>& state) {
  const std::uint64_t result = rotate_left(state[1] * 5, 7) * 9;
  const std::uint64_t shifted = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotate_left(state[3], 45);
  return result;
}

Rng::Rng(std::uint64_t seed) : seed_(seed), state_{} {
  std::uint64_t mixer = seed;
  for (std::uint64_t& word : state_) {
    word = splitmix64_next(mixer);
  }
}

Rng Rng::fork(std::string_view label) const {
  std::array<std::uint8_t, 8> seed_bytes{};
  for (std::size_t i = 0; i < seed_bytes.size(); ++i) {
    seed_bytes[i] = static_cast<std::uint8_t>((seed_ >> (8 * i)) & 0xFFU);
  }
  const Digest digest =
      Sha256().update("patina-rng-fork:").update(seed_bytes.data(), 8).update(label).finish();
  return Rng(from_little_endian(digest.data()));
}

std::uint64_t Rng::next_u64() { return xoshiro256ss_next(state_); }

double Rng::uniform() { return static_cast<double>(next_u64() >> 11) * kTwoToMinus53; }

double Rng::uniform(double low, double high) { return low + (high - low) * uniform(); }

std::uint64_t Rng::below(std::uint64_t bound) {
  if (bound == 0) {
    throw Error(ErrorKind::kInternal, "Rng::below", "bound 0, the least is 1");
  }
  // 2^64 mod bound: draws under it would favour the small residues, so they are drawn again.
  const std::uint64_t reject_under = (0 - bound) % bound;
  std::uint64_t draw = next_u64();
  while (draw < reject_under) {
    draw = next_u64();
  }
  return draw % bound;
}

double Rng::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_normal_;
  }
  // 1 - u lies in (0,1], so the logarithm is finite [Box & Muller 1958].
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  const double angle = kTwoPi * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

bool Rng::bernoulli(double probability) { return uniform() < probability; }

std::vector<std::size_t> Rng::permutation(std::size_t n) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = n; i > 1; --i) {
    std::swap(order[i - 1], order[below(i)]);
  }
  return order;
}

std::uint64_t entropy_seed() { return from_little_endian(random_bytes(8).data()); }

}  // namespace patina::core
